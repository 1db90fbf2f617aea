"""Whole curves, trainings that run, and cells that are not trained, in one context."""

import time

import numpy as np
import pytest
import torch

from metanp import Cell, MetaNP
from metanp.curves import Curves, Quantity
from metanp.distribution import Mixture
from metanp.metrics import kendall_tau
from metanp.running import Read, Running, moved, trust
from metanp.spaces import get_space
from tests.tiny_model import tiny_config, write_checkpoint

CELLS = get_space("nasbench201").arrays()[::97].to_cells()[:140]
SCORE = Quantity("score", "", True)
EPOCHS = 30
WHOLE, RUNNING = np.arange(30), np.arange(30, 110)
NEW = np.arange(110, 140)


def curves_of(operation: str) -> Curves:
    """Rise to ends that an operation raises, at paces of their own, with noise."""
    rng = np.random.default_rng(0)
    good = np.array([sum(operation in str(name) for name in cell.operations) for cell in CELLS])
    end = 70 + 3 * good + 3 * rng.normal(size=len(CELLS))
    pace = rng.uniform(5, 15, len(CELLS))
    time = np.arange(1, EPOCHS + 1)
    rise = end[:, None] - (40 + 10 * rng.normal(size=len(CELLS)))[:, None] * np.exp(-time / pace[:, None])
    return Curves.of(rise + 0.3 * rng.normal(size=rise.shape), SCORE)


CURVES = curves_of("conv")
END = CURVES.ends()


def some(rows) -> list[Cell]:
    return [CELLS[i] for i in rows]


@pytest.fixture(scope="module")
def fitted() -> MetaNP:
    return MetaNP("label-free").fit(some(WHOLE), END[WHOLE], curves=CURVES[WHOLE])


def running(n: int, rows=RUNNING) -> Curves:
    return CURVES[rows].prefix(n)


# --- what curves are good for ---


def test_a_prefix_says_more_of_an_end_than_the_cell_and_a_longer_one_still_more(fitted):
    tau = [kendall_tau(fitted.predict(some(RUNNING)), END[RUNNING])]
    tau += [kendall_tau(fitted.predict(some(RUNNING), curves=running(n)), END[RUNNING]) for n in (6, 28)]
    assert tau[0] + 0.05 < tau[1]
    assert tau[1] + 0.05 < tau[2]
    assert tau[2] > 0.9


def test_the_cell_still_counts_beside_a_short_prefix(fitted):
    alone = MetaNP("label-free").fit(some(WHOLE), END[WHOLE])
    both = kendall_tau(fitted.predict(some(RUNNING), curves=running(2)), END[RUNNING])
    assert both > kendall_tau(alone.predict(some(RUNNING)), END[RUNNING]) - 0.03


def test_prefixes_of_some_tell_of_others_that_are_not_trained():
    """Pooling is good here, against all expectation; eight labels do not show it, eighty prefixes do."""
    curves, few = curves_of("pool"), WHOLE[:8]
    end = curves.ends()
    fitted = MetaNP("label-free").fit(some(few), end[few], curves=curves[few])
    rows = np.concatenate([RUNNING, NEW])
    prefixes = [curves.values[i, 0, :20] if i in RUNNING else [] for i in rows]
    with_prefixes = fitted.predict(some(rows), curves=prefixes)[len(RUNNING) :]
    assert kendall_tau(with_prefixes, end[NEW]) > kendall_tau(fitted.predict(some(NEW)), end[NEW]) + 0.1


def test_without_an_evaluated_cell_prefixes_rank():
    fitted = MetaNP("label-free").fit([], [], curves=CURVES[:0])
    assert kendall_tau(fitted.predict(some(RUNNING), curves=running(15)), END[RUNNING]) > 0.75


def test_scores_without_curves_and_prefixes_go_together():
    fitted = MetaNP("label-free").fit(some(WHOLE), END[WHOLE])
    assert kendall_tau(fitted.predict(some(RUNNING), curves=running(20)), END[RUNNING]) > 0.75


def test_the_spread_shrinks_as_trainings_go_on_and_intervals_hold_ends(fitted):
    spread, inside = [], []
    for n in (3, 12, 28):
        predicted = fitted.predict_distribution(some(RUNNING), curves=running(n))
        low, high = predicted.quantiles((0.05, 0.95))
        spread.append(float(np.median(predicted.std)))
        inside.append(float(((low <= END[RUNNING]) & (END[RUNNING] <= high)).mean()))
    assert spread[0] > spread[1] > spread[2]
    assert min(inside) > 0.8


# --- what must not matter ---


def test_curves_of_length_0_are_no_curves(fitted):
    plain = fitted.predict(some(RUNNING))
    np.testing.assert_array_equal(fitted.predict(some(RUNNING), curves=[[]] * len(RUNNING)), plain)


