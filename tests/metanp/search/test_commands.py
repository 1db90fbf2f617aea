"""`metanp search`: ask, tell, status and suggest; what is wrong is one line, and the journal stays whole."""

import io
import json
import os
import sqlite3
import subprocess
import sys

import pytest

from metanp import json_lines
from metanp.cell import Cell
from metanp.search.command_line.opening import Options
from metanp.search.command_line.plot import incumbents, text_plot
from metanp.search.journal import Journal
from tests.bad_strategies import GivesUp
from tests.evaluated_cells import CONTEXT, SCORE
from tests.search_runs import DISTINCT, write_pool
from tests.tiny_model import write_checkpoint

IDS = [f"cell-{i}" for i in range(30)]


@pytest.fixture
def pool(tmp_path):
    return write_pool(tmp_path / "pool.jsonl", IDS)


@pytest.fixture
def search(pool, journal):
    """Arguments of a random search among thirty cells."""
    return ["search", "--pool", pool, "--journal", journal, "--strategy", "random"]


@pytest.fixture
def space(journal):
    return ["search", "--space", "nasbench_macro", "--journal", journal, "--strategy", "random"]


def rows(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def write(path, *lines):
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


def one_line(error: str) -> str:
    assert error.startswith("metanp: ")
    assert error.count("\n") == 1
    return error


def kinds(journal) -> list[str]:
    return [event["kind"] for event in Journal(journal, {}).events()]


# --- ask, tell, status ----------------------------------------------------------------------------------------


def test_lines_of_ask_with_scores_added_are_what_tell_reads(metanp, space, journal, tmp_path):
    asked = rows(metanp(*space, "ask", "-n", 3)[1])
    assert [list(row) for row in asked] == [["id", "cell", "mean", "std", "p_improve"]] * 3
    assert [Cell.from_json(row["cell"]).key for row in asked] == [row["id"] for row in asked]
    told = write(tmp_path / "told", *({**row, "score": 90 + i} for i, row in enumerate(asked)))
    code, out, error = metanp("search", "--journal", journal, "tell", told)
    assert (code, out, error) == (0, "", "metanp: told 3\n")
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["evaluated"], found["pending"], found["failed"]) == (3, 0, 0)
    assert (found["space"], found["strategy"], found["better"]) == ("nasbench_macro", "random", "higher")
    assert found["best"] == {"id": asked[2]["id"], "cell": asked[2]["cell"], "score": 92, "measurements": 1}
    assert [row["id"] for row in found["top"]] == [row["id"] for row in asked[::-1]]
    assert found["scores"] == [90, 91, 92]
    assert [event["kind"] for event in found["events"]] == ["ask"] * 3 + ["tell"] * 3


def test_cells_in_the_benchmarks_text_are_told_in_it(metanp, space, journal, tmp_path):
    texts = metanp(*space, "ask", "-n", 2, "--as", "text")[1].splitlines()
    told = write(tmp_path / "told", {"cell": texts[0], "score": 1}, {"cell": {"nasbench_macro": texts[1]}, "score": 2})
    assert metanp("search", "--journal", journal, "tell", told)[2] == "metanp: told 2\n"
    assert kinds(journal) == ["ask", "ask", "tell", "tell"]


def test_cells_of_a_pool_are_called_by_its_ids(metanp, search, journal, tmp_path):
    out = metanp(*search, "ask", "-n", 3)[1]
    asked = rows(out)
    assert {row["id"] for row in asked} < set(IDS)
    by_id = dict(zip(IDS, DISTINCT, strict=False))
    assert all(Cell.from_json(row["cell"]) == by_id[row["id"]] for row in asked)
    only_cells = write(tmp_path / "cells.jsonl", *({"id": row["id"], "cell": row["cell"]} for row in asked))
    assert json_lines.read(only_cells).ids == [row["id"] for row in asked]
    results = [{"id": asked[0]["id"], "score": 1.5}, {"id": asked[1]["id"], "failed": "no memory"}]
    told = write(tmp_path / "told", *results, {"id": asked[2]["id"], "failed": True})
    assert metanp("search", "--journal", journal, "tell", told)[0] == 0
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["evaluated"], found["failed"], found["best"]["id"]) == (1, 2, asked[0]["id"])
    last = [(event["kind"], event["id"], event["reason"]) for event in found["events"][3:]]
    assert last == [
        ("tell", asked[0]["id"], ""),
        ("fail", asked[1]["id"], "no memory"),
        ("fail", asked[2]["id"], ""),
    ]


