"""Plots of rankings, predictions and searches: all there, nothing covers anything, whatever the numbers and names."""

import warnings
from xml.etree import ElementTree as XML

import numpy as np
import pytest

from metanp import Ranking
from metanp.pictures import Picture
from metanp.pictures.axes import Scale, fitting_ticks, sensible_range, ticks, written
from metanp.pictures.colours import GREY, KINDS
from metanp.pictures.predictions import draw_predictions
from metanp.pictures.search import draw_search
from metanp.pictures.svg import note, picture, tag, words
from metanp.predicted import Predicted
from metanp.search import FAILED, Search
from tests.evaluated_cells import CELLS
from tests.metanp.pictures.drawn import SVG, outside, overlaps, placed_texts, size, texts

# offset and spread of scores: percent, a loss, parameters, tiny ones, a large offset, negative ones
SCORES = [(90, 2), (0.3, 0.1), (3e6, 5e5), (2e-7, 1e-7), (1e5, 0.01), (-500, 3), (0, 1e9), (1, 0)]
NASTY = "<b>\"&'</svg><script>alert(1)</script>"


def ranking_of(k: int, offset: float = 90, spread: float = 2) -> Ranking:
    rng = np.random.default_rng(k)
    mean = np.sort(offset + spread * rng.normal(size=k))[::-1]
    half = spread * rng.uniform(0.5, 1.5, k)
    cells, index = [CELLS[i % len(CELLS)] for i in range(k)], rng.permutation(423_624)[:k]
    return Ranking(cells, index, mean, half / 1.6, rng.random(k), mean - half, mean + half)


def predictions_of(n: int, offset: float, spread: float) -> Picture:
    rng = np.random.default_rng(0)
    measured, mean = offset + spread * rng.normal(size=(2, n))
    return draw_predictions(measured, mean, mean - spread, mean + spread)


def neat(drawn: Picture) -> bool:
    """Readable on a phone, and no text covers another or leaves the picture."""
    assert size(drawn)[0] <= 480
    assert overlaps(placed_texts(drawn)) == []
    assert outside(drawn) == []
    return True


# --- scales ---


def test_ticks_are_round_and_within_the_axis():
    assert [label for _, label in ticks(89.2, 91.9)] == ["89.5", "90.0", "90.5", "91.0", "91.5"]
    assert [label for _, label in ticks(0, 2_500_000)] == [
        "0",
        "500,000",
        "1,000,000",
        "1,500,000",
        "2,000,000",
        "2,500,000",
    ]
    assert written(0.0003, 1e-4) == "0.0003"
    assert written(2.5e-7, 1e-8) == "2.5e-07"


@pytest.mark.parametrize(("offset", "spread"), SCORES)
def test_an_axis_has_at_least_one_number_and_all_differ(offset, spread):
    low, high = sensible_range(offset + spread * np.arange(-3, 4))
    labels = [label for _, label in fitting_ticks(Scale(low, high, 0, 300))]
    assert len(labels) == len({*labels}) >= 1


def test_a_few_outliers_do_not_widen_an_axis():
    assert sensible_range([90, 91, 92, 93, 10]) == (89.85, 93.15)
    assert sensible_range([5, 5, 5]) == (4.75, 5.25)
    assert sensible_range([0]) == (-1, 1)


# --- pictures ---


@pytest.mark.parametrize(("offset", "spread"), SCORES)
@pytest.mark.parametrize("k", [1, 10, 500])
def test_a_ranking_is_neat_and_says_how_many_places_are_not_shown(k, offset, spread):
    ranking = ranking_of(k, offset, spread)
    measured = np.full(423_624, np.nan)
    measured[ranking.index] = ranking.mean + spread / 2
    for drawn in (ranking.plot(), ranking.plot(measured)):
        assert neat(drawn)
        assert {f"{i:,}" for i in ranking.index[:30]} <= {*texts(drawn)}
        assert ("and 470 more places" in texts(drawn)) == (k == 500)
    rings = [circle for circle in XML.fromstring(drawn.svg).iter(f"{SVG}circle") if circle.get("fill") == "none"]
    assert len(rings) == min(k, 30) + 1  # and one in the legend


@pytest.mark.parametrize(("offset", "spread"), SCORES)
def test_predictions_are_neat_and_have_a_diagonal_and_a_legend(offset, spread):
    drawn = predictions_of(50, offset, spread)
    assert neat(drawn)
    assert {"predicted mean", "90 % interval", "equal", "measured", "predicted"} <= {*texts(drawn)}


def test_the_diagonal_joins_equal_numbers_and_cells_far_outside_are_counted():
    measured = np.array([90.0, 91, 92, 93, 10, np.nan])
    drawn = draw_predictions(measured, measured, measured - 1, measured + 1)
    assert any("100% of the cells are inside of their interval; 1 outside" in text for text in texts(drawn))
    diagonal = next(one for one in XML.fromstring(drawn.svg).iter(f"{SVG}line") if one.get("stroke-dasharray"))
    x1, y1, x2, y2 = (float(diagonal.get(name)) for name in ("x1", "y1", "x2", "y2"))
    circles = [one for one in XML.fromstring(drawn.svg).iter(f"{SVG}circle") if one.get("r") == "2.2"]
    assert len(circles) == 4
    for circle in circles:
        along = (float(circle.get("cx")) - x1) / (x2 - x1)
        assert float(circle.get("cy")) == pytest.approx(y1 + along * (y2 - y1), abs=0.02)