def test_the_direction_does_not_matter(fitted):
    losses = Curves.of(100 - CURVES.values[:, 0], Quantity("loss", "nats", False))
    turned = MetaNP("label-free").fit(some(WHOLE), 100 - END[WHOLE], maximize=False, curves=losses[WHOLE])
    expected = fitted.predict(some(RUNNING), curves=running(6))
    found = turned.predict(some(RUNNING), curves=losses[RUNNING].prefix(6))
    np.testing.assert_allclose(100 - found, expected, atol=0.02)


def test_the_order_of_candidates_does_not_matter(fitted):
    rows = np.concatenate([RUNNING[:20], NEW[:10]])
    lists = [CURVES.values[i, 0, : 3 + i % 5] if i in RUNNING else [] for i in rows]
    mean, std = fitted.predict(some(rows), return_std=True, curves=lists)
    back, back_std = fitted.predict(some(rows[::-1]), return_std=True, curves=lists[::-1])
    np.testing.assert_allclose(back[::-1], mean, atol=0.02)
    np.testing.assert_allclose(back_std[::-1], std, atol=0.02)


def test_two_trainings_of_one_cell_have_ends_of_their_own(fitted):
    cell = CELLS[RUNNING[0]]
    good, bad = np.linspace(60, 90, 10), np.linspace(60, 62, 10)
    mean = fitted.predict([cell, cell], curves=[good, bad])
    assert mean[0] > mean[1] + 3


def test_an_encoded_pool_holds_its_curves(fitted):
    pool = fitted.encode(some(RUNNING), curves=running(6))
    np.testing.assert_array_equal(fitted.predict(pool), fitted.predict(some(RUNNING), curves=running(6)))
    assert "curves of 80" in repr(pool)
    with pytest.raises(ValueError, match="give curves to encode"):
        fitted.predict(pool, curves=running(6))


def test_ranking_draws_and_intervals_agree(fitted):
    rows = np.concatenate([RUNNING[:40], NEW])
    lists = [CURVES.values[i, 0, :25] if i in RUNNING else [] for i in rows]
    ranking = fitted.rank(some(rows), k=10, curves=lists)
    mean = fitted.predict(some(rows), curves=lists)
    np.testing.assert_allclose(ranking.mean, np.sort(mean)[::-1][:10])
    assert (ranking.lower < ranking.mean).all()
    assert (ranking.mean < ranking.upper).all()
    assert np.all((ranking.p_top >= 0) & (ranking.p_top <= 1))
    draws = fitted.sample(some(rows), 400, 0, curves=lists)
    place = np.flatnonzero(np.isin(rows, RUNNING))
    std = fitted.predict_distribution(some(rows), curves=lists).std
    np.testing.assert_allclose(draws.mean(0)[place], mean[place], atol=0.5 * std.max())
    assert 0.5 < np.median(draws.std(0)[place] / std[place]) < 2


def test_a_process_that_weighs_no_measurements_reads_curves_all_the_same(tmp_path):
    path = write_checkpoint(tmp_path / "cnp.safetensors", config=tiny_config("cnp"))
    fitted = MetaNP(path).fit(some(WHOLE), END[WHOLE], curves=CURVES[WHOLE])
    assert kendall_tau(fitted.predict(some(RUNNING), curves=running(28)), END[RUNNING]) > 0.8


def test_a_hundred_whole_and_five_hundred_partial_curves_are_conditioned_on_within_two_seconds():
    cells = get_space("nasbench201").arrays()[::20].to_cells()[:700]
    rng = np.random.default_rng(0)
    values = rng.normal(size=(700, 1)) - 1 / np.arange(1, 51) + 0.1 * rng.normal(size=(700, 50))
    lists = [row[: 1 + i % 49] for i, row in enumerate(values[100:600])] + [[]] * 100
    fitted = MetaNP("label-free").fit(cells[:100], values[:100, -1], curves=values[:100])
    pool = fitted.encode(cells[100:], curves=lists)
    started = time.process_time()
    fitted.predict(pool)
    assert time.process_time() - started < 8  # 2.4 s of one core beside other work


# --- what is refused ---


def test_what_does_not_fit_is_named(fitted):
    with pytest.raises(ValueError, match="2 curves for 1 candidates; give one each"):
        fitted.predict(some(RUNNING[:1]), curves=[[1], [2]])
    with pytest.raises(ValueError, match="29 curves for 30 evaluated cells"):
        MetaNP("label-free").fit(some(WHOLE), END[WHOLE], curves=CURVES[WHOLE[:-1]])
    with pytest.raises(ValueError, match="has 31 epochs, the longest whole curve 30"):
        fitted.predict(some(RUNNING[:1]), curves=[np.arange(31.0)])
    losses = Curves.of([[3.0, 2.0]], Quantity("loss", "nats", False))
    with pytest.raises(ValueError, match="two directions"):
        fitted.predict(some(RUNNING[:1]), curves=losses)