def test_numbers_beside_cells_of_a_pool_are_side_features(journal, tmp_path):
    lines = [{"cell": cell.to_json(), "features": {"flops": i}} for i, cell in enumerate(DISTINCT[:5])]
    options = Options(journal, pool=write(tmp_path / "pool.jsonl", *lines), strategy="random")
    with options.open().search as opened:
        features = opened.candidates.features(DISTINCT[:5])
    assert features is not None
    assert features["flops"].tolist() == [0, 1, 2, 3, 4]


def numbered(path, **numbers):
    """A pool of ten cells with numbers beside them."""
    lines = [
        {"id": IDS[i], "cell": cell.to_json(), "features": {name: of(i) for name, of in numbers.items()}}
        for i, cell in enumerate(DISTINCT[:10])
    ]
    return write(path, *lines)


def test_cells_beyond_a_limit_are_never_asked_for_and_limits_are_remembered(metanp, journal, tmp_path):
    pool = numbered(tmp_path / "pool.jsonl", flops=lambda i: i, latency=lambda i: 10 - i)
    limits = ["--limit", "flops=6", "--limit", "latency=7.5"]
    start = ["search", "--journal", journal, "--pool", pool, "--strategy", "random", *limits]
    first = rows(metanp(*start, "ask", "-n", 2)[1])
    rest = rows(metanp("search", "--journal", journal, "ask", "-n", 10)[1])
    assert sorted(row["id"] for row in (*first, *rest)) == IDS[3:7]
    wider = ["search", "--journal", journal, "--limit", "flops=7"]
    assert sorted(row["id"] for row in rows(metanp(*wider, "ask", "-n", 10)[1])) == [*IDS[:3], IDS[7]]
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert found["limits"] == {"flops": 6, "latency": 7.5}
    assert "flops ≤ 6, latency ≤ 7.5" in metanp("search", "--journal", journal, "status")[1]


def test_a_cost_makes_a_search_for_the_front_and_status_shows_it(metanp, journal, tmp_path):
    pool = numbered(tmp_path / "pool.jsonl", latency=lambda i: 10 - i)
    start = ["search", "--journal", journal, "--pool", pool, "--cost", "latency"]
    checkpoint = ["--checkpoint", write_checkpoint(tmp_path / "tiny.safetensors")]
    asked = rows(metanp(*start, *checkpoint, "ask", "-n", 4)[1])
    assert [row["cost"] for row in asked] == [10 - IDS.index(row["id"]) for row in asked]
    by_cost = sorted(asked, key=lambda row: row["cost"])
    scores = [1.0, 3.0, 2.0, 4.0]  # the third is no better than the cheaper second
    told = write(tmp_path / "told", *({**row, "score": score} for row, score in zip(by_cost, scores, strict=True)))
    assert metanp("search", "--journal", journal, "tell", told)[0] == 0
    code, out, _ = metanp("search", "--journal", journal, "status", "--json")
    found = json.loads(out)
    assert (code, found["strategy"], found["cost"]) == (0, "pareto", "latency")
    front = [(row["id"], row["score"], row["cost"]) for row in found["front"]]
    assert front == [(by_cost[i]["id"], scores[i], by_cost[i]["cost"]) for i in (0, 1, 3)]
    assert "front of score against latency" in metanp("search", "--journal", journal, "status")[1]
    suggested = json.loads(metanp("search", "--journal", journal, "suggest", "-n", 3, "--json")[1])["suggestions"]
    assert {row["id"] for row in suggested}.isdisjoint(row["id"] for row in asked)
    assert all(row["cost"] == 10 - IDS.index(row["id"]) for row in suggested)
    assert " cost " in metanp("search", "--journal", journal, "suggest", "-n", 3)[1]


