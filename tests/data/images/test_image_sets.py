"""Where images come from: their files read, sizes changed, and what is refused."""

import gzip
import hashlib
import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from data.fetch import FileUnavailable
from data.images import IMAGE_SETS, ImageSet, files, load_images
from data.images.cifar import read_records
from data.images.fashion_mnist import read_idx


def some(n: int = 2, side: int = 4, channels: int = 1, classes: int = 3) -> ImageSet:
    images = torch.arange(n * side * side * channels).reshape(n, side, side, channels).to(torch.uint8)
    labels = torch.arange(n) % classes
    return ImageSet("some", images, labels, images, labels, tuple(map(str, range(classes))))


@pytest.fixture
def beside(mirror) -> Path:
    """The folder of subsets; skips the test where it is absent."""
    folder = mirror.parent / "more" / "images"
    if not folder.is_dir():
        pytest.skip(f"no subsets of images in {folder}")
    return folder


def pinned(monkeypatch, tmp_path: Path, name: str, content: bytes) -> None:
    """Puts a file into a mirror of its own, as the manifest's file of this name."""
    file = files.manifest()[name]
    digest = hashlib.sha256(content).hexdigest()
    changed = type(file)(name, file.url, digest, len(content), file.licence, file.citation)
    monkeypatch.setitem(files.manifest(), name, changed)
    monkeypatch.setenv("METANP_MIRROR", str(tmp_path))
    place = tmp_path / changed.place
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def test_digits_are_those_of_the_package():
    images = load_images("digits")
    assert images.train.shape == (1500, 8, 8, 1)
    assert images.test.shape == (297, 8, 8, 1)
    assert images.train_labels[:10].tolist() == list(range(10))
    # the first row of the first digit is 0 0 5 13 9 1 0 0 of 16
    assert images.train[0, 0, :, 0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]


def test_the_subset_of_cifar10_has_its_classes_evenly(beside):
    images = load_images("cifar10_jpeg")
    assert images.shape == (3, 32, 32)
    assert torch.bincount(images.train_labels).tolist() == [1000] * 10
    assert torch.bincount(images.test_labels).tolist() == [200] * 10
    assert images.classes[0] == "airplane"


def test_the_subset_of_fashion_mnist_begins_as_the_whole(beside):
    images = load_images("fashion_mnist_6k")
    assert images.shape == (1, 28, 28)
    assert images.train_labels[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]  # as published


def test_fashion_mnist_is_read_from_its_own_form(monkeypatch, tmp_path):
    for part, n in (("train", 3), ("t10k", 2)):
        pixels = np.arange(n * 28 * 28, dtype=np.uint8)
        header = b"\0\0\x08\x03" + np.array([n, 28, 28], ">i4").tobytes()
        pinned(monkeypatch, tmp_path, f"{part}-images-idx3-ubyte.gz", gzip.compress(header + pixels.tobytes()))
        header = b"\0\0\x08\x01" + np.array([n], ">i4").tobytes()
        pinned(monkeypatch, tmp_path, f"{part}-labels-idx1-ubyte.gz", gzip.compress(header + bytes(range(n))))
    images = load_images("fashion_mnist")
    assert images.train.shape == (3, 28, 28, 1)
    assert images.test_labels.tolist() == [0, 1]
    assert images.train[1, 0, :3, 0].tolist() == [784 % 256, 785 % 256, 786 % 256]


