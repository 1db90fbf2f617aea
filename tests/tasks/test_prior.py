"""Prior tasks: functions of what a cell computes, finite, of about unit variance, as noisy as configured, and cheap."""

import time
from dataclasses import replace

import numpy as np
import pytest

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.features import FEATURE_NAMES
from metanp.graphs import Graphs
from metanp.operations import SKIP
from metanp.spaces import get_space
from tasks.prior import PriorConfig, PriorTasks, add_noise, hints, random_score
from tasks.random_cells import random_cells
from tasks.random_functions import cost, standardise

QUIET = PriorConfig(relabelled=0.0, ceiling=0.0, cliff=0.0, side=0.0)
SEEDS = range(60)


@pytest.fixture(scope="module")
def pool() -> Graphs:
    return Graphs.distinct(get_space("transnas").arrays())[0]


@pytest.fixture(scope="module")
def varied() -> Graphs:
    """Cells of many sizes and operations, and one without a live path."""
    dead = CellArray.from_cells([Cell(["input", "output"], [])])
    return Graphs.distinct(CellArray.concatenate([random_cells(300, np.random.default_rng(0)), dead]))[0]


def in_another_order(pruned: CellArray, rng: np.random.Generator) -> CellArray:
    """The same graphs, the nodes of each in a random topological order."""
    moved = CellArray(np.full_like(pruned.operation, -1), np.zeros_like(pruned.adjacency))
    for i in range(len(pruned)):
        order: list[int] = []
        edge = pruned.adjacency[i]
        waiting = set(range(int(pruned.size[i])))
        last = len(waiting) - 1
        while waiting:
            ready = [v for v in waiting if not any(edge[u, v] for u in waiting)]
            if len(ready) > 1:  # the output stays last, also where nothing leads to it
                ready = [v for v in ready if v not in (0, last)] or [min(ready)]
            order.append(int(rng.choice(ready)))
            waiting.discard(order[-1])
        moved.operation[i, : len(order)] = pruned.operation[i, order]
        moved.adjacency[i, : len(order), : len(order)] = edge[np.ix_(order, order)]
    return moved


@pytest.mark.parametrize(
    "config", [QUIET, PriorConfig(), PriorConfig(relabelled=1.0, ceiling=1.0, cliff=1.0, side=1.0)]
)
def test_every_score_is_finite_and_none_far_from_order_one(pool, varied, config):
    for name, cells in (("transnas", pool), ("random", varied)):
        tasks = PriorTasks(name, cells, config)
        for seed in range(30):
            task = tasks.draw(120, np.random.default_rng(seed))
            assert np.isfinite(task.score).all()
            assert np.abs(task.score).max() < 40
            assert len(task.graphs) == len(task.score) == len(task.side) == 120
            assert not np.isinf(task.side).any()


def test_a_score_without_cliffs_has_zero_mean_and_unit_variance(varied):
    for seed in SEEDS:
        score = random_score(varied, replace(PriorConfig(), cliff=0.0), np.random.default_rng(seed))
        assert score.mean() == pytest.approx(0, abs=1e-9)
        assert score.std() == pytest.approx(1, abs=1e-9)


def test_cliffs_leave_most_scores_of_order_one(varied):
    spread = [random_score(varied, replace(QUIET, cliff=1.0), np.random.default_rng(s)).std() for s in SEEDS]
    assert 0.5 < np.median(spread) < 2.5


def test_a_graph_that_occurs_twice_has_one_noiseless_score(varied):
    twice = varied[np.concatenate([np.arange(200), np.arange(200)])]
    for seed in SEEDS:
        score = random_score(twice, PriorConfig(), np.random.default_rng(seed))
        assert np.allclose(score[:200], score[200:], rtol=0, atol=1e-9)