def test_results_come_from_standard_input_too(metanp, search, journal, monkeypatch):
    asked = rows(metanp(*search, "ask")[1])
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps({"id": asked[0]["id"], "score": 3}).encode() + b"\n\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert metanp("search", "--journal", journal, "tell", "-")[2] == "metanp: told 1\n"
    assert kinds(journal) == ["ask", "tell"]


def test_what_is_worth_knowing_of_a_result_is_said_and_the_result_kept(metanp, search, journal, tmp_path):
    lines = [{"id": "cell-0", "score": 1}, {"id": "cell-0", "score": 2}, {"id": "cell-0", "score": 2}]
    code, _, error = metanp(*search, "tell", write(tmp_path / "told", *lines))
    assert code == 0
    said = error.splitlines()
    assert "told, line 1: this cell was never asked for" in said[0]
    assert "told, line 2: this cell has 1 and now 2" in said[1]
    assert "told, line 3: this cell has 1.5 and now 2" in said[2]
    assert said[3:] == ["metanp: told 3"]
    assert kinds(journal) == ["tell"] * 3


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not JSON"),
        ("[1]", "expected an object with a 'cell', or the 'id'"),
        ({"score": 1}, "expected an object with a 'cell', or the 'id'"),
        ({"id": "cell-1", "scores": 1}, "unknown ['scores']; known: id, cell, score, failed"),
        ({"id": "cell-1"}, "expected either a 'score' or 'failed'"),
        ({"id": "cell-1", "score": 1, "failed": True}, "expected either a 'score' or 'failed'"),
        ({"id": "cell-1", "failed": 1}, "failed is 1; expected true, or the reason"),
        ('{"id": "cell-1", "score": NaN}', "NaN is not allowed in JSON"),
        ('{"id": "cell-1", "score": -Infinity}', "-Infinity is not allowed in JSON"),
        ('{"id": "cell-1", "score": 1e999}', "the number 1e999 is too large"),
        ('{"id": "cell-1", "score": 1, "score": 2}', "the key 'score' is given twice"),
        ('{"id": "\\ud800", "score": 1}', "half of a surrogate pair"),
        ('{"cell": ' + "[" * 100_000, "nested too deeply"),
        ('{"cell": ' + json.dumps("[" * 100_000) + ', "score": 1}', "nested too deeply"),
        ({"cell": None, "score": 1}, "'cell' is null"),
        ({"id": "cell-1", "cell": None, "score": 1}, "'cell' is null"),
        ({"id": None, "score": 1}, "'id' is null"),
        ({"id": {}, "score": 1}, "id is {}; expected text or a number"),
        ({"cell": 3, "score": 1}, "not a cell"),
        ({"cell": {"operations": 5, "edges": []}, "score": 1}, "not a cell"),
        ({"cell": {"operations": [["input"]], "edges": []}, "score": 1}, "told, line 2"),
        ({"cell": {"operations": ["input", "output"], "edges": [[0, 1e300]]}, "score": 1}, "told, line 2"),
        ({"id": "cell-1", "score": "93"}, "score is '93'; expected a number"),
        ({"id": "cell-1", "score": 10**400}, "the score is 1000"),
        ({"id": "cell-99", "score": 1}, "the id 'cell-99' is neither in the pool nor in the journal"),
        ({"id": "cell-1", "cell": DISTINCT[2].to_json(), "score": 1}, "the id 'cell-1' is that of another cell"),
        ({"cell": {"nasbench201": "|x|"}, "score": 1}, "not a NAS-Bench-201 string"),
        ({"cell": DISTINCT[40].to_json(), "score": 1}, "a list of cells has no cell that computes the same"),
    ],
)
def test_one_wrong_line_is_named_and_nothing_of_the_file_is_told(metanp, search, journal, tmp_path, line, message):
    metanp(*search, "ask")
    told = write(tmp_path / "told", {"id": "cell-0", "score": 1}, line, {"id": "cell-2", "score": 2})
    code, out, error = metanp(*search, "tell", told)
    assert (code, out) == (2, "")
    assert "told, line 2: " in one_line(error)
    assert message in error
    assert kinds(journal) == ["ask"]
    assert metanp("search", "--journal", journal, "ask")[0] == 0


