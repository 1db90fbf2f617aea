"""Lines of results: which are told, which are refused by name, and files that are told again."""

import json

import pytest

from tests.metanp.search.command_line.command_lines import kinds, one_line, rows, write
from tests.metanp.search.search_runs import DISTINCT


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
