"""What baselines read of cells: counts by hand, exact distances, each distinct cell once."""

import numpy as np
import pytest

from metanp.baselines.computed import computed
from metanp.baselines.encodings import adjacency
from metanp.baselines.inputs import Counts
from metanp.spaces import get_space

SPACE = get_space("nasbench201")


def test_counts_worked_by_hand():
    counts = Counts.of(np.array([0, 0, 0, 1, 1]), np.array([7, 3, 7, 9, 3], dtype=np.uint64), 2)
    assert counts.name.tolist() == [3, 7, 9]
    assert counts.count.toarray().tolist() == [[1, 2, 0], [1, 0, 1]]
    # only 7 and 8 are known: cell 0 has one other pattern once, cell 1 two others once each
    known = counts.columns(np.array([7, 8], dtype=np.uint64))
    assert known == pytest.approx(np.array([[2, 0, 1], [0, 0, np.sqrt(2)]]))


@pytest.mark.parametrize("read", [computed, adjacency])
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