def test_an_id_of_the_users_own_may_stand_beside_a_cell(metanp, search, journal, tmp_path):
    line = {"id": "my run 7", "cell": DISTINCT[0].to_json(), "score": 1}
    assert metanp(*search, "tell", write(tmp_path / "told", line))[0] == 0
    assert kinds(journal) == ["tell"]


# --- what the journal remembers -------------------------------------------------------------------------------


def test_a_strategy_of_ones_own_is_remembered_where_its_class_is(metanp, journal):
    begin = ["search", "--space", "nasbench_macro", "--journal", journal, "--strategy", "tests.bad_strategies:GivesUp"]
    assert metanp(*begin, "ask")[0] == 0
    assert type(Options(journal).open().search.strategy) is GivesUp


def test_direction_strategy_and_seed_are_remembered_and_a_later_option_holds_once(metanp, search, journal):
    metanp(*search[:3], "--journal", journal, "--minimize", "--strategy", "random", "--seed", 7, "ask")
    known = Options(journal).open().search
    assert (known.sign, known.seed, known.strategy.title) == (-1, 7, "random search")
    assert Options(journal, strategy="weak_nas_boosting").open().search.strategy.title != "random search"
    assert Options(journal).open().search.strategy.title == "random search"
    code, _, error = metanp("search", "--journal", journal, "--maximize", "status")
    assert code == 2
    assert "its better is lower, not higher" in one_line(error)


def test_lower_is_better_when_told_so(metanp, search, journal, tmp_path):
    told = write(tmp_path / "told", *({"id": name, "score": i} for i, name in enumerate(IDS[:4])))
    metanp(*search, "--minimize", "tell", told)
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["best"]["score"], found["scores"]) == (0, [0, 1, 2, 3])


def test_a_pool_is_found_where_it_was_and_may_move_and_change_but_not_its_ids(
    metanp, search, pool, journal, monkeypatch
):
    metanp(*search, "ask")
    monkeypatch.chdir("/")
    assert metanp("search", "--journal", journal, "ask")[0] == 0
    moved = pool.rename(pool.with_name("moved.jsonl"))
    code, _, error = metanp("search", "--journal", journal, "ask")
    assert code == 2
    assert f"there is no pool of candidates at {pool}" in one_line(error)
    assert metanp("search", "--journal", journal, "status")[0] == 0
    assert metanp("search", "--journal", journal, "--pool", moved, "ask")[0] == 0
    write_pool(moved, IDS[::-1])
    assert "give it its id back" in one_line(metanp("search", "--journal", journal, "--pool", moved, "ask")[2])
    assert kinds(journal) == ["ask"] * 3
    write_pool(moved, IDS[::-1], DISTINCT[:30][::-1])
    assert metanp("search", "--journal", journal, "--pool", moved, "ask")[0] == 0


def test_the_same_seed_asks_the_same_and_another_does_not(metanp, search, tmp_path):
    def ask(seed, name):
        return metanp(*search[:3], "--strategy", "random", "--journal", tmp_path / name, "--seed", seed, "ask", "-n", 5)

    assert ask(1, "a")[1] == ask(1, "b")[1] != ask(2, "c")[1]


# --- with MetaNP ----------------------------------------------------------------------------------------------


def test_metanp_says_what_it_expects_and_suggestions_are_what_it_would_ask(metanp, pool, journal, tmp_path):
    checkpoint = write_checkpoint(tmp_path / "tiny.safetensors")
    search = ["search", "--pool", pool, "--journal", journal, "--minimize"]
    told = write(tmp_path / "told", *({"id": IDS[i], "score": 100 - SCORE[i]} for i in range(len(CONTEXT))))
    metanp(*search, "tell", told)
    code, out, _ = metanp(*search, "suggest", "-n", 4, "--json", "--checkpoint", checkpoint)
    assert code == 0
    suggested = json.loads(out)["suggestions"]
    assert kinds(journal) == ["tell"] * len(CONTEXT)
    for row in suggested:
        assert 0 < row["mean"] < 30  # in the units told, not turned
        assert row["std"] > 0
        assert 0 <= row["p_improve"] <= 1
    table = metanp(*search, "suggest", "-n", 4, "--checkpoint", checkpoint)[1]
    assert all(row["id"] in table for row in suggested)
    assert rows(metanp(*search, "ask", "-n", 4, "--checkpoint", checkpoint)[1]) == suggested


