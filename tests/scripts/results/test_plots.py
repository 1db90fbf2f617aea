"""Drawings show their data, have complete names, and are the same each time."""

import math
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pytest

from scripts.results import axes
from scripts.results.drawing import LETTER, PITCH, beside, folded, spread
from scripts.results.plots import Line, Mark, Runs, lines, looks, marks, predicted_ranks, rank_diagram, single_runs
from scripts.results.statistics import Ranking
from tests.made_up_rows import Made

LONG = "GP, Weisfeiler-Lehman counts and graph features"
TITLES = {"metanp": "MetaNP", "a": LONG, "b": "A & B <i> $x$ of <B&B>", "c": "the same"}
LOOKS = looks({name: Made(title, family=f"family of {name}") for name, title in TITLES.items()})
LABELS = partial(axes.counts, title="labels")
DRAWINGS = {
    "lines": lambda: lines(
        {n: Line([5, 20, 100], [0.1 * i, 0.5, 0.6], [0.1, 0.1, 0.1]) for i, n in enumerate(TITLES)},
        LOOKS,
        LABELS,
        axes.tau,
    ),
    "stairs": lambda: lines(
        {n: Line([1.0, 2.0 + i], [90.0, 92.0]) for i, n in enumerate(TITLES)},
        LOOKS,
        partial(axes.even, title="latency", low=1.0),
        partial(axes.even, title="score"),
        Line([1.0, 3.0], [91.0, 94.0]),
    ),
    "single runs": lambda: single_runs(
        {n: Runs(np.array([1.0, 30.0, 200.0]), np.array([False, False, True])) for n in TITLES},
        LOOKS,
        partial(axes.log, title="evaluations"),
    ),
    "marks": lambda: marks(
        {n: Mark(10.0**i, 0.5 + 0.1 * i, "told", 9, i < 2) for i, n in enumerate(TITLES)},
        LOOKS,
        partial(axes.seconds, title="initialisation"),
        axes.tau,
        stairs=True,
    ),
    "ranks": lambda: rank_diagram(Ranking({n: 1.5 + i for i, n in enumerate(TITLES)}, 9, 1.2, 0.01), LOOKS),
}


def groups(drawing: str) -> dict[str, ElementTree.Element]:
    return {group.get("data-p"): group for group in ElementTree.fromstring(drawing).iter("g")}


def of(group: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [element for element in group.iter() if kind in element.get("class", "").split()]


def title(group: ElementTree.Element) -> str:
    return " ".join(text.text for text in of(group, "name"))


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_every_predictor_is_a_group_with_its_colour_a_note_and_its_whole_name(draw):
    found = groups(draw())
    assert {name: group.get("class") for name, group in found.items()} == {
        "metanp": "item ours",
        "a": "item f0",
        "b": "item f1",
        "c": "item f2",
    }
    for name, group in found.items():
        assert title(group).removeprefix(f"{list(TITLES).index(name) + 1.5:.2f} ") == TITLES[name]
        assert group.find("title").text.startswith(f"{TITLES[name]}: ")
    assert list(found)[-1] == "metanp"  # above all others


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_a_drawing_has_a_label_fits_its_page_and_uses_the_style_sheet(draw):
    drawing = draw()
    root = ElementTree.fromstring(drawing)
    assert root.get("role") == "img"
    assert all(title in root.get("aria-label") for title in TITLES.values())
    assert root.get("viewBox").startswith("0 0 500 ")
    assert root.get("width") is None
    for element in root.iter():
        assert not set(element.keys()) & {"style", "id", "clip-path", "fill", "stroke"}
    assert drawing == draw()


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_names_do_not_cover_one_another_however_many_there_are(draw):
    boxes = []
    for text in of(ElementTree.fromstring(draw()), "name"):
        x, y, wide = float(text.get("x")), float(text.get("y")), LETTER * len(text.text)
        x -= {"end": wide, "mid": wide / 2}.get(text.get("class").split()[-1], 0)
        boxes.append((x, y - 0.7 * PITCH, x + wide, y))
    assert len(boxes) >= len(TITLES)
    for i, a in enumerate(boxes):
        assert not any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in boxes[:i])
        assert 0 <= a[0] < a[2] <= 500


def test_many_names_make_a_drawing_taller():
    many = {f"p{i}": Made(f"{LONG}, number {i}") for i in range(40)}
    drawing = lines({name: Line([5, 20], [0.5, 0.5]) for name in many}, looks(many), LABELS, axes.tau)
    places = [float(text.get("y")) for text in of(ElementTree.fromstring(drawing), "name")]
    assert len(places) == 40 * 3
    assert min(abs(a - b) for i, a in enumerate(places) for b in places[:i]) > PITCH - 0.2
    assert min(places) > 0
    assert max(places) < float(ElementTree.fromstring(drawing).get("viewBox").split()[-1])


def test_a_line_has_a_band_where_its_intervals_are_known():
    found = {"metanp": Line([5, 20], [0.5, 0.6], [0.1, 0.1]), "a": Line([5, 20], [0.4, 0.5], [0.1, math.inf])}
    found |= {"b": Line([5, 20], [0.4, 0.5], [math.nan, 0.1]), "c": Line([5, 20], [0.4, 0.5])}
    drawn = groups(lines(found, LOOKS, LABELS, axes.tau))
    assert [name for name, group in drawn.items() if of(group, "band")] == ["metanp"]
    assert all(len(of(group, "curve")) == 1 for group in drawn.values())
    assert "nan" not in "".join(path.get("d") for group in drawn.values() for path in group.iter("path"))