def test_predictions_without_a_measurement_for_each_are_refused():
    predicted = Predicted(np.zeros(3), np.ones(3), lambda p: np.zeros(3))
    with pytest.raises(ValueError, match="3 cells were predicted, but measured has shape"):
        predicted.plot([1.0, 2.0])
    with pytest.raises(ValueError, match="no cell was measured"):
        predicted.plot([np.nan] * 3)
    assert isinstance(predicted.plot([1.0, np.nan, 2.0]), Picture)


@pytest.mark.parametrize(("offset", "spread"), SCORES)
@pytest.mark.parametrize("n", [1, 2, 300])
@pytest.mark.parametrize("maximize", [True, False])
def test_a_search_is_neat(n, maximize, offset, spread):
    scores = offset + spread * np.random.default_rng(n).normal(size=n)
    assert neat(draw_search(scores.tolist(), maximize, "nasbench201"))


def test_the_best_until_then_is_a_staircase_in_the_direction_that_is_better():
    for scores, maximize, steps in (([1.0, 3.0, 2.0, 4.0], True, 2), ([1.0, 3.0, 2.0, 4.0], False, 0)):
        paths = [one.get("d") for one in XML.fromstring(draw_search(scores, maximize).svg).iter(f"{SVG}path")]
        stairs = next(path for path in paths if "V" in path)
        heights = [float(part.split("H")[0]) for part in stairs.split("V")[1:]]
        first = float(stairs.split("H")[0].split()[1])
        assert sum(a != b for a, b in zip([first, *heights], heights, strict=False)) == steps
        assert sorted([first, *heights], reverse=True) == [first, *heights]  # upwards, where higher is better


# --- in a notebook ---


def test_a_search_shows_its_scores_and_its_best_cell():
    search = Search(CELLS, "random", maximize=False)
    assert "Nothing was evaluated yet" in search._repr_html_()
    cell, other = search.ask(2)
    search.tell(cell, 5.0)
    search.tell(other, FAILED)
    page = search._repr_html_()
    assert page.count("<svg") == 2
    assert cell.plot().svg in page
    assert "1 failed" in page
    assert "best 5" in search.plot().alternative


def test_a_ranking_shows_a_table_of_its_first_places():
    page = ranking_of(500)._repr_html_()
    assert page.count("<tr>") == 21
    assert "and 480 more places" in page
    assert ranking_of(1)._repr_html_().count("<tr>") == 2
    assert "conv3x3" in page


def test_whatever_users_wrote_is_shown_as_text(tmp_path):
    assert words(1, 2, NASTY) == tag("text", note(NASTY)[7:-8], x=1, y=2)
    assert NASTY not in words(1, 2, NASTY, fill=NASTY) + note(NASTY) + picture(1, 1, "", NASTY).svg
    assert NASTY in XML.fromstring(picture(1, 1, "", NASTY).svg).itertext()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search = Search(CELLS, "random", journal=tmp_path / "<b>&.sqlite")
        search.candidates.name = NASTY
        search.tell(CELLS[0], 1.0)
    for shown in (search._repr_html_(), search.plot().svg):
        assert "<b>" not in shown
        assert "<script>" not in shown
        assert "&lt;script&gt;" in shown


# --- files and pages ---


def test_a_picture_is_written_as_svg_alone(tmp_path):
    drawn = ranking_of(3).plot()
    drawn.save(tmp_path / "ranking.svg")
    root = XML.parse(tmp_path / "ranking.svg").getroot()
    assert root.tag == f"{SVG}svg"
    assert float(root.get("width")) == 460
    with pytest.raises(ValueError, match=r"pictures are written as \.svg"):
        drawn.save(tmp_path / "ranking.png")
    assert repr(drawn) == "<Picture: The best 3 by predicted score, with 90 % intervals>"


def test_text_takes_the_colour_of_the_page_and_of_light_or_dark_where_there_is_none():
    svg = ranking_of(3).plot().svg
    assert 'fill="currentColor"' in svg
    assert "prefers-color-scheme:dark" in svg
    style = next(XML.fromstring(svg).iter(f"{SVG}style")).text
    assert style.count("{color") == style.count("svg:root{color") == 2  # of the file alone: a page keeps its own


@pytest.mark.parametrize("colour", sorted({GREY, *KINDS.values()}))
@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_colours_are_seen_on_light_and_on_dark_pages(colour, page):
    a, b = sorted((_luminance(colour), _luminance(page)))
    assert (b + 0.05) / (a + 0.05) >= 3  # WCAG 2.1, 1.4.11


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