# --- status for people ----------------------------------------------------------------------------------------


def test_a_file_that_grows_may_be_told_again_and_again(metanp, search, journal, tmp_path):
    ids = [row["id"] for row in rows(metanp(*search, "ask", "-n", 3)[1])]
    lines = [{"id": ids[0], "score": 1.0}, {"id": ids[1], "failed": True}]
    metanp("search", "--journal", journal, "tell", write(tmp_path / "told", *lines))
    longer = write(tmp_path / "told", *lines, {"id": ids[2], "score": 2.0})
    code, _, error = metanp("search", "--journal", journal, "tell", longer)
    assert code == 0
    assert "2 told before, skipped" in error
    assert kinds(journal) == ["ask"] * 3 + ["tell", "fail", "tell"]
    metanp("search", "--journal", journal, "tell", "--repeat", write(tmp_path / "again", lines[0]))
    assert kinds(journal)[-1] == "tell"


def test_cells_that_are_out_or_failed_are_shown_and_may_be_dropped(metanp, search, journal, tmp_path):
    ids = [row["id"] for row in rows(metanp(*search, "ask", "-n", 3)[1])]
    metanp("search", "--journal", journal, "tell", write(tmp_path / "told", {"id": ids[0], "failed": "no memory"}))
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["failed_ids"], found["pending_ids"]) == (ids[:1], ids[1:])
    assert metanp("search", "--journal", journal, "drop", ids[0], ids[1])[0] == 0
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["failed_ids"], found["pending_ids"]) == ([], ids[2:])


def test_what_is_not_out_cannot_be_dropped_and_nothing_is(metanp, search, journal):
    ids = [row["id"] for row in rows(metanp(*search, "ask", "-n", 2)[1])]
    code, _, error = metanp("search", "--journal", journal, "drop", ids[0], next(i for i in IDS if i not in ids))
    assert code == 2
    assert "neither asked for nor failed" in one_line(error)
    assert kinds(journal) == ["ask"] * 2


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
    assert (code, "pip install 'metanp[research]'" in one_line(error)) == (2, True)


