"""Tables on disk: what is saved comes back, damage is an error that names the file, a failed save leaves nothing."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import parquet
from data.table import Metric, Source, Table
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.operations import VOCABULARY, Operation

ACCURACY = Metric.accuracy("cifar10", "validation", 200, Source("runs.csv", "ab" * 32, "acc"))
FLOPS = Metric("cifar10_flops", "cifar10", "flops", "none", None, "million", False, "counted", "")


@pytest.fixture
def table():
    short = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
    long = Cell(["input", "none", "skip", "maxpool3x3", "output"], [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4)])
    runs = np.array([[90.1, 92.0, np.nan], [10.0, np.nan, np.nan]])
    return Table.from_columns(
        "toy",
        CellArray.from_cells([short, long]),
        ["a", "b"],
        [(ACCURACY, runs), (FLOPS, np.array([np.nan, 3.0]))],
        space="nasbench101",
        classes=np.array([4, 7]),
        missing={"x.csv": "why"},
    )


def test_a_saved_table_comes_back_whole(table, tmp_path):
    table.save(tmp_path / "deep" / "toy.parquet")
    again = Table.open(tmp_path / "deep" / "toy.parquet")
    assert (again.name, again.space, again.ids, again.missing) == ("toy", "nasbench101", ["a", "b"], {"x.csv": "why"})
    assert again.metrics == table.metrics
    assert again.feature_metrics == table.feature_metrics
    np.testing.assert_array_equal(again.values(ACCURACY.name), table.values(ACCURACY.name))
    np.testing.assert_array_equal(again.features["cifar10_flops"], table.features["cifar10_flops"])
    np.testing.assert_array_equal(again.classes, [4, 7])
    assert again.cells.to_cells() == table.cells.to_cells()
    assert again.cells.operation.dtype == np.int16


def test_a_table_without_classes_or_space_comes_back_without(tmp_path):
    cells = CellArray.from_cells([Cell(["input", "output"], [(0, 1)])])
    Table.from_columns("toy", cells, ["a"], []).save(tmp_path / "t.parquet")
    again = Table.open(tmp_path / "t.parquet")
    assert again.classes is None
    assert again.space is None


def described_cells():
    """One block that is described, one by a word with parameters, one by words alone."""
    block = Operation("mbconv", "inverted bottleneck", kernel_size=(3, 5), expansion=6)
    return [
        Cell(["input", block, "skip", "output"], [(0, 1), (1, 2), (2, 3)], {"width": [48, 64.5], "kind": "a"}),
        Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)], {"resolution": 224}),
        Cell(["input", "conv3x3", Operation("fused", width=8), block, "output"], [(0, 1), (1, 2), (2, 3), (3, 4)]),
    ]


def test_described_operations_and_parameters_come_back(tmp_path):
    cells = described_cells()
    Table.from_columns("toy", CellArray.from_cells(cells), list("abc"), []).save(tmp_path / "t.parquet")
    again = Table.open(tmp_path / "t.parquet").cells
    assert again.to_cells() == cells
    assert [cell.key for cell in again.to_cells()] == [cell.key for cell in cells]


def test_the_file_holds_no_number_that_is_good_for_one_process(tmp_path):
    Table.from_columns("toy", CellArray.from_cells(described_cells()), list("abc"), []).save(tmp_path / "t.parquet")
    written = pq.read_table(tmp_path / "t.parquet")
    flat = written["operation"].combine_chunks().flatten().to_numpy()
    assert flat.max() < len(VOCABULARY)
    assert set(flat[flat < -1].tolist()) == {-2, -3}
    assert "parameters" in written.column_names


def test_a_table_of_words_alone_is_written_as_before(table, tmp_path):
    table.save(tmp_path / "t.parquet")
    written = pq.read_table(tmp_path / "t.parquet")
    assert "parameters" not in written.column_names
    assert b'"operations"' not in written.schema.metadata[b"metanp.table"]


def damaged_copies(whole):
    return {"cut": whole[:-20], "half": whole[: len(whole) // 2], "empty": b"", "foreign": b"a,b\n1,2\n"}


@pytest.mark.parametrize("kind", ["cut", "half", "empty", "foreign"])
def test_a_damaged_file_is_an_error_that_names_it(table, tmp_path, kind):
    table.save(tmp_path / "toy.parquet")
    (tmp_path / "bad.parquet").write_bytes(damaged_copies((tmp_path / "toy.parquet").read_bytes())[kind])
    with pytest.raises(ValueError, match=r"bad\.parquet: not a whole benchmark table"):
        Table.open(tmp_path / "bad.parquet")


def test_a_flipped_bit_is_an_error_or_changes_nothing(table, tmp_path):
    path = tmp_path / "toy.parquet"
    table.save(path)
    whole, refused = path.read_bytes(), 0
    for position in range(0, len(whole), 13):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 4]) + whole[position + 1 :])
        try:
            again = Table.open(path)
        except ValueError:
            refused += 1
            continue
        np.testing.assert_array_equal(again.values(ACCURACY.name), table.values(ACCURACY.name))
        np.testing.assert_array_equal(again.features["cifar10_flops"], table.features["cifar10_flops"])
        assert again.cells.to_cells() == table.cells.to_cells()
        assert (again.ids, again.metrics, again.missing) == (table.ids, table.metrics, table.missing)
        np.testing.assert_array_equal(again.classes, table.classes)
    assert refused > 100


def test_a_parquet_file_of_somebody_else_is_refused(tmp_path):
    pq.write_table(pa.table({"x": [1, 2]}), tmp_path / "theirs.parquet")
    with pytest.raises(ValueError, match=r"theirs\.parquet: not a whole benchmark table"):
        Table.open(tmp_path / "theirs.parquet")


def test_another_format_is_refused(table, tmp_path, monkeypatch):
    table.save(tmp_path / "toy.parquet")
    monkeypatch.setattr(parquet, "FORMAT", parquet.FORMAT + 1)
    with pytest.raises(ValueError, match=r"toy\.parquet.*format 1"):
        Table.open(tmp_path / "toy.parquet")


def test_no_file_is_a_file_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        Table.open(tmp_path / "none.parquet")


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(table, tmp_path, monkeypatch):
    path = tmp_path / "toy.parquet"
    table.save(path)
    before = path.read_bytes()

    def half_written(arrow, file, **options):
        file.write(b"PAR1 and then the disk was full")
        raise OSError("no space left on device")

    monkeypatch.setattr(parquet.pq, "write_table", half_written)
    with pytest.raises(OSError, match="no space left"):
        table.save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["toy.parquet"]
