"""Rows of studies on curves: finished work is not done again, and a line that was cut off is."""

import json

import pytest

from scripts.curve_rows import carry_out, over


def work(done: list[int], numbers):
    def piece(i: int):
        def do():
            done.append(i)
            return {"square": i * i}

        return {"set": i}, do

    return [piece(i) for i in numbers]


def test_work_that_is_in_the_file_is_read_and_the_rest_is_done(tmp_path):
    path, done = tmp_path / "deep" / "rows.jsonl", []
    carry_out(work(done, [1, 2]), path, "x")
    rows = carry_out(work(done, [1, 2, 3]), path, "x")
    assert done == [1, 2, 3]
    assert [row["square"] for row in rows] == [1, 4, 9]
    assert {"key", "square", "seconds", "commit", "date", "machine"} == set(rows[0])
    assert len(path.read_text().splitlines()) == 3


def test_a_line_that_was_cut_off_is_done_again(tmp_path):
    path, done = tmp_path / "rows.jsonl", []
    carry_out(work(done, [1, 2]), path, "x")
    path.write_text(path.read_text()[:-20])
    rows = carry_out(work(done, [1, 2]), path, "x")
    assert done == [1, 2, 2]
    assert [row["square"] for row in rows] == [1, 4]
    assert json.loads(path.read_text().splitlines()[-1])["square"] == 4


def test_without_a_file_nothing_is_kept():
    done = []
    carry_out(work(done, [1]), None, "x")
    carry_out(work(done, [1]), None, "x")
    assert done == [1, 1]


def test_the_interval_is_student_s():
    rows = [{"key": {"set": i}, "x": value} for i, value in enumerate((1.0, 2.0, 3.0))]
    mean, half = over(rows, "x")
    assert mean == 2
    assert half == pytest.approx(4.30265 / 3**0.5, rel=1e-4)
