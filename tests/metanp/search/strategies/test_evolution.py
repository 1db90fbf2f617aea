"""Regularised evolution: who may be a parent, and what a child is."""

import numpy as np

from metanp.search import History
from metanp.search.strategies.evolution import RegularisedEvolution
from tests.metanp.search.strategies.known_scores import keys, random_history


def test_parents_are_of_the_last_population_only(pool):
    history = random_history(60, pool)
    best = max(range(60), key=lambda i: history.evaluated[i].score)
    aged = [history.evaluated[best], *(one for i, one in enumerate(history.evaluated) if i != best)]
    picks = RegularisedEvolution(population=30).propose(History(aged), pool, 40, np.random.default_rng(0))
    parents = {pick.note["parent"] for pick in picks}
    assert parents <= set(keys(aged[-30:]))
    young = RegularisedEvolution(population=60, tournament=200).propose(
        History(aged), pool, 5, np.random.default_rng(0)
    )
    assert {pick.note["parent"] for pick in young} == {aged[0].cell.key}


def test_a_child_is_a_neighbour_of_its_parent(pool):
    history = random_history(30, pool)
    cells = {one.cell.key: one.cell for one in history.evaluated}
    for pick in RegularisedEvolution().propose(history, pool, 10, np.random.default_rng(0)):
        assert pick.cell.key in keys(pool.neighbours(cells[pick.note["parent"]]))
