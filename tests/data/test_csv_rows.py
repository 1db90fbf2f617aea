"""Rows of compressed CSV files, and rows of one architecture as its runs."""

import gzip

import numpy as np
import pytest

from data.csv_rows import Repeats, numbers, read


@pytest.fixture
def path(tmp_path):
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write('cell,score\n"a, b",1.5\nc,\na,x\n')
    return tmp_path / "a.csv.gz"


def test_rows_are_in_the_order_of_the_file(path):
    assert [row["cell"] for row in read(path)] == ["a, b", "c", "a"]


def test_an_empty_field_is_nan_and_text_is_named_with_its_row(path):
    rows = read(path)
    np.testing.assert_array_equal(numbers(rows[:2], "score"), [1.5, np.nan])
    with pytest.raises(ValueError, match="row 2 has score='x'; expected a number"):
        numbers(rows, "score")


@pytest.mark.parametrize(
    "content",
    [b"cell,score\na,1\n", gzip.compress(b"cell,score\na,1\n" * 99)[:-20], b""],
    ids=["no gzip", "cut short", "empty"],
)
def test_a_file_that_is_not_whole_is_named(tmp_path, content):
    (tmp_path / "b.csv.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"b\.csv\.gz: .*put a fresh copy there"):
        read(tmp_path / "b.csv.gz")


def test_rows_of_one_architecture_become_its_runs():
    repeats = Repeats(["b", "a", "b", "c", "b"])
    assert repeats.first.tolist() == [0, 1, 3]
    runs = repeats.runs(np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    np.testing.assert_array_equal(runs, [[1, 3, 5], [2, np.nan, np.nan], [4, np.nan, np.nan]])


def test_a_run_that_gave_nothing_is_left_out():
    runs = Repeats(["a", "b", "a"]).runs(np.array([np.nan, np.nan, 7.0]))
    np.testing.assert_array_equal(runs, [[7.0], [np.nan]])
