"""`metanp search`: ask, tell, drop and suggest, from the first cell to the front of two goals."""

import io
import json
import sys

from metanp import json_lines
from metanp.cell import Cell
from metanp.search.command_line.opening import Options
from tests.evaluated_cells import CONTEXT, SCORE
from tests.metanp.search.command_line.command_lines import IDS, kinds, numbered, one_line, rows, write
from tests.metanp.search.search_runs import DISTINCT
from tests.tiny_model import write_checkpoint


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
