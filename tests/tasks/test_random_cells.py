"""Random cells of no benchmark: whole cells, alive, of many sizes and operations."""

import numpy as np
import pytest

from metanp.cell_array import CellArray
from metanp.operations import NONE, SKIP, VOCABULARY
from metanp.spaces import get_space
from tasks.random_cells import INNER_NODES, OPERATIONS, random_cells


@pytest.fixture(scope="module")
def cells() -> CellArray:
    return random_cells(2000, np.random.default_rng(0))


def test_as_many_as_asked_for_and_all_alive(cells):
    assert len(cells) == 2000
    assert cells.pruned().adjacency.any((1, 2)).all()


def test_each_is_a_cell_that_can_be_written_and_read_again(cells):
    part = cells[:200]
    again = CellArray.from_cells(part.to_cells())  # a Cell checks its input, its output and that it has no cycle
    assert (again.fingerprint() == part.fingerprint()).all()


def test_all_sizes_of_the_range_occur_and_no_other(cells):
    inner = cells.size - 2
    assert set(inner.tolist()) == set(range(INNER_NODES[0], INNER_NODES[1] + 1))


def test_every_operation_occurs_but_none(cells):
    inner = cells.operation[cells.operation >= NONE]
    assert set(inner.tolist()) == set(range(SKIP, len(VOCABULARY)))


def test_a_cell_has_few_different_operations(cells):
    different = [len(set(row[row >= SKIP].tolist())) for row in cells.operation]
    assert max(different) <= OPERATIONS[1]
    assert min(different) == 1


def test_hardly_any_is_a_cell_of_a_benchmark_and_most_are_not_another_again(cells):
    ours = cells.pruned().fingerprint()
    theirs = get_space("nasbench201").arrays().pruned().fingerprint()
    assert np.isin(ours, theirs).mean() < 0.1
    assert len(np.unique(ours)) > 0.6 * len(ours)  # small cells recur


def test_a_generator_means_one_set_of_cells():
    one, same, other = (random_cells(50, np.random.default_rng(seed)).fingerprint().tolist() for seed in (0, 0, 1))
    assert one == same != other