def test_the_order_of_nodes_means_nothing(varied):
    moved = Graphs.of(in_another_order(varied.pruned, np.random.default_rng(0)))
    assert (moved.pruned.fingerprint() == varied.pruned.fingerprint()).all()
    assert (moved.pruned.operation != varied.pruned.operation).any(1).mean() > 0.2
    for seed in SEEDS:
        one, other = (random_score(g, PriorConfig(), np.random.default_rng(seed)) for g in (varied, moved))
        assert np.allclose(one, other, rtol=0, atol=1e-6), f"seed {seed}"


def test_the_padding_of_a_pool_means_nothing(varied):
    wide = varied[varied.pruned.size <= 6]
    cells = CellArray(wide.pruned.operation[:, :6], wide.pruned.adjacency[:, :6, :6])
    assert wide.pruned.operation.shape[1] == 10
    for seed in SEEDS:
        one, other = (
            random_score(g, PriorConfig(), np.random.default_rng(seed)) for g in (wide, replace(wide, pruned=cells))
        )
        assert np.allclose(one, other, rtol=0, atol=1e-6), f"seed {seed}"


def test_a_task_is_a_function_of_the_generator(pool):
    tasks = PriorTasks("transnas", pool, PriorConfig())
    one, same, other = (tasks.draw(50, np.random.default_rng(seed)).score for seed in (3, 3, 4))
    assert one.tobytes() == same.tobytes() != other.tobytes()


def test_noise_is_as_large_as_configured():
    score = standardise(np.linspace(0, 1, 4000) ** 2)
    for seed in range(30):
        noise = add_noise(score, replace(QUIET, noise=[0.1, 0.1]), np.random.default_rng(seed)) - score
        # noise that is larger at the bottom has, over all cells, up to 1.2 times the configured size
        assert 0.095 < noise.std() < 0.125
        bottom, top = noise[:1000].std(), noise[-1000:].std()
        assert bottom > 0.9 * top


def test_noise_is_drawn_from_the_whole_range_of_sizes():
    rng = np.random.default_rng(0)
    config = replace(QUIET, noise=[0.02, 0.5])
    sizes = np.array([add_noise(np.zeros(1000), config, rng).std() for _ in range(600)])
    assert 0.019 < sizes.min() < 0.025
    assert 0.42 < sizes.max() < 0.65
    # the logarithm is uniform: its middle is that of 0.02 and 0.5, 0.1; unevenness adds a twentieth on average
    assert np.exp(np.log(sizes).mean()) == pytest.approx(0.105, rel=0.1)


def test_some_tasks_are_noisier_at_the_bottom():
    score = standardise(np.arange(4000.0))
    ratio = []
    for seed in range(60):
        noise = add_noise(score, QUIET, np.random.default_rng(seed)) - score
        ratio.append(noise[:1000].std() / noise[-1000:].std())
    assert 0.3 < np.mean(np.array(ratio) < 1.08) < 0.7
    assert max(ratio) > 2


def test_cells_without_a_live_path_fail_where_there_are_cliffs(varied):
    dead = varied.features[:, 0] == 0
    assert dead.sum() == 1
    below = []
    for seed in SEEDS:
        score = random_score(varied, replace(QUIET, cliff=1.0), np.random.default_rng(seed))
        below.append(score[dead][0] < np.median(score))
        assert score[dead][0] < score.max() - 0.5
    assert np.mean(below) > 0.9


def test_relabelling_changes_names_but_not_what_is_alike(pool):
    plain, renamed = (PriorTasks("transnas", pool, replace(QUIET, relabelled=share)) for share in (0.0, 1.0))
    names = set()
    for seed in range(20):
        a, b = (tasks.draw(60, np.random.default_rng(seed)).graphs.pruned for tasks in (plain, renamed))
        names |= set(b.operation[b.operation >= SKIP].tolist())
        assert np.array_equal(a.adjacency, b.adjacency)
        assert len(np.unique(b.fingerprint())) == 60  # distinct cells stay distinct
        pairs = set(zip(a.operation.ravel().tolist(), b.operation.ravel().tolist(), strict=True))
        assert len({x for x, _ in pairs}) == len({y for _, y in pairs}) == len(pairs)
    assert len(names) > 15


