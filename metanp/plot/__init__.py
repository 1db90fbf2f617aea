"""Plots with matplotlib, to be changed and combined with your own: `pip install 'metanp[plot]'`.

    from metanp import plot

    axes = plot.ranking(model.rank(candidates, k=10))
    axes.figure.savefig("ranking.pdf")

Each function takes objects of the library or arrays, draws into `axes` or into a new figure, and returns the axes.
Colours are visible on white and on black and differ for colour-blind readers, as marks and lines do; all else has the
colours of the style that is in use, such as `matplotlib.style.use("dark_background")`.

    style.py         axes, colours, marks
    cell_graph.py    a cell                         over_labels.py   regret over numbers of labels
    places.py        a ranking                      fans.py          learning curves and their predicted ends
    progress.py      the history of a search        goals.py         score against cost, and the front
    budgets.py       predictors by their initialisation and query time

Pictures that need nothing installed are those of `metanp.pictures`. matplotlib is imported with the first plot.
"""

from metanp.plot.budgets import times
from metanp.plot.cell_graph import cell
from metanp.plot.fans import curves
from metanp.plot.goals import front
from metanp.plot.over_labels import regret
from metanp.plot.places import ranking
from metanp.plot.progress import history

__all__ = ["cell", "curves", "front", "history", "ranking", "regret", "times"]