@pytest.mark.parametrize(
    "content",
    [b"no gzip", gzip.compress(b"\0\0\x0d\x01" + bytes(8)), gzip.compress(b"\0\0\x08\x03")],
    ids=["no gzip", "another type", "cut short"],
)
def test_a_file_of_another_form_is_named(tmp_path, content):
    (tmp_path / "odd.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"odd\.gz: no IDX file"):
        read_idx(tmp_path / "odd.gz")


def test_cifar10_is_read_from_its_binary_archive(monkeypatch, tmp_path):
    red_first = np.zeros((3, 32, 32), np.uint8)
    red_first[0, 0, 1], red_first[2, 31, 0] = 200, 50
    record = bytes([7]) + red_first.tobytes()
    folder = "cifar-10-batches-bin"
    parts = {f"{folder}/data_batch_{i}.bin": record for i in range(1, 6)}
    parts |= {f"{folder}/test_batch.bin": record * 2, f"{folder}/batches.meta.txt": "\n".join("abcdefghij").encode()}
    pinned(monkeypatch, tmp_path, "cifar-10-binary.tar.gz", archive(parts))
    images = load_images("cifar10")
    assert images.train.shape == (5, 32, 32, 3)
    assert images.test_labels.tolist() == [7, 7]
    assert images.train[0, 0, 1].tolist() == [200, 0, 0]
    assert images.train[0, 31, 0].tolist() == [0, 0, 50]
    pinned(monkeypatch, tmp_path, "cifar-10-binary.tar.gz", archive({f"{folder}/test_batch.bin": record}))
    with pytest.raises(ValueError, match="holds no cifar-10-batches-bin/batches"):
        load_images("cifar10")


def archive(parts: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as tar:
        for name, data in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return written.getvalue()


def test_the_fine_label_of_cifar100_is_read():
    images, labels = read_records(bytes([3, 77]) + bytes(3072), 100)
    assert labels.tolist() == [77]
    assert images.shape == (1, 32, 32, 3)


def test_imagenet16_keeps_the_first_120_classes(monkeypatch, tmp_path):
    with pytest.raises(FileUnavailable, match="METANP_IMAGENET16"):
        load_images("imagenet16_120")
    data = np.zeros((3, 3 * 256), np.uint8)
    data[0, 256] = 9  # the first pixel's green
    for name in [*(f"train_data_batch_{i}" for i in range(1, 11)), "val_data"]:
        (tmp_path / name).write_bytes(pickle.dumps({"data": data, "labels": [1, 120, 121]}))
    monkeypatch.setenv("METANP_IMAGENET16", str(tmp_path))
    images = load_images("imagenet16_120")
    assert images.train.shape == (20, 16, 16, 3)
    assert images.test_labels.tolist() == [0, 119]
    assert images.test[0, 0, 0].tolist() == [0, 9, 0]


def test_what_is_not_at_hand_is_said_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("METANP_MIRROR", str(tmp_path))
    monkeypatch.setenv("METANP_CACHE", str(tmp_path / "cache"))
    with pytest.raises(FileUnavailable, match="download=True"):
        load_images("cifar10")
    with pytest.raises(FileUnavailable, match="cifar10, with download=True"):
        load_images("cifar10_jpeg")
    with pytest.raises(ValueError, match="no images 'cifar'; nearest: cifar10"):
        load_images("cifar")


def test_every_file_of_images_is_pinned():
    assert set(IMAGE_SETS) >= {"digits", "fashion_mnist", "cifar10", "cifar100", "imagenet16_120"}
    for file in files.manifest().values():
        assert len(bytes.fromhex(file.sha256)) == 32
        assert file.url is None or file.url.startswith("https://")
        assert file.licence
        assert file.citation


# --- sizes ---


def test_halved_images_are_means_of_four_pixels():
    small = some(1, 4).resized(2)
    # 0 1 2 3 / 4 5 6 7 / ...: the first four are 0 1 4 5, their mean 2.5, rounded to even
    assert small.train[0, :, :, 0].tolist() == [[2, 4], [10, 12]]


def test_an_image_of_odd_size_is_padded_before_it_is_made_smaller():
    images = ImageSet("x", *(torch.full((1, 28, 28, 1), 100, dtype=torch.uint8), torch.tensor([0])) * 2, ("a",))
    small = images.resized(16).train[0, :, :, 0]
    assert small.shape == (16, 16)
    assert small[0].tolist() == [0] * 16  # two rows of padding
    assert small[1].tolist() == [0, *[100] * 14, 0]


def test_a_larger_image_repeats_pixels():
    assert some(1, 2).resized(4).train[0, :, :, 0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert some(1, 2).resized(5).train[0, 4, :, 0].tolist() == [0] * 5


# --- what is refused ---


def test_labels_outside_the_classes_are_named():
    images = torch.zeros(2, 4, 4, 1, dtype=torch.uint8)
    with pytest.raises(ValueError, match="image 1 has the label 3; there are 3 classes"):
        ImageSet("x", images, torch.tensor([0, 3]), images, torch.tensor([0, 0]), ("a", "b", "c"))


def test_images_of_another_kind_are_named():
    labels = torch.tensor([0, 0])
    with pytest.raises(ValueError, match=r"images are torch.float32\[2, 4, 4, 1\]; expected uint8"):
        ImageSet("x", torch.zeros(2, 4, 4, 1), labels, torch.zeros(2, 4, 4, 1), labels, ("a",))
    grey, colour = (torch.zeros(2, 4, 4, c, dtype=torch.uint8) for c in (1, 3))
    with pytest.raises(ValueError, match="to learn from, but"):
        ImageSet("x", grey, labels, colour, labels, ("a",))
