"""Curves from reports: which epoch may come next, and what a training that begins again replaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metanp.search.curve_log import Curve, CurveLog, Report, read_report


def log(*reports: tuple[int, float, bool]) -> CurveLog:
    found = CurveLog()
    for number, (epoch, score, begins) in enumerate(reports, start=1):
        found.add(Report(number, 1.0, "cell", epoch, score, int(begins), ""))
    return found


def test_epochs_follow_one_another_from_1_or_from_0():
    assert log((1, 5.0, True), (2, 6.0, False)).curves == {"cell": Curve(1, [5.0, 6.0])}
    untrained = log((0, 1.0, True), (1, 5.0, False)).curves["cell"]
    assert (untrained.first, untrained.values, untrained.epochs) == (0, [1.0, 5.0], 1)


def test_a_training_that_begins_again_replaces_what_was_said_from_there_on():
    before = [(1, 5.0, True), (2, 6.0, False), (3, 7.0, False)]
    assert log(*before, (1, 4.0, True)).curves["cell"].values == [4.0]
    assert log(*before, (3, 9.0, True)).curves["cell"].values == [5.0, 6.0, 9.0]
    assert log(*before, (4, 9.0, True), (5, 1.0, False)).curves["cell"].values == [5.0, 6.0, 7.0, 9.0, 1.0]
    assert log(*before, (0, 1.0, True)).curves["cell"] == Curve(0, [1.0])


@pytest.mark.parametrize(
    ("epoch", "begins", "message"),
    [
        (2, False, r"epoch 2 comes after 3: epochs go up; .*anew=True"),
        (3, False, "epoch 3 comes after 3: epochs go up"),
        (5, False, "epoch 5 comes after 3, and none between; report every epoch"),
        (5, True, "epoch 5 comes after 3, and none between"),
    ],
)
def test_an_epoch_that_goes_backwards_or_is_missing_is_named(epoch, begins, message):
    with pytest.raises(ValueError, match=message):
        log((1, 5.0, True), (2, 6.0, False), (3, 7.0, False)).check("cell", epoch, begins)
    with pytest.raises(ValueError, match="the first epoch that is reported is 7; begin with 1"):
        CurveLog().check("cell", 7, True)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans())))
def test_whatever_is_reported_a_curve_has_a_value_for_each_epoch_up_to_its_last(reports):
    found, last = CurveLog(), None
    for number, (epoch, begins) in enumerate(reports):
        try:
            found.add(Report(number + 1, 1.0, "cell", epoch, float(number), int(begins), ""))
        except ValueError:
            continue
        last = epoch, float(number)
    if last:
        curve = found.curves["cell"]
        assert (curve.epochs, curve.values[-1]) == last
        assert curve.first in (0, 1)
        assert curve.values == sorted(curve.values)


def test_a_report_that_was_changed_is_not_read():
    report = Report(1, 2.0, "cell", 3, 4.5, 1, "worker")
    assert read_report(tuple(report), report.checksum()) == report
    for name, value in (("score", 4.6), ("epoch", 4), ("key", "other"), ("begins", 0), ("worker", "")):
        with pytest.raises(ValueError, match="does not fit its checksum"):
            read_report(tuple(report._replace(**{name: value})), report.checksum())
    with pytest.raises(ValueError, match="expected numbers"):
        read_report((1, 2.0, "cell", 3, float("nan"), 1, ""), 0)