# --- what is wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ask"], "say which journal"),
        (["--journal", "new", "ask"], "new does not say what is searched; give --space NAME or --pool FILE"),
        (["--journal", "new", "status"], "there is no journal at new"),
        (["--journal", "new", "--space", "nasbench21", "ask"], "nearest: nasbench201"),
        (["--journal", "new", "--pool", "nowhere", "ask"], "there is no pool of candidates at nowhere"),
        (["--journal", "new", "--space", "nasbench_macro", "ask", "--strategy", "randm"], "nearest: random"),
        (["--journal", "new", "--space", "nasbench_macro", "--strategy", "random", "ask", "--checkpoint", "x"],
         "strategy 'random' cannot be made with these settings: "),
        (["--journal", "no/such/new", "--space", "nasbench_macro", "--strategy", "random", "ask"],
         "the journal no/such/new cannot be read or written: unable to open database file"),
        (["--journal", "new", "--space", "nasbench_macro", "--strategy", "random", "run", "--evaluate", "true",
          "--budget", "0"], "budget is 0; expected 1 or more"),
        (["--journal", "new", "--limit", "latency<5", "ask"],
         "--limit 'latency<5': expected a name and a number, such as latency=5.2"),
        (["--journal", "new", "--space", "nasbench_macro", "--limit", "latency=5", "ask"],
         "'latency' is a number beside the cells of a pool; give --pool FILE"),
        (["--journal", "new", "--space", "nasbench_macro", "--strategy", "pareto", "ask"],
         "strategy 'pareto' searches score against a cost; say which: --cost NAME"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_options_is_one_line_and_no_file_is_made(metanp, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, out, error = metanp("search", *arguments)
    assert (code, out) == (2, "")
    assert message in one_line(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (["--cost", "latncy"], "has no 'latncy' beside its cells; nearest: latency"),
        (["--limit", "flops=3"], "line 5: no 'flops', which every candidate needs here"),
    ],
)
def test_a_number_that_candidates_lack_is_named(metanp, journal, tmp_path, option, message):
    pool = numbered(tmp_path / "pool.jsonl", latency=lambda i: 10 - i, flops=lambda i: None if i == 4 else i)
    code, out, error = metanp("search", "--journal", journal, "--pool", pool, *option, "ask")
    assert (code, out, journal.exists()) == (2, "", False)
    assert message in one_line(error)


def test_text_needs_a_space_and_nothing_is_given_out_without(metanp, search, journal):
    code, out, error = metanp(*search, "ask", "--as", "text")
    assert (code, out) == (2, "")
    assert "only a search with --space has cells as text" in one_line(error)
    assert kinds(journal) == []


def garbage(path):
    path.write_bytes(b"no database at all, but a longer text than a header" * 50)


def foreign(path):
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE photos (name TEXT)")


def of_the_future(path):
    Journal(path, {}).close()
    with sqlite3.connect(path) as file:
        file.execute("UPDATE facts SET value = '99' WHERE name = 'format'")


def of_another_space(path):
    Journal(path, {"candidates": "three cells"}).close()


@pytest.mark.parametrize("command", [["ask"], ["run", "--evaluate", "true {cell}", "--budget", 3], ["status"]])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (garbage, "is no journal of a search: file is not a database"),
        (foreign, "it is an SQLite file with other tables, ['photos']"),
        (of_the_future, "is a journal of version 99; this version of metanp reads 1"),
    ],
)
def test_a_file_that_is_no_journal_of_ours_is_left_as_it_is(metanp, search, journal, spoil, message, command):
    spoil(journal)
    before = journal.read_bytes()
    code, out, error = metanp(*search, *command)
    assert (code, out) == (2, "")
    assert message in one_line(error)
    assert journal.read_bytes() == before


def test_the_journal_of_another_search_is_left_as_it_is(metanp, search, journal):
    of_another_space(journal)
    before = journal.read_bytes()
    code, _, error = metanp(*search, "ask")
    assert (code, "its candidates is three cells, not a list of cells" in one_line(error)) == (2, True)
    assert journal.read_bytes() == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_one_line(metanp, search, tmp_path):
    metanp(*search, "ask")
    before = (tmp_path / "run.sqlite").read_bytes()
    (tmp_path / "run.sqlite").chmod(0o400)
    tmp_path.chmod(0o500)
    code, _, error = metanp(*search, "ask")
    tmp_path.chmod(0o700)
    assert code == 2
    assert "cannot be read or written: attempt to write a readonly database" in one_line(error)
    assert (tmp_path / "run.sqlite").read_bytes() == before


def test_the_command_line_starts_without_pytorch():
    program = "import sys, metanp.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_file_that_grew_counts_no_failure_twice(metanp, search, journal, tmp_path):
    asked = rows(metanp(*search, "ask", "-n", 2)[1])
    failed, scored = {"id": asked[0]["id"], "failed": "oom"}, {"id": asked[0]["id"], "score": 93.1}
    for lines in ([failed], [failed, scored], [failed, scored], [failed, scored, scored]):
        metanp("search", "--journal", journal, "tell", write(tmp_path / "told", *lines))
    assert kinds(journal) == ["ask", "ask", "fail", "tell", "tell"]


def test_a_failure_that_was_forgotten_is_not_told_again_by_the_same_line(metanp, search, journal, tmp_path):
    asked = rows(metanp(*search, "ask")[1])
    told = write(tmp_path / "told", {"id": asked[0]["id"], "failed": True})
    metanp("search", "--journal", journal, "tell", told)
    metanp("search", "--journal", journal, "drop", asked[0]["id"])
    metanp("search", "--journal", journal, "tell", told)
    assert kinds(journal) == ["ask", "fail", "drop"]


