"""Epochs in what a training prints, however its output arrives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metanp.search.command_line.epoch_lines import EpochLines, Heard

ROWS = [{"epoch": 1, "score": 50.5}, {"epoch": 2, "validation_score": 60, "loss": 0.25}, {"epoch": 3, "score": 1e-3}]
OUTPUT = b"loading\n" + b"".join(json.dumps(row).encode() + b"\n" for row in ROWS) + b"{\n[1]\n91.5\n"


@given(st.lists(st.integers(0, len(OUTPUT))))
def test_lines_are_read_whole_wherever_the_pieces_end(cuts):
    lines, found = EpochLines(2), []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(OUTPUT)], strict=True):
        found += lines.feed(OUTPUT[start:end])
    assert found == [Heard(2, 1, 50.5), Heard(2, 2, 60.0), Heard(2, 3, 1e-3)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"epoch": 3, "score": NaN}', "its score after epoch 3 is nan: if it diverged, let it end with an error"),
        ('{"epoch": 3, "score": -Infinity}', "its score after epoch 3 is -inf"),
        ('{"epoch": 3, "loss": 0.1}', 'it printed no score with epoch 3; expected {"epoch": 3, "score": number}'),
        ('{"epoch": 3, "score": "91"}', "it printed the score '91' with epoch 3"),
        ('{"epoch": 3, "score": true}', "it printed the score True with epoch 3"),
        ('{"epoch": "3", "score": 91}', "it printed the epoch '3'; expected a whole number from 1"),
        ('{"epoch": 2.5, "score": 91}', "it printed the epoch 2.5"),
        ('{"epoch": -1, "score": 91}', "it printed the epoch -1"),
    ],
)
def test_an_epoch_that_cannot_be_used_is_named(line, problem):
    (heard,) = EpochLines(1).feed(line.encode() + b"\n")
    assert heard.problem.startswith(problem)
    assert heard.problem.endswith("; its curve is not read on")


def test_of_an_endless_line_little_is_kept():
    lines = EpochLines(1)
    for _ in range(100):
        assert list(lines.feed(b'"epoch"' * 10_000)) == []
    assert list(lines.feed(b'\n{"epoch": 1, "score": 2}\n')) == [Heard(1, 1, 2.0)]
    assert len(lines._rest) == 0
