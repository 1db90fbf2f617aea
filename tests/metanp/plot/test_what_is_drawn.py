"""What each plot draws, number by number, read from the artists of its axes."""

import numpy as np
import pytest
from matplotlib import pyplot, style

from metanp import Cell, plot
from metanp.curves import CurvePredictor, Curves, Quantity
from metanp.predicted import Predicted
from metanp.ranking import Ranking
from metanp.search import Search
from tests.evaluated_cells import CELLS

PERCENT = Quantity("validation_accuracy", "percent", maximize=True)
LOSS = Quantity("validation_loss", "nats", maximize=False)
SCORES = [80.0, 90.0, 85.0, 95.0, 93.0]


def line(axes, label):
    """The points of the line of this label."""
    (found,) = [one for one in axes.get_lines() if one.get_label() == label]
    return np.asarray(found.get_xydata()).tolist()


def labels(axes) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def ranking_of(k: int) -> Ranking:
    mean = 95.0 - np.arange(k)
    return Ranking(CELLS[:1] * k, np.arange(k)[::-1], mean, np.ones(k), np.full(k, 0.25), mean - 2, mean + 1)


# --- a cell ---


def test_a_cell_has_a_box_for_each_node_below_those_before_it_and_dead_nodes_are_dashed():
    cell = Cell(["input", "conv3x3", "skip", "output"], [(0, 1), (1, 3), (0, 2)])
    axes = plot.cell(cell)
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert {*heights} == {"input", "conv3x3", "skip", "output"}
    assert axes.yaxis_inverted()
    assert heights["input"] < heights["conv3x3"] == heights["skip"] < heights["output"]
    boxes = [patch for patch in axes.patches if hasattr(patch, "get_boxstyle") and patch.get_facecolor()[3] == 0]
    assert sorted(box.get_linestyle() for box in boxes) == ["-", "-", "-", "--"]
    arrows = [patch for patch in axes.patches if hasattr(patch, "get_arrowstyle")]
    assert len(arrows) == 3


def test_a_cell_too_large_to_be_drawn_is_counted():
    n = 80
    chain = Cell(["input", *["conv3x3"] * 70, *["skip"] * (n - 72), "output"], [(i, i + 1) for i in range(n - 1)])
    axes = plot.cell(chain)
    assert [bar.get_width() for bar in axes.patches] == [70, 8, 1, 1]
    assert axes.get_title() == "cell of 80 nodes and 79 edges"


# --- a ranking ---


def test_a_ranking_has_means_intervals_places_candidates_and_measurements_in_its_own_order():
    axes = plot.ranking(ranking_of(3), measured=[1.0, 2.0, np.nan])
    assert line(axes, "predicted mean") == [[95, 0], [94, 1], [93, 2]]
    (intervals,) = axes.collections
    assert [segment[:, 0].tolist() for segment in intervals.get_segments()] == [[93, 96], [92, 95], [91, 94]]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["1  (2)", "2  (1)", "3  (0)"]
    assert np.array_equal(line(axes, "measured"), [[np.nan, 0], [2, 1], [1, 2]], equal_nan=True)
    assert [text.get_text() for text in axes.texts] == ["0.25", "0.25", "0.25", "P(top 3)"]
    assert axes.yaxis_inverted()


def test_a_long_ranking_is_cut_and_says_how_many_places_are_left_out():
    axes = plot.ranking(ranking_of(42))
    assert len(line(axes, "predicted mean")) == 30
    assert axes.get_xlabel() == "score; and 12 more"


# --- regret ---


def test_regret_of_runs_is_their_mean_with_an_interval_of_students_t():
    axes = plot.regret([10, 100], {"mine": [[1.0, 0.5], [3.0, np.nan]]})
    (container,) = axes.containers
    points, _, (bars,) = container
    assert points.get_ydata().tolist() == [2.0, 0.5]
    lower, upper = bars.get_segments()[0][:, 1]
    half = 12.7062047364 * np.sqrt(2) / np.sqrt(2)  # t of one degree of freedom, spread, two runs
    assert (lower, upper) == pytest.approx((2 - half, 2 + half))
    assert np.ptp(bars.get_segments()[1][:, 1]) == 0  # one run says nothing of others
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_regret_has_given_halves_and_a_linear_scale_where_one_reaches_zero():
    axes = plot.regret([10, 100], {"a": [1.0, 0.0], "b": [2.0, 1.0]}, halves={"b": [0.5, 0.25]})
    assert labels(axes) == ["a", "b"]
    assert axes.get_yscale() == "linear"
    _, _, (bars,) = axes.containers[1]
    assert [np.ptp(segment[:, 1]) for segment in bars.get_segments()] == [1.0, 0.5]


