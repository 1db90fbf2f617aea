"""Local search: climbs only move up, end at a peak and begin again."""

import zlib
from dataclasses import replace

import numpy as np

from metanp import Cell
from metanp.search import History
from metanp.search.strategies.local_search import LocalSearch
from tests.metanp.search.strategies.known_scores import keys, random_history, tell, told


def peaks(cell: Cell) -> float:
    """No rule, and so a local optimum in every neighbourhood."""
    return float(zlib.crc32(cell.key.encode()))


def test_the_centre_of_a_climb_only_moves_up_and_climbs_begin_again(pool):
    history = told(LocalSearch(first=3), pool, 100, batch=1, value=peaks)
    scores = {one.cell.key: one.score for one in history.evaluated}
    climbs: dict[int, list[float]] = {}
    for one in history.evaluated:
        if "centre" in one.note:
            climbs.setdefault(one.note["climb"], []).append(scores[one.note["centre"]])
    assert len(climbs) > 2
    for centres in climbs.values():
        assert centres == sorted(centres)


def test_a_climb_moves_to_the_first_better_neighbour(pool):
    history = told(LocalSearch(first=3), pool, 60, batch=1)
    for before, after in zip(history.evaluated[3:], history.evaluated[4:], strict=False):
        if before.note.get("climb") == after.note["climb"] and "centre" in before.note and "centre" in after.note:
            centre = next(one for one in history.evaluated if one.cell.key == before.note["centre"])
            moved = before.score > centre.score
            assert after.note["centre"] == (before.cell.key if moved else before.note["centre"])


def test_a_climb_ends_when_no_neighbour_is_better(pool):
    history = told(LocalSearch(first=3), pool, 80, batch=1, value=peaks)
    for climb in range(max(one.note["climb"] for one in history.evaluated)):
        met = [one for one in history.evaluated if one.note["climb"] == climb]
        centre = max(met, key=lambda one: one.score)
        assert set(keys(pool.neighbours(centre.cell))) <= set(history.taken)


def test_a_score_that_comes_late_opens_its_climb_again(pool):
    strategy = LocalSearch(first=1)
    history = tell(History(), strategy.propose(History(), pool, 1, np.random.default_rng(0)))
    near = strategy.propose(history, pool, 24, np.random.default_rng(1))
    near = [pick for pick in near if "centre" in pick.note]
    late, others = near[0], near[1:]
    history = tell(history, others, lambda cell: -1.0)
    waiting = replace(history, pending=[late.cell])
    assert strategy.propose(waiting, pool, 1, np.random.default_rng(2))[0].note == {"climb": 1}
    history = tell(history, [late], lambda cell: 1000.0)
    picks = strategy.propose(history, pool, 1, np.random.default_rng(2))
    assert picks[0].note == {"climb": 0, "centre": late.cell.key}


def test_cells_told_without_a_note_are_climbed_from(pool):
    history = random_history(10, pool)
    picks = LocalSearch().propose(history, pool, 3, np.random.default_rng(0))
    assert {pick.note["centre"] for pick in picks} == {history.best.cell.key}