def test_a_training_that_failed_is_no_candidate_and_untrained_networks_have_no_curve(fitted):
    broken = Curves.of([[60.0, float("nan")], [60.0, 61.0]], SCORE)
    with pytest.raises(ValueError, match=r"the training of candidate 0 failed.*give it to fit\(\.\.\., failed=\)"):
        fitted.predict(some(RUNNING[:2]), curves=broken)
    untrained = Curves.of([[10.0], [10.0]], SCORE, first_epoch=0)
    np.testing.assert_array_equal(
        fitted.predict(some(RUNNING[:2]), curves=untrained), fitted.predict(some(RUNNING[:2]))
    )


# --- parts ---


def mixture(mean: list[float], std: float) -> Mixture:
    x = torch.tensor(mean)[None, None]
    return Mixture(torch.zeros(1, 1), x, torch.full_like(x, std), torch.zeros_like(x))


def test_ends_are_found_by_the_rows_of_the_pool():
    ends = Running([(np.array([1, 4]), mixture([10.0, 40.0], 1.0)), (np.array([2]), mixture([20.0], 1.0))])
    place, found = ends.ends(np.array([4, 0, 2]))
    assert place.tolist() == [0, 2]
    assert [float(m.mean) for m in found] == [40.0, 20.0]
    place, found = ends.ends(np.array([0, 3]))
    assert len(place) == len(found) == 0


def test_draws_take_the_mean_and_the_spread_of_ends():
    draws = np.array([[1.0, 3.0], [3.0, 3.0]])
    found = moved(draws, [mixture([2.0, 3.0], 1.0)], [mixture([10.0], 5.0), mixture([20.0], 2.0)])
    np.testing.assert_allclose(found, [[5, 20], [15, 20]])


def test_a_measurement_is_what_a_prediction_adds_to_what_is_known_of_any_end():
    read = Read(np.array([3, 5, 8]), np.array([1.0, 1.0, 1.0]), np.array([0.1, 0.1, 50.0]))
    rows, value, variance = read.measurements()
    assert rows.tolist() == [3, 5, 8]
    assert value[0] == pytest.approx(1, abs=0.01)
    assert variance[0] == pytest.approx(0.01, rel=0.01)
    assert variance[2] > 1000


def test_expectations_are_trusted_as_far_as_they_agree_with_what_was_found():
    rng = np.random.default_rng(0)
    expected, sure = rng.normal(size=300), np.zeros(300)
    assert trust(expected, 0.6 * expected + 0.1 * rng.normal(size=300), sure) == pytest.approx(0.6, abs=0.03)
    assert trust(expected, rng.normal(size=300), sure) < 0.15
    assert trust(expected, -expected, sure) == 0
    assert trust(expected, 5 * expected, sure) == 1.5
    none = np.zeros(0)
    assert trust(none, none, none) == trust(np.ones(3), np.arange(3.0), np.zeros(3)) == pytest.approx(0.7)
    # prefixes that say nothing are no reason to doubt
    assert trust(expected, 30 * rng.normal(size=300), np.full(300, 900.0)) == pytest.approx(0.7, abs=0.2)


@pytest.mark.parametrize("labels", [0, 1, 2, 12])
@pytest.mark.parametrize("known", [{}, {"flops": "size"}], ids=["no roles", "roles"])
def test_side_features_failures_and_curves_go_together(labels, known):
    model, rows = MetaNP("label-free"), np.concatenate([RUNNING[:6], NEW[:4]])
    flops = {"flops": np.arange(float(len(CELLS)))}
    broken = some([130, 131]) if labels else []
    model.fit(
        some(WHOLE[:labels]),
        -END[WHOLE[:labels]],
        features={"flops": flops["flops"][[*WHOLE[:labels], *([130, 131] if labels else [])]]},
        maximize=False,
        failed=broken,
        roles=known,
        curves=[-CURVES.values[i, 0] for i in WHOLE[:labels]],
    )
    lists = [-CURVES.values[i, 0, : 1 + i % 7] if i in RUNNING else [] for i in rows]
    pool = model.encode(some(rows), features={"flops": flops["flops"][rows]}, curves=lists)
    predicted = model.predict_distribution(pool)
    assert np.isfinite(predicted.mean).all()
    assert (predicted.std > 0).all()
    assert np.isfinite(model.sample(pool, 3, 0)).all()
    assert sorted(model.rank(pool, include_evaluated=True).index) == list(range(10))


def test_cells_of_one_kind_and_equal_curves_are_no_trouble():
    cell = CELLS[0]
    model = MetaNP("label-free").fit([cell] * 4, [1.0, 2.0, 3.0, 4.0], curves=[[0, k] for k in (1.0, 2.0, 3.0, 4.0)])
    mean = model.predict([cell] * 3, curves=[[0.0], [0.0], []])
    assert np.isfinite(mean).all()
    assert mean[0] == pytest.approx(mean[1], abs=1e-2)
    same = MetaNP("label-free").fit(some([1, 2, 3]), [5.0, 5.0, 5.0], curves=[[5.0, 5.0]] * 3)
    assert np.isfinite(same.predict(some([4, 5]), curves=[[5.0], [5.0]])).all()
