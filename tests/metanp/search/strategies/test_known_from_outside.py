"""Strategies that are shown evaluated cells which are no candidates."""

from dataclasses import replace

import numpy as np
import pytest

from metanp import Cell
from metanp.search import Evaluated, History, Listed, Open, make
from metanp.search.strategies.weak_nas import WeakNAS
from tests.metanp.search.strategies.known_scores import SPACE, Additive, keys, random_history, scattered, tell, told
from tests.metanp.search.strategies.short_strategies import RIVALS, short
from tests.tiny_model import write_checkpoint

OUTSIDE = [
    Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)]),
    Cell(["input", "maxpool3x3", "output"], [(0, 1), (1, 2), (0, 2)]),
    Cell(["input", "conv5x5", "conv3x3", "output"], [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (0, 3)]),
    Cell(
        ["input", "conv1x1", "conv3x3", "maxpool3x3", "conv3x3", "conv1x1", "output"],
        [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (4, 5), (5, 6), (0, 6)],
    ),
]
KNOWN = [Evaluated(cell, (1000.0 + i, 900.0)) for i, cell in enumerate(OUTSIDE)]


@pytest.fixture(scope="module")
def with_flops() -> Listed:
    return scattered(features={"flops": np.arange(391.0)})


@pytest.mark.parametrize("name", [*RIVALS, "metanp"])
def test_cells_known_from_outside_are_never_asked_for_and_trouble_no_strategy(name, part):
    strategy = short(name)
    history = replace(random_history(25, part), outside=KNOWN, failed=[OUTSIDE[0]])
    for step in range(2):
        picks = strategy.propose(history, part, 3, np.random.default_rng(step))
        assert len(picks) == 3
        assert not set(keys(picks)) & set(keys([*OUTSIDE, *history.cells]))
        history = tell(history, picks)


@pytest.mark.parametrize("name", [*RIVALS, "metanp"])
def test_a_search_may_begin_with_nothing_but_cells_known_from_outside(name, few, with_flops):
    """With side features, which those cells have not, where the strategy reads some."""
    few = few if name in ("npenas", "brp_nas") else with_flops
    history = told(short(name), few, 24, batch=4, history=History(outside=KNOWN))
    assert len(history.evaluated) == 24
    assert all(len(few.rows(cell)) for cell in history.cells)


@pytest.mark.parametrize("name", ["metanp", "bananas", "weak_nas", "evolution", "local_search", "guided_evolution"])
def test_an_open_space_takes_what_is_known_from_outside(name):
    history = told(short(name), Open(SPACE, samples=50, parents=2), 24, batch=4, history=History(outside=KNOWN))
    assert len(set(keys(history.evaluated))) == 24


def test_what_is_known_from_outside_is_learned_from(pool):
    history = random_history(20, pool)
    turned = replace(history, outside=[Evaluated(one.cell, (-one.score,) * 9) for one in history.evaluated])
    first, second = (
        [pick.note["mean"] for pick in WeakNAS(Additive).propose(one, pool, 20, np.random.default_rng(0))]
        for one in (history, turned)
    )
    assert np.mean(first) > np.mean(second) + 1


def test_the_incumbent_is_a_candidate(tmp_path, pool):
    """What is known from outside may be far better than any candidate."""
    strategy = make("metanp", checkpoint=str(write_checkpoint(tmp_path / "tiny.safetensors")))
    history = replace(random_history(10, pool), outside=KNOWN)
    assert history.best.score < 100
    picks = strategy.propose(history, pool, 2, np.random.default_rng(0))
    assert all(0 <= pick.note["p_improve"] <= 1 for pick in picks)
    empty = strategy.propose(History(outside=KNOWN), pool, 2, np.random.default_rng(0))
    assert not any("p_improve" in pick.note for pick in empty)  # nothing to be better than
