"""`metanp search status`: what it shows and the plots that it writes."""

import json
import sys

import pytest

from metanp.search.command_line.plot import incumbents, text_plot
from tests.metanp.search.command_line.command_lines import one_line, rows, write
from tests.metanp.search.search_runs import DISTINCT
from tests.tiny_model import write_checkpoint


def test_status_fits_eighty_columns_and_shows_the_best_whole(metanp, journal, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    space = ["search", "--space", "nasbench_macro", "--journal", journal, "--strategy", "random"]
    asked = rows(metanp(*space, "ask", "-n", 15)[1])
    results = [{"id": row["id"], "score": (7 * i) % 15} for i, row in enumerate(asked)]
    metanp(*space, "tell", write(tmp_path / "told", *results))
    code, out, _ = metanp("search", "--journal", journal, "status")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    best = next(row for row, result in zip(asked, results, strict=True) if result["score"] == 14)
    assert best["id"] in out
    for title in ("best cells", "last 10 events", "evaluated", "pending"):
        assert title in out
    assert "14 ┤" in out


def test_status_before_any_score_has_no_best_and_no_plot(metanp, search, journal):
    metanp(*search, "ask")
    code, out, _ = metanp("search", "--journal", journal, "status")
    assert code == 0
    assert "best" not in out
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["best"], found["top"], found["scores"]) == (None, [], [])


def test_the_plot_is_the_best_until_each_evaluation():
    assert incumbents([2, 1, 3, 2], maximize=True) == [2, 2, 3, 3]
    assert incumbents([2, 1, 3, 2], maximize=False) == [2, 1, 1, 1]
    assert text_plot([], True) == []
    assert text_plot([1, 3, 2, 5], True, height=5) == [
        "5 ┤   ━",
        "  ┤",
        "  ┤ ━━",
        "  ┤  ·",
        "1 ┤━",
        "  └────",
        "   1  4",
    ]
    assert text_plot([5, 3], False, height=2) == ["5 ┤━", "3 ┤ ━", "  └──", "   12"]
    assert text_plot([1], True) == ["1 ┤━", "  └─", "   1"]
    many = text_plot(list(range(1000)), True)
    assert max(map(len, many)) <= 80
    assert sum(line.count("━") for line in many) == 60


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_status_writes_a_plot(metanp, search, journal, tmp_path, suffix, start):
    metanp(*search, "tell", write(tmp_path / "told", {"id": "cell-0", "score": 1}, {"id": "cell-1", "score": 2}))
    plot = tmp_path / f"plot.{suffix}"
    assert metanp("search", "--journal", journal, "status", "--plot", plot)[0] == 0
    assert plot.read_bytes().startswith(start)


def test_a_plot_that_cannot_be_written_is_one_line(metanp, search, journal, tmp_path, monkeypatch):
    metanp(*search, "ask")
    code, _, error = metanp("search", "--journal", journal, "status", "--plot", tmp_path / "plot.svg")
    assert (code, "nothing to plot" in one_line(error)) == (2, True)
    metanp(*search, "tell", write(tmp_path / "told", {"id": "cell-0", "score": 1}))
    code, _, error = metanp("search", "--journal", journal, "status", "--plot", tmp_path / "plot.doc")
    assert (code, "plot.doc" in one_line(error)) == (2, True)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    code, _, error = metanp("search", "--journal", journal, "status", "--plot", tmp_path / "plot.svg")
    assert (code, "pip install 'metanp[plot]'" in one_line(error)) == (2, True)


def test_status_goes_on_without_a_front_where_the_pool_lost_cells(metanp, journal, tmp_path):
    lines = [{"id": f"a{i}", "cell": cell.to_json(), "features": {"size": i}} for i, cell in enumerate(DISTINCT[:5])]
    pool = write(tmp_path / "pool.jsonl", *lines)
    checkpoint = write_checkpoint(tmp_path / "tiny.safetensors")
    where = ["search", "--pool", pool, "--journal", journal, "--cost", "size", "--checkpoint", checkpoint]
    asked = rows(metanp(*where, "ask", "-n", 5)[1])
    metanp("search", "--journal", journal, "tell", write(tmp_path / "told", *({**row, "score": 1} for row in asked)))
    assert json.loads(metanp("search", "--journal", journal, "status", "--json")[1])["front"]
    write(pool, *lines[:3])
    code, out, _ = metanp("search", "--journal", journal, "status", "--json")
    assert code == 0
    assert "front" not in json.loads(out)
    assert json.loads(out)["evaluated"] == 5
