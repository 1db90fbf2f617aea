"""Splits: isomorphic cells stay together, data sets are held out by name."""

from dataclasses import replace

import numpy as np
import pytest

from data import load_benchmark
from data.table import Metric, Source, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.spaces import get_space
from tasks.splits import split_cells, split_datasets, together


@pytest.fixture(scope="module")
def nasbench201() -> Table:
    return load_benchmark("nasbench201")


@pytest.fixture(scope="module")
def small() -> Table:
    """300 cells of TransNAS-Bench-101 on two data sets."""
    columns = [
        (Metric.accuracy(dataset, split, None, Source("a.csv", "", "")), np.arange(300.0)[:, None])
        for dataset in ("cifar10", "cifar100")
        for split in ("validation", "test")
    ]
    cells = get_space("transnas").arrays()[np.arange(0, 4096, 13)[:300]]
    return Table.from_columns("small", cells, [str(i) for i in range(300)], columns)


def chain(*operations: str) -> Cell:
    names = ["input", *operations, "output"]
    return Cell(names, [(i, i + 1) for i in range(len(names) - 1)])


def test_cells_with_one_pruned_graph_are_together(nasbench201):
    group = together(nasbench201)
    pruned = nasbench201.cells.pruned().fingerprint()
    assert len(set(zip(pruned.tolist(), group.tolist(), strict=True))) == len(set(pruned.tolist()))


def test_cells_of_one_unique_string_are_together(nasbench201):
    group = together(nasbench201)
    assert len(np.unique(nasbench201.classes)) == 6466  # published
    assert len(set(zip(nasbench201.classes.tolist(), group.tolist(), strict=True))) == 6466


def test_what_no_relation_joins_comes_apart(nasbench201):
    """The groups are the finest that hold both relations together, joined by hand with a union of neighbours."""
    leader = list(range(len(nasbench201)))

    def find(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    for label in (nasbench201.cells.pruned().fingerprint().tolist(), nasbench201.classes.tolist()):
        first: dict[int, int] = {}
        for i, name in enumerate(label):
            leader[find(i)] = find(first.setdefault(name, i))
    by_hand = [find(i) for i in range(len(leader))]
    group = together(nasbench201).tolist()
    pairs = set(zip(by_hand, group, strict=True))
    assert len(pairs) == len(set(by_hand)) == len(set(group))


def test_belonging_is_passed_on_through_either_relation():
    a, b = chain("conv3x3"), chain("conv1x1")
    # rows 0 and 1 share a graph, 1 and 2 a class, 3 neither
    cells = CellArray.from_cells([a, a, b, chain("skip")])
    classes = np.array([0, 1, 1, 2])
    metric = Metric.accuracy("cifar10", "test", None, Source("a.csv", "", ""))
    table = Table.from_columns("toy", cells, list("wxyz"), [(metric, np.ones((4, 1)))], classes=classes)
    group = together(table)
    assert group[0] == group[1] == group[2] != group[3]
    assert len(set(together(replace(table, classes=None)).tolist())) == 3


def test_no_group_lies_on_both_sides(nasbench201):
    group = together(nasbench201)
    train, test = split_cells(nasbench201, 0.3, np.random.default_rng(0))
    assert not set(group[train].tolist()) & set(group[test].tolist())
    assert sorted([*train.tolist(), *test.tolist()]) == list(range(15_625))
    assert len(set(group[test].tolist())) == round(0.3 * len(set(group.tolist())))


def test_a_split_is_a_function_of_the_generator(small):
    one, same, other = (split_cells(small, 0.5, np.random.default_rng(seed))[1].tolist() for seed in (0, 0, 1))
    assert one == same != other


@pytest.mark.parametrize("share", [0.0, 1.0, 0.0001])
def test_a_share_that_leaves_a_side_empty_is_refused(small, share):
    with pytest.raises(ValueError, match="of small leaves one side empty"):
        split_cells(small, share, np.random.default_rng(0))


def test_data_sets_are_held_out_by_name(small):
    learned, held_out = split_datasets(small, ["cifar100"])
    assert learned == ["cifar10_validation_accuracy", "cifar10_test_accuracy"]
    assert held_out == ["cifar100_validation_accuracy", "cifar100_test_accuracy"]


def test_an_unknown_data_set_is_named(small):
    with pytest.raises(ValueError, match=r"small has no data set \['svhn'\]; it has \['cifar10', 'cifar100'\]"):
        split_datasets(small, ["svhn", "cifar10"])
