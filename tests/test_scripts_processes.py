"""Time that is left, and what a task says when it fails; whole runs are in the tests of the leaderboard."""

import pytest

from scripts.leaderboards.runner import seconds_of
from scripts.processes import Costs, Task, failed


def task(predictor: str, budget: int, number: int = 0) -> Task:
    return Task(predictor, "{}", None, "shown", ("a", "b"), number, budget)


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("scripts.processes.time.monotonic", lambda: now[0])
    return now


def test_the_time_left_is_that_of_fits_alike_in_minutes_as_they_have_passed(clock):
    tasks = [task(name, budget, n) for name in ("slow", "fast") for budget in (10, 20) for n in range(10)]
    costs = Costs(tasks)
    costs.add(tasks[0], seconds_of([{"seconds_fit": 50.0, "seconds_predict": 10.0}]))
    costs.add(task("fast", 10), seconds_of([{"seconds_fit": 6.0, "seconds_predict": 0.0}]))
    clock[0] += 33  # two processes: half of the seconds of fits
    # 9 + 10 fits of 60 s and 9 + 10 of 6 s, half of them at once: 19 * 66 / 2 s
    assert costs.left() == "about 10 min left"


def test_a_predictor_that_was_not_seen_yet_is_taken_for_the_others(clock):
    costs = Costs([task("seen", 5), task("seen", 5), task("new", 5)])
    costs.add(task("seen", 5), seconds_of([{"seconds_fit": 60.0, "seconds_predict": 0.0}]))
    clock[0] += 60
    assert costs.left() == "about 2 min left"


def test_the_last_fit_leaves_no_time(clock):
    costs = Costs([task("seen", 5)])
    costs.add(task("seen", 5), seconds_of(failed(task("seen", 5), "error", "why")))
    assert costs.left() == "less than a minute left"


def test_a_failure_is_a_row_of_every_scored_column_and_its_message_is_not_endless():
    rows = failed(task("x", 5, 3), "error", "why " * 1000)
    assert [(row["scored"], row["set"], row["labels"], row["status"]) for row in rows] == [
        ("a", 3, 5, "error"),
        ("b", 3, 5, "error"),
    ]
    assert len(rows[0]["message"]) == 300
