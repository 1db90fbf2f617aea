"""Which fits are missing, rows of failed fits, and when rows of older code are adopted."""

import json

import pytest

from scripts.results.entrants import TOO_FEW, Fit
from scripts.results.rows import RowFile
from scripts.results.running import Plan
from tests.small_study import Sums, fits


def test_a_failure_is_a_row_of_every_scored_column_with_a_message_of_limited_length():
    rows = Fit("x", "{}", None, "shown", ("a", "b"), 3, 5).failed("error", "why " * 1000)
    assert [(row["scored"], row["set"], row["labels"], row["status"]) for row in rows] == [
        ("a", 3, 5, "error"),
        ("b", 3, 5, "error"),
    ]
    assert len(rows[0]["message"]) == 300


@pytest.fixture
def plan(tmp_path):
    """Makes a plan of four fits, whose rows are in one file; and runs fits in this process, noting which."""
    ran: list[int] = []

    def make() -> Plan:
        file = RowFile(tmp_path / "x.jsonl", {"code": "new"})
        return Plan(Sums(0), dict.fromkeys(fits(*["add"] * 4), file), "today")

    def run(study, wanted, done) -> None:
        attempt = study.open()
        for fit in wanted:
            ran.append(fit.number)
            done(fit, attempt(fit))

    return make, run, ran


def test_only_fits_without_rows_are_run_and_failed_ones_again_on_request(plan, tmp_path):
    make, run, ran = plan
    first = make()
    zero, one, *_ = first.files
    first._store(zero, zero.failed("error", "why"))
    first._store(one, one.failed(TOO_FEW, "needs 7"))
    first.fill(run)
    assert ran == [2, 3]
    assert [row["commit"] for row in first.rows()] == ["today"] * 4
    first.fill(run, retry=True)  # too few labels stay too few
    assert ran == [2, 3, 0]
    assert [row["status"] for row in first.rows()] == ["ok", TOO_FEW, "ok", "ok"]
    assert len((tmp_path / "x.jsonl").read_text().splitlines()) == 5


def test_rows_of_older_code_are_adopted_if_a_repeated_fit_is_the_same_except_for_times(plan, tmp_path):
    make, run, ran = plan
    first = make()
    first.fill(run)
    rows = first.rows()
    del first
    older = "".join(json.dumps({**row, "code": "older", "seconds_fit": 1.0, "commit": "then"}) + "\n" for row in rows)
    (tmp_path / "x.jsonl").write_text(older)
    second = make()
    assert len(second.missing()) == 4
    (outcome,) = second.adopt(run, repeats=1)
    assert (outcome["compared"], outcome["differ"], outcome["adopted"]) == (1, 0, 3)
    assert len(ran) == 5
    assert sorted(row["commit"] for row in second.rows()) == ["then", "then", "then", "today"]