# --- a search ---


@pytest.mark.parametrize("maximize", [True, False])
def test_a_search_is_drawn_in_the_units_told_with_the_best_until_then(maximize):
    search = Search(CELLS[:9], "random", maximize=maximize)
    for cell, score in zip(search.ask(5), SCORES, strict=True):
        search.tell(cell, score)
    axes = plot.history(search, suggestions=3)
    best = [80, 90, 90, 95, 95] if maximize else [80] * 5
    assert [y for _, y in line(axes, "best until then")] == best
    assert {"evaluated", "best until then"} <= {*labels(axes)}
    assert not any("next" in label for label in labels(axes))  # random search expects nothing


def test_what_comes_next_stands_behind_the_scores_with_its_expectation_and_is_not_asked_for():
    search = Search(CELLS[:9], "metanp")
    for cell, score in zip(search.ask(5), SCORES, strict=True):
        search.tell(cell, score)
    axes = plot.history(search, suggestions=2)
    ((points, _, (bars,)),) = axes.containers
    expected = search.suggestions(2)
    assert points.get_xdata().tolist() == [6, 7]
    assert points.get_ydata().tolist() == pytest.approx([one.mean for one in expected])
    ends = [[one.mean - one.std, one.mean + one.std] for one in expected]
    assert np.array([segment[:, 1] for segment in bars.get_segments()]) == pytest.approx(np.array(ends))
    assert search.pending == []
    assert "next 2, mean ± std" in labels(axes)


def test_a_score_far_below_the_others_is_an_arrow_at_the_edge():
    search = Search(CELLS[:9], "random")
    for cell, score in zip(search.ask(6), [*SCORES, -1000.0], strict=True):
        search.tell(cell, score)
    axes = plot.history(search, suggestions=0)
    assert line(axes, "1 below") == [[6, axes.get_ylim()[0]]]
    assert axes.get_ylim()[0] > 0


# --- curves ---


class Known(CurvePredictor):
    """Ends that are 10 and 20 as scores, with quantiles evenly around them."""

    def _moments(self, prefixes):
        return self._mean(prefixes), np.ones(len(prefixes))

    def _mean(self, prefixes):
        return np.where(prefixes.scores()[:, 0] > 0, 20.0, -10.0)

    def _quantile(self, prefixes, p):
        return self._mean(prefixes) + 10 * (p - 0.5)


@pytest.mark.parametrize(("quantity", "median"), [(PERCENT, 20.0), (LOSS, 10.0)])
def test_a_fan_goes_from_the_last_value_to_quantiles_of_the_end_in_the_unit_of_the_curve(quantity, median):
    started = Curves.of([[1.0, 2.0, 3.0]], quantity)
    whole = Curves.of([[1.0, 2.0, 3.0, 4.0, 5.0]], quantity)
    axes = plot.curves(started, Known().fit(whole), last_epoch=5, whole=whole)
    outer, inner = (one.get_paths()[0].vertices for one in axes.collections[:2])
    for fan, half in ((outer, 4.5), (inner, 2.5)):
        assert {tuple(point) for point in fan.round(9).tolist()} == {(3, 3), (5, median - half), (5, median + half)}
    lines = [np.asarray(one.get_xydata()).tolist() for one in axes.get_lines()]
    assert [[1, 1], [2, 2], [3, 3]] in lines
    assert [[5, median]] in lines
    assert [[1, 1], [2, 2], [3, 3], [4, 4], [5, 5]] in lines