def test_a_checkpoint_that_does_not_exist_is_not_remembered(metanp, pool, journal, tmp_path):
    where = ["search", "--pool", pool, "--journal", journal]
    code, _, error = metanp(*where, "ask", "--checkpoint", "nosuch")
    assert code == 2
    assert "no checkpoint 'nosuch'" in one_line(error)
    checkpoint = write_checkpoint(tmp_path / "tiny.safetensors")
    assert metanp("search", "--pool", pool, "--journal", journal, "ask", "--checkpoint", checkpoint)[0] == 0
    assert metanp("search", "--journal", journal, "ask")[0] == 0


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


# --- what people read -----------------------------------------------------------------------------------------

MARKED = ["net[best]", "[red]net", "net[/]", "[bold]7[/bold]", "a[link=x]b", "net\\\\[b]"]


@pytest.fixture
def marked(tmp_path, journal, monkeypatch):
    """A search whose ids, and the name of whose cost, look like markup."""
    monkeypatch.setenv("COLUMNS", "200")
    lines = [
        {"id": name, "cell": cell.to_json(), "features": {"lat[ms]": float(i)}}
        for i, (name, cell) in enumerate(zip(MARKED, DISTINCT, strict=False))
    ]
    return ["search", "--pool", write(tmp_path / "pool.jsonl", *lines), "--journal", journal]


def test_ids_are_printed_as_they_are_in_every_table(metanp, marked, tmp_path):
    checkpoint = write_checkpoint(tmp_path / "tiny.safetensors")
    front = [*marked, "--cost", "lat[ms]", "--checkpoint", checkpoint]
    table = metanp(*front, "suggest", "-n", 6)[1]
    assert all(name[:9] in table for name in MARKED)
    metanp(*front, "tell", write(tmp_path / "told", *({"id": name, "score": i} for i, name in enumerate(MARKED))))
    table = metanp(*marked, "status")[1]
    assert all(table.count(name) >= 3 for name in MARKED)  # best cells, front and events
    assert "front of score against lat[ms]" in table


def test_ids_are_printed_as_they_are_in_lines_and_errors(metanp, marked, tmp_path):
    run = ["run", "--evaluate", f"{sys.executable} -I -S -c print(1) {{id}}", "--budget", 6]
    error = metanp(*marked, "--strategy", "random", *run)[2]
    assert all(f"  {name}  1  (" in error for name in MARKED)
    error = metanp(*marked, "retract", *MARKED)[2]
    assert all(name in error for name in MARKED)
    for command in (["retract", "net[best]"], ["drop", "net[best]"], ["retract", "x[red]y"]):
        assert command[1] in one_line(metanp(*marked, *command)[2])
    told = write(tmp_path / "told[red]", {"id": "net[bad]", "score": 1})
    assert "told[red], line 1: the id 'net[bad]'" in one_line(metanp(*marked, "tell", told)[2])


def test_a_reason_of_a_failure_is_one_line_without_what_a_terminal_obeys(metanp, marked):
    program = "import sys; print('no [red]memory\\x1b[2J', file=sys.stderr); sys.exit(1)"
    command = f'{sys.executable} -I -S -c "{program}" {{id}}'
    error = metanp(*marked, "--strategy", "random", "run", "--evaluate", command, "--budget", 2, "--give-up", 9)[2]
    assert "no [red]memory [2J" in error.splitlines()[0]
    table = metanp(*marked, "status")[1]
    assert "no [red]memory" in table
    assert "\x1b[2J" not in table


@pytest.mark.parametrize("command", [None, "ask", "tell", "drop", "retract", "status", "suggest", "run"])
def test_help_speaks_of_commands_and_not_of_modules(metanp, command):
    code, out, _ = metanp("search", *([command] if command else []), "--help")
    assert code == 0
    assert "metanp." not in out
    assert "`" not in out
    assert ".py" not in out.replace("train.py", "")
