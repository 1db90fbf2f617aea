"""JSON lines of cells: what a line may hold, and how a line that holds something else is named."""

import json

import pytest

from metanp.cell import Cell
from metanp.json_lines import read, read_row

CELL = {"operations": ["input", "conv3x3", "output"], "edges": [[0, 1], [1, 2]]}
STRING = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|none~2|"
GOOD = json.dumps({"cell": CELL})


@pytest.fixture
def file(tmp_path):
    """Writes lines to a file and gives its path."""

    def write(*lines: str, end: str = "\n"):
        path = tmp_path / "cells.jsonl"
        path.write_bytes("".join(line + end for line in lines).encode())
        return path

    return write


def test_every_key_is_read_and_one_that_a_line_lacks_is_none_there(file):
    first = {"id": "run-7", "cell": {"nasbench201": STRING}, "score": 93, "features": {"flops": 51.0, "synflow": None}}
    records = read(file(json.dumps(first), "", json.dumps({"cell": CELL, "features": {"snip": -2}})))
    assert records.ids == ["run-7", None]
    assert records.cells == [Cell.from_nasbench201(STRING), Cell.from_json(CELL)]
    assert records.scores == [93.0, None]
    assert records.features == {"flops": [51.0, None], "synflow": [None, None], "snip": [None, -2.0]}
    assert records.lines == [1, 3]


def test_curves_are_read_as_far_as_they_are_known_and_written_again(file):
    lines = [GOOD[:-1] + ', "curve": ' + curve + "}" for curve in ("[1, 2.5]", "[1, null, null]", "[]", "null")]
    records = read(file(*lines, GOOD))
    assert records.curves == [(1.0, 2.5), (1.0,), (), (), ()]
    assert read(file(GOOD)).curves_or_none() is None
    assert json.loads(read_row(lines[0]).written())["curve"] == [1, 2.5]


def test_line_ends_of_other_systems_and_no_line_end_at_all_are_legal(file):
    assert len(read(file(GOOD, GOOD, end="\r\n")).cells) == 2
    assert len(read(file(GOOD, end="")).cells) == 1


def test_a_line_separator_inside_of_a_string_is_no_line_end(file):
    line = json.dumps({"id": "a\u2028b\u0085c", "cell": CELL}, ensure_ascii=False)
    assert read(file(line)).ids == ["a\u2028b\u0085c"]


def test_a_number_is_an_id_too(file):
    assert read(file(json.dumps({"id": 7, "cell": CELL}))).ids == ["7"]


def test_every_score_or_the_line_that_has_none(file):
    scored = json.dumps({"cell": CELL, "score": 1.5})
    assert read(file(scored, scored)).scored() == [1.5, 1.5]
    with pytest.raises(ValueError, match=r"cells\.jsonl, line 3: an evaluated cell has no 'score'"):
        read(file(scored, "", GOOD)).scored()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[1]", "expected an object with a 'cell'"),
        ('{"score": 1}', "expected an object with a 'cell'"),
        (
            '{"cell": {"operations": ["input", "conv3x4", "output"], "edges": []}}',
            "unknown operation 'conv3x4'; nearest",
        ),
        ('{"cell": {"nasbench201": "|x|"}}', "not a NAS-Bench-201 string"),
        ('{"cell": {"nasbench102": "x"}}', "unknown search space 'nasbench102'; nearest: nasbench101"),
        ('{"cell": "[3]"}', "not a cell"),
        (GOOD[:-1] + ', "accuracy": 3}', "unknown .'accuracy'.; known: id, cell, score, features, failed, curve"),
        (GOOD[:-1] + ', "score": "93"}', "score is '93'; expected a finite number or null"),
        (GOOD[:-1] + ', "score": true}', "score is True; expected"),
        (GOOD[:-1] + ', "score": NaN}', "score is nan; expected"),
        (GOOD[:-1] + ', "score": -Infinity}', "score is -inf; expected"),
        (GOOD[:-1] + ', "score": 1e999}', "score is inf; expected"),
        (GOOD[:-1] + ', "score": 1' + "0" * 400 + "}", "score is 10+; expected"),
        (GOOD[:-1] + ', "features": [1]}', "features is .1.; expected an object"),
        (GOOD[:-1] + ', "features": {"flops": "many"}}', "flops is 'many'; expected a finite number or null"),
        (GOOD[:-1] + ', "id": "a"}', "id 'a' is given twice, first in line 1"),
        (GOOD[:-1] + ', "curve": 3}', "curve is 3; expected a list of numbers, one an epoch"),
        (GOOD[:-1] + ', "curve": [1, "a"]}', "epoch 2 of the curve is 'a'; expected a finite number or null"),
        (GOOD[:-1] + ', "curve": [1, null, 2]}', "epoch 2 of the curve is null, and a number comes after it"),
    ],
)
def test_a_bad_line_is_refused_by_file_and_line(file, line, message):
    with pytest.raises(ValueError, match=rf"cells\.jsonl, line 3: .*{message}"):
        read(file(GOOD[:-1] + ', "id": "a"}', "", line))


def test_a_line_that_is_not_utf8_is_refused_by_file_and_line(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(GOOD.encode() + b"\n\xff\xfe\x00\n")
    with pytest.raises(ValueError, match=r"a\.jsonl, line 2: not JSON"):
        read(tmp_path / "a.jsonl")


def test_a_file_without_a_cell_is_refused(file):
    with pytest.raises(ValueError, match=r"cells\.jsonl holds no cell"):
        read(file("", "  "))
