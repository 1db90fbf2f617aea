"""What cannot be drawn is refused: by the item, and with what to give instead."""

import subprocess
import sys

import numpy as np
import pytest

from metanp import plot
from metanp.curves import Curves, Quantity, make_predictor
from metanp.predicted import Predicted
from metanp.ranking import Ranking
from metanp.search import Search
from tests.evaluated_cells import CELLS
from tests.only_the_library import only_the_library

NONE = np.zeros(0)
EMPTY = Ranking([], NONE.astype(int), NONE, NONE, NONE, NONE, NONE)
ONE = Ranking(CELLS[:1], np.array([4]), *np.ones((5, 1)))
PERCENT = Quantity("validation_accuracy", "percent", maximize=True)
CURVES = Curves.of([[1.0, 2.0], [3.0, 4.0]], PERCENT)
ENDS = Predicted(np.zeros(2), np.ones(2), lambda p: np.zeros(2))
ROW = {"predictor": "a", "init_seconds": 0, "query_seconds": 1, "kendall_tau": 0.4}


def searched(*scores: float) -> Search:
    search = Search(CELLS[:9], "random")
    for cell, score in zip(search.ask(len(scores)) if scores else [], scores, strict=True):
        search.tell(cell, score)
    return search


REFUSED = [
    (lambda: plot.cell("|none~0|"), r"cell 0 is '\|none~0\|', no Cell; make one with Cell.from_nasbench201"),
    (lambda: plot.cell(CELLS[0], axes=3), "axes is 3 .int.; give axes of matplotlib"),
    (lambda: plot.ranking([0.1, 0.2]), "ranking is .* .list.; give that of model.rank"),
    (lambda: plot.ranking(EMPTY), "the ranking is empty; rank at least one candidate"),
    (lambda: plot.ranking(ONE, measured=[1.0]), "1 measured scores; give one for every candidate that was ranked"),
    (lambda: plot.regret([10], [1.0]), "regret_by_method is .*; give regrets by name"),
    (lambda: plot.regret([10], {}), "no method to draw"),
    (lambda: plot.regret([10], {"mine": [1.0, 2.0]}), "1 numbers of labels, but the regrets of 'mine' have shape"),
    (lambda: plot.regret([10], {"mine": ["much"]}), "the regrets of 'mine' are .*; give a list of numbers"),
    (lambda: plot.regret([10], {"a": [1.0]}, {"b": [1.0]}), "halves of 'b', which has no regrets; the methods are a"),
    (lambda: plot.regret([10], {"a": [[1.0]]}, {"a": [1.0]}), "halves of 'a' of shape"),
    (lambda: plot.history("run.sqlite"), "search is 'run.sqlite' .str.; give a metanp.search.Search"),
    (lambda: plot.history(searched()), "nothing to draw: no score was told yet"),
    (lambda: plot.history(searched(1.0), suggestions=-1), "suggestions is -1; give 0 or more"),
    (lambda: plot.curves([[1.0]], ENDS, 5), "started is .*; give metanp.curves.Curves"),
    (lambda: plot.curves(CURVES[:0], ENDS, 5), "0 curves to draw; give 1 to 12"),
    (lambda: plot.curves(CURVES, ENDS, 1), "curve 0 was measured until epoch 2, beyond last_epoch 1"),
    (lambda: plot.curves(CURVES, ENDS, 5, whole=CURVES[:1]), "2 started curves and 1 whole ones"),
    (lambda: plot.curves(CURVES[:1], ENDS, 5), "1 curves, but distributions of 2 ends; give one a curve"),
    (lambda: plot.curves(CURVES, 0.9, 5), "ends is 0.9 .float.; give a fitted predictor"),
    (lambda: plot.curves(CURVES, make_predictor("metanp"), 5), "was not fitted; call fit"),
    (lambda: plot.curves(Curves.of([[1.0], []], PERCENT), ENDS, 5), "curve 1 has no epoch; leave it out"),
    (lambda: plot.curves(Curves.of([[1.0, np.nan]], PERCENT), ENDS, 5), "curve 0 has failed; leave it out"),
    (lambda: plot.front(searched(1.0), [1.0]), "cost is .*; beside a search give a function from a cell to its cost"),
    (lambda: plot.front([1.0], len), "cost is a function, but there is no search; give one cost a score"),
    (lambda: plot.front([1.0, 2.0], [1.0]), "1 cells but scores of shape"),
    (lambda: plot.front([1.0], [np.inf]), "cell 0 is inf"),
    (lambda: plot.front([], []), "nothing to draw: no cell was evaluated"),
    (lambda: plot.times([]), "no rows to draw"),
    (lambda: plot.times([3]), "row 0 is 3 .int.; give a mapping with predictor, init_seconds"),
    (lambda: plot.times([ROW, {"predictor": "b"}]), "row 1 has no init_seconds"),
    (lambda: plot.times([{**ROW, "query_seconds": -1}]), "query_seconds of row 0 is -1; seconds are 0 or more"),
]


@pytest.mark.parametrize(("draw", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_what_cannot_be_drawn_is_named_with_the_remedy_and_leaves_no_figure(draw, message):
    from matplotlib import pyplot

    with pytest.raises(ValueError, match=message):
        draw()
    assert pyplot.get_fignums() == []


PROGRAM = """
import sys
from metanp import Cell, plot
assert "matplotlib" not in sys.modules
try:
    plot.cell(Cell(["input", "skip", "output"], [(0, 1), (1, 2)]))
except ImportError as error:
    print(error)
"""


def test_plots_import_without_matplotlib_and_the_first_one_names_the_extra(tmp_path):
    env = only_the_library(tmp_path / "installed")
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "this needs matplotlib: pip install 'metanp[plot]'" in done.stdout
