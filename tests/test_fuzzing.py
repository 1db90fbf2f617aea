"""Every reader, given damaged and made-up inputs: it reads them, or refuses with the exception that it documents.

Bounded and repeatable. Inputs are good ones with bytes changed, dropped, doubled and moved, and texts made of the
readers' own words.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from metanp import Cell, CheckpointError, json_lines
from metanp.checkpoint import load_model
from metanp.search import JournalError, Search
from metanp.spaces import SPACES, get_space
from metanp.strict_json import parse_json
from scripts.results.rows import RowFile
from tests.evaluated_cells import CELLS, CONTEXT, SCORE
from tests.tiny_model import write_checkpoint

ROUNDS = 300
WORDS = [
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"null",
    b"true",
    b"[",
    b"{",
    b'"',
    b"\\ud800",
]
WORDS += [
    "\u2028".encode(),
    b"|",
    b"~",
    b"+",
    b"-",
    b"9" * 30,
    b"nor_conv_3x3",
    b"input",
    b"\n",
    b"\r\n",
    b",",
    b":",
    b"[" * 3000,
]


def damaged(good: bytes, rng: np.random.Generator) -> bytes:
    """A good input with a few changes."""
    data = bytearray(good)
    for _ in range(rng.integers(1, 5)):
        start, stop = np.sort(rng.integers(0, len(data) + 1, 2))
        stop = min(stop, start + 20)
        kind = rng.integers(5)
        if kind == 0 and len(data):
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        elif kind == 1:
            del data[start:stop]
        elif kind == 2:
            data[start:start] = data[start:stop]
        elif kind == 3:
            data[start:stop] = WORDS[rng.integers(len(WORDS))]
        else:
            data[start:start] = WORDS[rng.integers(len(WORDS))]
    return bytes(data)


def inputs(good: bytes, seed: int, rounds: int = ROUNDS) -> Iterator[bytes]:
    rng = np.random.default_rng(seed)
    yield b""
    yield good
    for _ in range(rounds):
        yield damaged(good, rng)


def only(allowed: type[Exception] | tuple[type[Exception], ...], read: Callable[[], object]) -> bool:
    """Whether it was read; any exception but the allowed ones ends the test."""
    try:
        read()
    except allowed as error:
        said = str(error)
    else:
        return True
    assert said
    return False


LINES = "".join(
    json.dumps({"id": f"net-{i}", "cell": cell.to_json(), "score": float(s), "features": {"flops": 3.5, "zen": None}})
    + "\n"
    for i, (cell, s) in enumerate(zip(CONTEXT[:3], SCORE, strict=False))
).encode()


def test_json_lines():
    read = [only(ValueError, lambda data=data: json_lines.parse(Path("a.jsonl"), data)) for data in inputs(LINES, 0)]
    assert 1 < sum(read) < len(read)


def test_json():
    assert sum(only(ValueError, lambda data=data: parse_json(data)) for data in inputs(LINES.split(b"\n")[0], 1)) > 1


def test_result_rows(tmp_path):
    rows = [{"shown": "accuracy", "set": i, "labels": 20, "kendall_tau": 0.5, "nll": float("nan")} for i in range(3)]
    good = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path = tmp_path / "rows.jsonl"

    def opened() -> None:
        file = RowFile(path, {})
        file.file.close()

    read = []
    for data in inputs(good, 9):
        path.write_bytes(data)
        read.append(only(ValueError, opened))
    assert 1 < sum(read) < len(read)
    path.write_bytes(b"\n\n" + good.replace(b"\n", b"\n\n"))
    assert len(RowFile(path, {}).rows) == 3


@pytest.mark.parametrize("name", [name for name in SPACES if name != "nasbench101"])
def test_texts_of_spaces(name):
    space = get_space(name)
    good = space.write_text(space.sample(np.random.default_rng(0))).encode()
    for data in inputs(good, 2):
        text = data.decode("utf-8", "replace")
        if only(ValueError, lambda text=text: space.parse_text(text)):
            assert space.parse_text(text) in space


def test_texts_of_nasbench101():
    space = get_space("nasbench101")
    for data in inputs(b"100110100001001010101-CMCCc", 3):
        only(ValueError, lambda data=data: space.parse_text(data.decode("utf-8", "replace")))


@pytest.mark.parametrize("read", [Cell.from_json, Cell.from_nasbench201, Cell.from_transnas])
def test_texts_of_cells(read):
    for data in inputs(json.dumps(CELLS[0].to_json()).encode(), 4):
        only(ValueError, lambda data=data: read(data.decode("utf-8", "replace")))


def test_cells_of_made_up_parts():
    rng = np.random.default_rng(5)
    names = ["input", "output", "conv3x3", "none", "skip", "convv", 3, None, np.nan, "", ("input",)]
    nodes = [0, 1, 2, 3, -1, 2.0, 1.5, "1", None, np.int64(2), 10**20, True]
    for _ in range(2000):
        operations = [names[i] for i in rng.integers(len(names), size=rng.integers(0, 6))]
        edges = [
            tuple(nodes[j] for j in rng.integers(len(nodes), size=rng.integers(0, 4)))
            for _ in range(rng.integers(0, 5))
        ]
        only(ValueError, lambda o=operations, e=edges: Cell(o, e).key)


def test_checkpoints(tmp_path):
    good = write_checkpoint(tmp_path / "good.safetensors").read_bytes()
    path = tmp_path / "bad.safetensors"
    rng = np.random.default_rng(6)
    for round in range(60):
        data = bytearray(good)
        if round % 3 == 0:
            del data[rng.integers(len(data)) :]
        elif round % 3 == 1:
            data[rng.integers(min(len(data), 4000))] ^= 1 << rng.integers(8)
        else:
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(data))
        assert not only(CheckpointError, lambda: load_model(path)), f"round {round}: an altered checkpoint was read"


def test_journals(tmp_path):
    with Search(CELLS, "random", journal=tmp_path / "good.sqlite") as search:
        for cell, score in zip(search.ask(8), SCORE, strict=False):
            search.tell(cell, float(score))
        expected = search.history.scores.tolist()
    good, path = (tmp_path / "good.sqlite").read_bytes(), tmp_path / "bad.sqlite"
    rng = np.random.default_rng(7)
    for _ in range(120):
        data = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(len(data))] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(data))
        for left in tmp_path.glob("bad.sqlite-*"):
            left.unlink()

        def opened() -> None:
            with Search(CELLS, "random", journal=path) as again:
                assert again.history.scores.tolist() == expected

        only(JournalError, opened)


def test_rows_of_journals(tmp_path):
    with Search(CELLS, "random", journal=tmp_path / "good.sqlite") as search:
        for cell, score in zip(search.ask(4), SCORE, strict=False):
            search.tell(cell, float(score))
    good = (tmp_path / "good.sqlite").read_bytes()
    rng = np.random.default_rng(8)
    columns = ["kind", "key", "cell", "score", "note", "worker", "time"]
    values = [None, "", "{", "[]", "nan", b"\xff", 3, -1e400, "[" * 3000, '{"reason": 5}', "tell", "ask"]
    for _ in range(120):
        path = tmp_path / "bad.sqlite"
        path.write_bytes(good)
        file = sqlite3.connect(path)
        column, value = columns[rng.integers(len(columns))], values[rng.integers(len(values))]
        try:
            file.execute(f"UPDATE events SET {column} = ? WHERE id = ?", (value, int(rng.integers(1, 9))))
            file.commit()
        except sqlite3.Error:
            continue
        finally:
            file.close()
        only(JournalError, lambda path=path: Search(CELLS, "random", journal=path).history)
