"""Corrections on the command line: scores taken back by id, and results known beforehand."""

import json

import pytest

from metanp import Cell
from tests.metanp.search.command_line.command_lines import kinds, write
from tests.metanp.search.search_runs import write_pool

ALIEN = Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)])
OTHER_ALIEN = Cell(["input", "conv5x5", "conv5x5", "output"], [(0, 1), (1, 2), (2, 3)])
IDS = [f"net[{i}]" for i in range(30)]


@pytest.fixture
def search(tmp_path, journal):
    pool = write_pool(tmp_path / "pool.jsonl", IDS)
    return ["search", "--pool", pool, "--journal", journal, "--strategy", "random"]


def found(metanp, journal) -> dict:
    return json.loads(metanp("search", "--journal", journal, "status", "--json")[1])


def test_scores_are_taken_back_by_id_and_status_shows_it(metanp, search, journal, tmp_path):
    lines = [{"id": IDS[0], "score": 931}, {"id": IDS[1], "score": 92}, {"id": IDS[0], "score": 5}]
    metanp(*search, "tell", write(tmp_path / "told", *lines))
    code, out, error = metanp("search", "--journal", journal, "retract", IDS[0], IDS[1], "--last")
    assert (code, out, error) == (0, "", "metanp: taken back: the last result of net[0], net[1]\n")
    status = found(metanp, journal)
    assert (status["best"]["score"], status["spent"], status["evaluated"]) == (931, 1, 1)
    assert metanp("search", "--journal", journal, "retract", IDS[0])[2] == "metanp: taken back: all results of net[0]\n"
    status = found(metanp, journal)
    assert (status["best"], status["spent"]) == (None, 0)
    last = [(event["kind"], event["id"], event["reason"]) for event in status["events"][-3:]]
    assert last == [(*("retract", name), what) for name, what in
                    ((IDS[0], "the last result"), (IDS[1], "the last result"), (IDS[0], "all results"))]  # fmt: skip
    table = metanp("search", "--journal", journal, "status")[1]
    assert "retract" in table
    assert "all results" in table
    assert "net[0]" in table


def test_what_cannot_be_taken_back_is_named_and_nothing_is(metanp, search, journal, tmp_path):
    metanp(*search, "tell", write(tmp_path / "told", {"id": IDS[0], "score": 1}))
    for wrong, said in (
        (IDS[3], "there is no result of 'net[3]'"),
        ("net[99]", "'net[99]' is neither in the pool nor"),
    ):
        code, _, error = metanp("search", "--journal", journal, "retract", IDS[0], wrong)
        assert (code, error.count("\n"), said in error) == (2, 1, True)
    assert kinds(journal) == ["tell"]


def test_a_wrong_line_that_is_still_in_the_file_does_not_come_back(metanp, search, journal, tmp_path):
    told = write(tmp_path / "told", {"id": IDS[0], "score": 931})
    metanp(*search, "tell", told)
    metanp("search", "--journal", journal, "retract", IDS[0])
    told = write(told, {"id": IDS[0], "score": 931}, {"id": IDS[0], "score": 93.1})
    metanp("search", "--journal", journal, "tell", told)
    assert found(metanp, journal)["best"]["score"] == 93.1
    assert kinds(journal) == ["tell", "retract", "tell"]


def test_results_known_beforehand_are_told_of_any_cells(metanp, search, journal, tmp_path):
    lines = [
        {"cell": ALIEN.to_json(), "score": 99},
        {"id": IDS[2], "score": 80},
        {"id": "an old run", "cell": OTHER_ALIEN.to_json(), "failed": "no memory"},
    ]
    told = write(tmp_path / "told", *lines)
    code, _, error = metanp(*search, "tell", told)
    assert (code, "--known" in error, kinds(journal)) == (2, True, [])
    assert metanp(*search, "tell", "--known", told) == (0, "", "metanp: told 3\n")
    status = found(metanp, journal)
    assert (status["evaluated"], status["outside"], status["failed"], status["spent"]) == (1, 1, 1, 0)
    assert status["best"]["id"] == IDS[2]
    assert [event["known"] for event in status["events"]] == [True] * 3
    table = metanp("search", "--journal", journal, "status")[1]
    assert "known outside" in table
    assert "80 known" in table
    (tmp_path / "pool.jsonl").unlink()
    assert found(metanp, journal)["best"]["id"] == IDS[2]  # named as when it was told


def test_results_known_beforehand_leave_the_budget_of_a_run(metanp, search, journal, tmp_path):
    metanp(*search, "tell", "--known", write(tmp_path / "told", *({"id": name, "score": 1} for name in IDS[:5])))
    metanp(*search, "run", "--evaluate", "echo 2 {id}", "--budget", 2, "--give-up", 5)
    status = found(metanp, journal)
    assert status["spent"] == 2
    assert status["evaluated"] + status["failed"] == 7