def test_distributions_of_metanp_are_in_the_unit_of_the_curves_already():
    started = Curves.of([[0.5], [0.25]], LOSS)
    ends = Predicted(np.array([0.1, 0.2]), np.ones(2), lambda p: np.array([0.1, 0.2]) + p)
    axes = plot.curves(started, ends, last_epoch=3)
    lines = [np.asarray(one.get_xydata()).tolist() for one in axes.get_lines()]
    assert [[3, 0.6]] in lines
    assert [[3, 0.7]] in lines
    assert axes.get_ylabel() == "validation loss, nats"


# --- two goals ---


def test_the_front_is_a_staircase_of_the_best_score_at_each_cost():
    axes = plot.front([80, 90, 85, 95], [1, 2, 3, 4])
    assert line(axes, "front, 3 cells") == [[1, 80], [2, 90], [4, 95]]
    (stairs,) = [one for one in axes.get_lines() if one.get_drawstyle() == "steps-post"]
    assert stairs.get_xydata().tolist() == [[1, 80], [2, 90], [4, 95], [4, 95]]


def test_the_front_of_a_loss_is_that_of_low_scores():
    axes = plot.front([0.5, 0.4, 0.9], [1, 2, 3], maximize=False)
    assert line(axes, "front, 2 cells") == [[1, 0.5], [2, 0.4]]


def test_a_search_knows_its_direction_and_the_cost_is_asked_of_each_cell():
    search = Search(CELLS[:9], "random", maximize=False)
    asked = search.ask(3)
    for cell, score in zip(asked, [3.0, 2.0, 1.0], strict=True):
        search.tell(cell, score)
    place = {cell.key: i for i, cell in enumerate(asked)}
    axes = plot.front(search, lambda cell: place[cell.key])
    assert line(axes, "front, 3 cells") == [[0, 3], [1, 2], [2, 1]]


# --- budgets ---

ROWS = [
    {"predictor": "proxy", "init_seconds": 0, "query_seconds": 1, "kendall_tau": 0.4},
    {"predictor": "model", "init_seconds": 100, "query_seconds": 0.1, "kendall_tau": 0.6},
    {"predictor": "model", "init_seconds": 1000, "query_seconds": 0.1, "kendall_tau": 0.5},
]


def test_the_colour_at_two_budgets_is_the_best_correlation_within_both():
    axes = plot.times(ROWS)
    mesh = axes.collections[0]
    # query below 0.1, 0.1 and 1 upwards; initialisation 0, 100, 1000 to the right
    drawn = np.ma.filled(mesh.get_array().astype(float), np.nan).reshape(3, 3)
    assert np.array_equal(drawn, [[np.nan] * 3, [np.nan, 0.6, 0.6], [0.4, 0.6, 0.6]], equal_nan=True)
    assert labels(axes) == ["proxy", "model"]


def test_a_row_that_is_nowhere_the_best_has_an_empty_mark():
    axes = plot.times(ROWS)
    empty = [one.get_xydata().tolist() for one in axes.get_lines() if one.get_markerfacecolor() == "none"]
    assert [[1000, 0.1]] in empty
    assert [[100, 0.1]] not in empty


# --- all ---


def test_plots_are_drawn_into_given_axes_and_text_has_the_colour_of_the_style():
    with style.context("dark_background"):
        _, both = pyplot.subplots(1, 2)
        assert plot.ranking(ranking_of(2), axes=both[0]) is both[0]
        assert plot.cell(CELLS[0], axes=both[1]) is both[1]
        assert {text.get_color() for text in both[1].texts} == {"white"}
    assert pyplot.get_fignums() == [1]


def test_colours_are_told_apart_without_hue_and_are_visible_on_white_and_black():
    """Contrast as in the Web Content Accessibility Guidelines: 3 for parts of pictures."""
    from matplotlib.colors import to_rgb

    from metanp.plot.style import COLOURS, MARKS

    for colour in COLOURS:
        parts = np.array(to_rgb(colour))
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        light = float(linear @ [0.2126, 0.7152, 0.0722])
        assert 1.05 / (light + 0.05) >= 3
        assert (light + 0.05) / 0.05 >= 3
    assert len({*MARKS}) == len(MARKS) >= len(COLOURS)
