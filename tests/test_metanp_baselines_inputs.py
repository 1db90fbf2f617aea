"""What baselines read of cells: counts by hand, exact distances, each distinct cell once, one-hot cells of any size."""

import numpy as np
import pytest

from metanp.baselines.inputs import Counts, computed, written
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.spaces import get_space

SPACE = get_space("nasbench201")


def test_counts_worked_by_hand():
    counts = Counts.of(np.array([0, 0, 0, 1, 1]), np.array([7, 3, 7, 9, 3], dtype=np.uint64), 2)
    assert counts.name.tolist() == [3, 7, 9]
    assert counts.count.toarray().tolist() == [[1, 2, 0], [1, 0, 1]]
    # only 7 and 8 are known: cell 0 has one other pattern once, cell 1 two others once each
    known = counts.columns(np.array([7, 8], dtype=np.uint64))
    assert known == pytest.approx(np.array([[2, 0, 1], [0, 0, np.sqrt(2)]]))


@pytest.mark.parametrize("read", [computed, written])
def test_patterns_never_seen_leave_distances_to_the_evaluated_cells_exact(read):
    rng = np.random.default_rng(3)
    cells = SPACE.arrays()[rng.permutation(len(SPACE))[:40]]
    everything, context, targets = read(cells), read(cells[:10]), read(cells[10:])
    whole = everything.blocks(everything)
    for block, shown, asked in zip(whole, context.blocks(context), targets.blocks(context), strict=True):
        full = block[everything.graph]
        exact = ((full[:10, None] - full[None, 10:]) ** 2).sum(-1)
        seen = ((shown[context.graph][:, None] - asked[targets.graph][None]) ** 2).sum(-1)
        assert seen == pytest.approx(exact, rel=1e-4, abs=1e-3)


def test_a_pool_holds_each_distinct_cell_once():
    inputs = computed(SPACE.arrays())
    assert (len(inputs), inputs.n_rows) == (15_625, 8_765)


def test_one_hot_cells_worked_by_hand():
    cells = [Cell(["input", "skip", "output"], [(0, 1), (1, 2)]), Cell(["input", "skip", "output"], [(0, 2)])]
    _, operations, edges = written(cells).blocks(written(cells))
    assert operations[:, :-1].tolist() == [[1, 1, 1], [1, 1, 1]]
    # edges (0, 1), (0, 2), (1, 2)
    assert edges[:, :-1].tolist() == [[1, 0, 1], [0, 1, 0]]


def test_one_hot_cells_are_read_alike_whatever_the_largest_cell_beside_them_is():
    small, large = SPACE.arrays()[5:6], SPACE.arrays()[:1]
    wide = CellArray.concatenate([small, CellArray.from_cells([Cell(["input", *["skip"] * 9, "output"], [(0, 10)])])])
    for alone, beside in zip(written(small).blocks(written(large)), written(wide).blocks(written(large)), strict=True):
        assert alone[0].tolist() == beside[0].tolist()
