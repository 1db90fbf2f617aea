"""Batches of images: crops and flips, normalisation, and what a seed means."""

import torch

from data.images.batches import Labelled, Pixels


def ramp(n: int = 6, side: int = 4) -> Labelled:
    """Images whose pixels are all different: 100 image + 10 row + column, from 1 on."""
    image, row, column = (torch.arange(k, dtype=torch.float32) for k in (n, side, side))
    values = 1 + 100 * image[:, None, None] + 10 * row[:, None] + column
    return Labelled(values.unsqueeze(3), torch.arange(n))


def test_without_padding_and_flip_batches_are_the_images_shuffled():
    images = ramp()
    batches = list(images.shuffled(2, 0, False, torch.Generator().manual_seed(0)))
    assert [tuple(x.shape) for x, _ in batches] == [(2, 1, 4, 4)] * 3
    labels = torch.cat([y for _, y in batches])
    assert sorted(labels.tolist()) == list(range(6))
    assert labels.tolist() != list(range(6))
    assert torch.equal(torch.cat([x for x, _ in batches])[:, 0], images.images[labels, :, :, 0])


def test_every_crop_is_a_window_of_the_padded_image_or_of_its_mirror():
    images = ramp(1)
    padded = torch.nn.functional.pad(images.images[..., 0], (1, 1, 1, 1))[0]
    windows = [padded[i : i + 4, j : j + 4] for i in range(3) for j in range(3)]
    possible = {tuple(w.flatten().tolist()) for w in [*windows, *(w.flip(1) for w in windows)]}
    rng = torch.Generator().manual_seed(0)
    seen = {tuple(x.flatten().tolist()) for _ in range(300) for x, _ in images.shuffled(1, 1, True, rng)}
    assert seen == possible
    assert len(possible) == 18


def test_a_last_batch_that_is_not_whole_is_left_out():
    assert len(list(ramp().shuffled(4, 1, True, torch.Generator().manual_seed(0)))) == 1


def test_in_order_every_image_comes_once():
    images = ramp()
    assert torch.cat([y for _, y in images.in_order(4)]).tolist() == list(range(6))
    x, _ = next(images.in_order(4))
    assert torch.equal(x[1, 0], images.images[1, :, :, 0])


def test_a_seed_means_the_same_batches():
    first, second = (list(ramp().shuffled(2, 1, True, torch.Generator().manual_seed(7))) for _ in range(2))
    assert all(torch.equal(a, b) for (a, _), (b, _) in zip(first, second, strict=True))


def test_normalised_images_have_mean_nought_and_deviation_one_by_channel():
    images = torch.randint(256, (50, 5, 5, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    images[..., 2] = images[..., 2] // 4
    values = Pixels.of(images).normalised(images).reshape(-1, 3)
    torch.testing.assert_close(values.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(values.std(0), torch.ones(3), atol=1e-4, rtol=0)


def test_a_colour_that_never_changes_is_no_division_by_nought():
    images = torch.full((3, 2, 2, 1), 7, dtype=torch.uint8)
    assert torch.equal(Pixels.of(images).normalised(images), torch.zeros(3, 2, 2, 1))
