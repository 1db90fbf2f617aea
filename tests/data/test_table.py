"""The table type: what it checks, means over seeds, and what it says about columns that are not there."""

import numpy as np
import pytest

from data.table import Metric, Source, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray

SOURCE = Source("runs.csv", "ab" * 32, "acc")
ACCURACY = Metric.accuracy("cifar10", "validation", 200, SOURCE)
FLOPS = Metric("cifar10_flops", "cifar10", "flops", "none", None, "million", False, "counted", "")


def cells(n):
    return CellArray.from_cells([Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])] * n)


def table(runs, ids=None, **more):
    runs = np.array(runs, dtype=float)
    ids = ids or [f"cell{i}" for i in range(len(runs))]
    return Table.from_columns("toy", cells(len(runs)), ids, [(ACCURACY, runs), (FLOPS, runs[:, 0])], **more)


def test_the_name_of_an_accuracy_says_data_set_split_and_epochs():
    assert ACCURACY.name == "cifar10_validation_accuracy_200"
    assert Metric.accuracy("cora", "test", None, SOURCE).name == "cora_test_accuracy"


def test_the_mean_is_over_the_seeds_that_gave_a_number():
    runs = [[90.0, 92.0, np.nan], [np.nan, 80.0, np.nan], [np.nan] * 3]
    assert table(runs).mean(ACCURACY.name).tolist()[:2] == [91.0, 80.0]
    assert np.isnan(table(runs).mean(ACCURACY.name)[2])
    assert table(runs).values(ACCURACY.name).shape == (3, 3)


def test_columns_over_seeds_are_metrics_and_others_are_side_features():
    one = table([[90.0], [91.0]])
    assert list(one.metrics) == [ACCURACY.name]
    assert list(one.feature_metrics) == list(one.features) == ["cifar10_flops"]


def test_every_column_says_where_it_comes_from():
    assert table([[90.0]]).sources() == {ACCURACY.name: SOURCE, FLOPS.name: Source("counted", "", "")}


def test_an_unknown_metric_names_the_nearest():
    with pytest.raises(
        ValueError, match="no metric 'cifar10_validation_accuracy_12'; nearest: cifar10_validation_accuracy"
    ):
        table([[90.0]]).values("cifar10_validation_accuracy_12")


def test_an_absent_metric_names_the_absent_files_and_the_remedy():
    one = table([[90.0]], missing={"nats_bench.csv": "not at hand"})
    with pytest.raises(ValueError, match=r"nats_bench\.csv.*METANP_MIRROR.*load_benchmark\('toy', download=True\)"):
        one.mean("cifar10_test_accuracy_200")


def test_a_remedy_is_named_only_where_a_file_is_absent():
    assert "METANP_MIRROR" in table([[90.0]], missing={"nats_bench.csv": "not at hand"}).how_to_have_more
    assert table([[90.0]]).how_to_have_more == "all its files are at hand, and none has more"


def test_a_side_feature_asked_for_as_a_metric_is_pointed_out():
    with pytest.raises(ValueError, match=r"side feature: table\.features\['cifar10_flops'\]"):
        table([[90.0]]).values("cifar10_flops")


def test_a_duplicate_id_is_named():
    with pytest.raises(ValueError, match="id 'b' is given twice"):
        table([[1.0], [2.0], [3.0]], ids=["a", "b", "b"])


def test_lengths_that_differ_are_refused():
    with pytest.raises(ValueError, match="2 ids, but 3 cells"):
        Table.from_columns("toy", cells(3), ["a", "b"], [])
    with pytest.raises(ValueError, match="cifar10_validation_accuracy_200"):
        Table.from_columns("toy", cells(2), ["a", "b"], [(ACCURACY, np.zeros((3, 1)))])
    with pytest.raises(ValueError, match="2 ids, but 3 classes"):
        table([[1.0], [2.0]], classes=np.arange(3))


def test_an_infinite_value_is_named_with_its_cell():
    with pytest.raises(ValueError, match="'cifar10_validation_accuracy_200' is infinite at 'cell1'"):
        table([[1.0, 2.0], [np.nan, np.inf]])


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ValueError, match="share a name"):
        Table.from_columns("toy", cells(1), ["a"], [(ACCURACY, np.zeros((1, 1)))] * 2)