def test_side_features_know_something_of_the_score_and_may_be_missing(pool):
    tasks = PriorTasks("transnas", pool, replace(QUIET, side=1.0, noise=[0.01, 0.01]))
    correlation, missing = [], []
    for seed in SEEDS:
        task = tasks.draw(200, np.random.default_rng(seed))
        assert 1 <= task.side.shape[1] <= 8
        for column in task.side.T:
            known = np.isfinite(column)
            missing.append(1 - known.mean())
            correlation.append(abs(np.corrcoef(column[known], task.score[known])[0, 1]))
    assert np.mean(correlation) > 0.3
    assert min(missing) == 0 < max(missing) < 0.7
    assert PriorTasks("transnas", pool, QUIET).draw(9, np.random.default_rng(0)).side.shape == (9, 0)


def test_eight_tasks_on_456_cells_take_well_under_a_second(pool):
    tasks = PriorTasks("transnas", pool, PriorConfig())
    rngs = [np.random.default_rng(seed) for seed in range(8)]
    started = time.process_time()
    for rng in rngs:
        tasks.draw(456, rng)
    assert time.process_time() - started < 1


def test_sources_name_the_cells_and_no_label(pool):
    sources = PriorTasks("transnas", pool, QUIET).sources
    assert sources == [{"cells": "transnas", "count": len(pool), "labels": None}]


def test_a_pool_smaller_than_asked_for_gives_all_of_its_cells(pool):
    task = PriorTasks("few", pool[np.arange(10)], PriorConfig()).draw(50, np.random.default_rng(0))
    assert len(task.score) == 10


# --- costs, and side features whose role is known ---


@pytest.mark.parametrize("seed", range(8))
def test_a_chain_of_more_work_costs_more(seed):
    cells = [
        Cell(["input", *["conv3x3"] * n, "output"], [(i, i + 1) for i in range(n + 1)]) for n in (1, 2, 4)
    ]  # fmt: skip
    graphs, row = Graphs.distinct(cells)
    assert (np.diff(cost(graphs, np.random.default_rng(seed))[row]) > 0).all()


def test_costs_are_a_share_of_the_tasks(pool):
    graphs = pool[np.arange(300)]
    convolutions = graphs.features[:, [name.startswith("all_") and "conv" in name for name in FEATURE_NAMES]].sum(1)
    against = [
        np.corrcoef(random_score(graphs, replace(QUIET, costs=1.0), np.random.default_rng(seed)), convolutions)[0, 1]
        for seed in range(40)
    ]
    assert 0.5 < np.mean(np.array(against) < 0) < 0.9  # most are negated: fewer milliseconds are better


def test_hints_of_scores_are_mostly_right_and_one_of_a_kind_may_be_missing():
    rng = np.random.default_rng(0)
    score, other, size = rng.normal(size=(3, 400))
    drawn = [hints(score, other, size, np.random.default_rng(seed)) for seed in range(60)]
    kinds = np.array([np.isfinite(hint).all(0) for hint in drawn])
    assert kinds.any(1).all()
    assert {tuple(row) for row in kinds.tolist()} == {(True, False), (False, True), (True, True)}
    right = [np.corrcoef(hint[:, 0], score)[0, 1] for hint in drawn if np.isfinite(hint[0, 0])]
    assert np.median(right) > 0.7
    assert min(right) < 0.6


def test_tasks_show_a_hint_as_a_side_feature_too(pool):
    tasks = PriorTasks("transnas", pool, replace(QUIET, hints=1.0))
    task = tasks.draw(60, np.random.default_rng(1))
    assert task.hint is not None
    np.testing.assert_array_equal(task.side[:, -2:], task.hint)
    assert task.after(50).hint.shape == (10, 2)
