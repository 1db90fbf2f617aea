"""Several readings in one: shares by hand, the prior among few curves, and a noisy score beside a clean loss."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from metanp.curves import Curves, Quantity
from metanp.curves.neural import NeuralCurves
from metanp.curves.stacking import PAIRS, UNCHANGED, USUAL, Reading, read_beside, shares, stacked, with_last, with_prior
from metanp.distribution import Mixture
from metanp.metrics import kendall_tau
from tests.made_up_curves import ACCURACY, TRAIN_LOSS, rising, with_losses


def mixture(*means: float, std: float = 1.0) -> Mixture:
    """Of one part."""
    mean = torch.tensor(means)[None, None]
    return Mixture(torch.zeros(1, 1), mean, torch.full_like(mean, std), torch.zeros_like(mean))


def reading(left_out: np.ndarray, end: np.ndarray, *means: float) -> Reading:
    return Reading(mixture(*means), left_out, end - left_out)


def test_a_reading_that_is_right_where_the_main_one_errs_gets_nearly_all():
    end = np.random.default_rng(0).normal(size=400)
    wrong = end + np.random.default_rng(1).normal(size=400)
    found = shares(np.stack([wrong, end], axis=1), end)
    assert found == pytest.approx([400 / (400 + PAIRS)], abs=1e-6)
    assert shares(np.stack([end, wrong], axis=1), end) == pytest.approx([0.0])
    assert shares(np.stack([wrong, end, end], axis=1), end).sum() <= 1


def test_readings_are_joined_by_their_shares_and_the_spread_shrinks_with_the_error():
    end = np.random.default_rng(0).normal(size=300)
    main, other = (end + np.random.default_rng(i).normal(size=300) for i in (1, 2))
    share = shares(np.stack([main, other], axis=1), end)[0]
    found = stacked([reading(main, end, 0.0, 1.0), reading(other, end, 1.0, -1.0)], end)
    assert found.mixture.mean[0, 0].tolist() == pytest.approx([share, 1 - 2 * share], abs=1e-5)
    np.testing.assert_allclose(found.left_out, (1 - share) * main + share * other)
    assert found.mixture.std[0, 0, 0] == pytest.approx(0.5**0.5, abs=0.1)
    assert np.std(found.surprise) == pytest.approx(1, abs=0.1)  # the error by its own standard deviation


def test_with_few_whole_curves_or_one_quantity_the_main_reading_stays():
    end = np.array([0.0, 1.0])
    main, other = reading(end + 1, end, 0.3), reading(end, end, 0.9)
    assert stacked([main, other], end) is main
    assert stacked([main], np.zeros(9)) is main


def test_the_prior_counts_as_some_whole_curves_and_widens_where_it_disagrees():
    end = np.arange(USUAL, dtype=float)
    prior = mixture(*(end - 5), 100.0)  # its zero is elsewhere
    found = with_prior(reading(end, end, 3.0), prior, end)
    np.testing.assert_allclose(found.left_out, end, atol=1e-5)
    assert found.mixture.mean.item() == pytest.approx((3 + 105) / 2)
    assert found.mixture.std.item() == pytest.approx((1 + 102**2 / 4) ** 0.5, rel=1e-4)


def test_test_data_times_and_what_only_some_have_are_not_read():
    one = with_losses(6)
    values = np.concatenate([one.values, one.values[:, :2]], axis=1)
    more = (Quantity("test_accuracy", "percent", True), Quantity("train_time", "s", False))
    whole = replace(one, quantities=(*one.quantities, *more), values=values)
    assert read_beside(whole, whole.prefix(3)) == ["validation_loss", "train_loss"]
    assert read_beside(whole, rising(4, epochs=8)) == []
    holes = values.copy()
    holes[0, 2, 1:] = np.nan
    assert read_beside(replace(whole, values=holes), whole.prefix(3)) == ["validation_loss"]


def test_a_clean_training_loss_takes_over_from_a_noisy_score():
    clean = rising(160, epochs=12)
    noisy = clean.values + 6 * np.random.default_rng(0).normal(size=clean.values.shape)
    both = Curves(
        (ACCURACY, TRAIN_LOSS), np.concatenate([noisy, 5 - clean.values / 25], 1), clean.epochs, clean.lengths
    )
    alone = Curves((ACCURACY,), noisy, clean.epochs, clean.lengths)
    taus = []
    for curves in (alone, both):
        predictor = NeuralCurves().fit(curves[:60])
        taus.append(kendall_tau(predictor.predict(curves[60:].prefix(5)), clean.ends()[60:]))
    assert taus[1] > taus[0] + 0.1


def test_five_whole_curves_rank_no_worse_than_none():
    taus = []
    for seed in range(8):
        curves = rising(120, epochs=12, seed=seed, noise=1.0)
        asked = curves[5:].prefix(4)
        taus.append([kendall_tau(NeuralCurves().fit(curves[:n]).predict(asked), curves.ends()[5:]) for n in (0, 5)])
    assert np.mean(np.diff(taus)) > -0.01


def test_last_values_count_more_the_later_and_one_prefix_has_no_order():
    last = np.array([-1.0, 0.0, 1.0])
    whole = with_last(mixture(1.0, 0.0, -1.0), last, 1.0)
    torch.testing.assert_close(
        whole.mean[0, 0], (1 - UNCHANGED) * torch.tensor([1.0, 0, -1]) + UNCHANGED * _scaled(last)
    )
    early = with_last(mixture(1.0, 0.0, -1.0), last, 0.04)
    assert early.mean[0, 0, 0] == pytest.approx(0.9 * 1 + 0.1 * float(_scaled(last)[0]))
    assert early.std[0, 0, 0] > 1
    alone = mixture(1.0)
    assert with_last(alone, last[:1], 1.0) is alone


def _scaled(last: np.ndarray) -> torch.Tensor:
    return torch.tensor(last / last.std(), dtype=torch.float32)  # the expected means have standard deviation 1
