"""Random functions, one by one; what all of them have in common is tested with the prior's tasks."""

import numpy as np

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.graphs import Graphs
from tasks.random_cells import random_cells
from tasks.random_functions import additive, cuts, expected, network, propagation, smooth, subtrees


def varied() -> Graphs:
    """Cells of many sizes and operations, and one without a live path."""
    dead = CellArray.from_cells([Cell(["input", "output"], [])])
    return Graphs.distinct(CellArray.concatenate([random_cells(300, np.random.default_rng(0)), dead]))[0]


def test_all_of_them_are_finite_and_differ_from_cell_to_cell():
    graphs = varied()
    for function in (additive, cuts, subtrees, propagation, network, smooth):
        for seed in range(10):
            values = function(graphs, 1.0, np.random.default_rng(seed))
            assert values.shape == (len(graphs),)
            assert np.isfinite(values).all()
            assert len(np.unique(values)) > 1, f"{function.__name__} {seed}"


def test_what_is_expected_varies_little_from_task_to_task():
    graphs = varied()
    drawn = [expected(graphs, np.random.default_rng(seed)) for seed in range(20)]
    assert np.corrcoef(drawn).min() > 0.6
    assert np.ptp(drawn, axis=0).max() > 0.1


def test_cuts_take_few_values_and_look_at_few_features():
    graphs = varied()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        score = cuts(graphs, 1.0, rng)
        values, which = np.unique(score.round(9), return_inverse=True)
        assert 1 <= len(values) <= 2**6
        # the same features, the same score
        _, alike = np.unique(graphs.features, axis=0, return_inverse=True)
        assert all(len(set(which[alike == a])) == 1 for a in np.unique(alike))
    assert np.ptp([np.ptp(cuts(graphs, 1.0, np.random.default_rng(s))) for s in range(20)]) > 0