def test_a_single_number_is_a_dot():
    drawn = groups(lines({"a": Line([20], [1.0])}, LOOKS, LABELS, axes.tau))
    assert len(of(drawn["a"], "dot")) == 1
    assert drawn["a"].find("title").text == f"{LONG}: 1 at 20"
    assert of(
        groups(single_runs({"a": Runs(np.array([3.0]), np.array([True]))}, LOOKS, partial(axes.log, title="n")))["a"],
        "ring",
    )


def test_a_front_of_which_nothing_was_found_is_drawn_alone():
    root = ElementTree.fromstring(
        lines({}, LOOKS, LABELS, partial(axes.even, title="score"), Line([1, 3], [91.0, 94.0]))
    )
    assert len(of(root, "front")) == 1
    assert not of(root, "curve")


def test_values_beyond_an_axis_are_drawn_at_its_end():
    found = {name: Line([5, 20], [0.8, 0.8]) for name in "bcdefghijklmnopqrstuvwxyz"} | {
        "a": Line([5, 20], [0.8, -0.9])
    }
    named = looks({name: Made(name) for name in found})
    root = ElementTree.fromstring(lines(found, named, LABELS, axes.tau))
    (end,) = {path.get("d").split()[-1] for path in of(groups(ElementTree.tostring(root, "unicode"))["a"], "curve")}
    bottom = float(root.get("viewBox").split()[-1]) - 42
    assert float(end) == pytest.approx(bottom, abs=0.2)


def test_a_hollow_point_is_a_lower_bound():
    found = {"a": Runs(np.array([1.0, 30.0, 200.0]), np.array([False, True, True]))}
    drawn = groups(single_runs(found, LOOKS, partial(axes.log, title="evaluations")))["a"]
    assert (len(of(drawn, "mark")), len(of(drawn, "ring"))) == (1, 2)


def test_bars_join_predictors_that_do_not_differ_significantly():
    # 1.5, 2.5 | 2.5, 3.5 | 3.5, 4.5 are nearer than 1.2: three bars, the last below the first in the same column
    bars = of(ElementTree.fromstring(DRAWINGS["ranks"]()), "group")
    assert len(bars) == 3
    columns = [bar.get("d")[1:].split()[0] for bar in bars]
    assert columns[0] == columns[2] != columns[1]


def test_cells_are_dots_at_their_ranks_the_best_in_the_upper_right_corner():
    panel = ElementTree.fromstring(predicted_ranks([1, 2, 4], [5, 9, 7], LOOKS["a"]))
    (cells,) = of(panel, "cells")
    assert cells.get("d") == "M40 80h0M80 0h0M120 40h0"
    assert panel.get("aria-label") == f"{LONG}: predicted against true rank of 3 cells."


def test_names_do_not_overlap_stay_within_their_ends_and_keep_their_order():
    assert spread([5, 50, 52, 51], [10] * 4, 0, 100) == pytest.approx([5, 41, 61, 51])
    assert spread([95, 99, 98], [10] * 3, 0, 100) == pytest.approx([75, 95, 85])
    assert spread([50, 50], [10, 20], 0, 100) == pytest.approx([57.5, 42.5])  # the first of equal ones is the highest


def test_a_name_is_further_away_if_places_near_its_mark_are_taken():
    points = [(100.0 + 2 * i, 100.0) for i in range(8)]
    found = list(beside(points, ["predictor"] * 8, (0, 0, 220, 220)))
    assert all(found)
    assert any(math.dist(point, place[:2]) > 20 for point, place in zip(points, found, strict=True))
    assert list(beside([(10.0, 10.0)], ["no room"], (0, 0, 20, 20))) == [None]


def test_a_name_is_folded_and_never_cut():
    assert folded(LONG, 132) == ["GP, Weisfeiler-Lehman", "counts and graph", "features"]
    assert "".join(folded("x" * 50, 132)) == "x" * 50


def test_ticks_are_round_and_apart():
    assert sorted(axes.counts([0, 5, 10, 20, 46, 50, 100], "labels").ticks) == [0, 5, 10, 20, 50, 100]
    assert sorted(axes.counts(range(1, 61), "evaluations").ticks) == [1, 5, 10, 20, 60]
    assert {0.6, 0.7, 0.8, 0.9} <= set(axes.tau([0.55, 0.93]).ticks)
    assert {0.1, 1, 10} <= set(axes.log([0, 0.05, 90], "regret").ticks)
    assert axes.seconds([0.5, 3], "query").low == pytest.approx(0.1)


@pytest.mark.parametrize("make", [lambda n, title: axes.tau(n), axes.counts, axes.even, axes.log, axes.seconds])
@pytest.mark.parametrize("values", [[1], [1, 1], [1, 1, 1, 1e-9]])
def test_an_axis_has_two_ends_whatever_its_values(make, values):
    axis = make(values, title="x")
    assert axis.low < axis.high
    there, back = axis.warp
    assert there(axis.low) < there(axis.high)
    assert back(there(np.array([axis.high]))) == pytest.approx([axis.high], rel=1e-3)
