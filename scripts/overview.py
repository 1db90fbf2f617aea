"""The pictures of the README, from summaries in `results/summary/`: MetaNP beside its strongest rivals.

Each is an SVG file with the colours of the result pages, light and dark; `scripts.readme` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring, tostring

import pandas as pd

from scripts.leaderboards.entrants import MINE, describe, read_catalogue
from scripts.results import axes
from scripts.results.axes import Made
from scripts.results.entrants import OURS, Described
from scripts.results.plots import Bar, Line, bars, lines, looks
from scripts.searches.entrants import read_strategies

Row = Mapping[str, Any]
RIVALS = ("gp_wl", "xgboost", "random_forest", "graf_forest")
FEWEST, MOST = 5, 200  # labels
WIDTH = 410  # two fit side by side on a desktop, one on a phone
STYLE = Path(__file__).parent / "results" / "page.css"
SUMMARIES = ("nb201-label-free", "search-nasbench201-cifar10-label-free")


def pictures(rows: Mapping[str, Sequence[Row]]) -> dict[str, str]:
    """Pictures by file name, from the rows of `SUMMARIES`."""
    board, search = (rows[name] for name in SUMMARIES)
    tau = partial(_over_labels, board, "kendall_tau", axes.tau)
    regret = partial(_over_labels, board, "regret_at_10", partial(axes.log, title="regret of the best ten, points"))
    return {"tau.svg": _alone(tau()), "regret.svg": _alone(regret()), "search.svg": _alone(_search(search))}


def _over_labels(rows: Sequence[Row], metric: str, up: Made) -> str:
    """Means over the columns that are ranked against themselves, by numbers of labels."""
    table = pd.DataFrame([row for row in rows if row["shown"] == row["scored"] and row["predictor"] in (OURS, *RIVALS)])
    table = table[table["labels"].between(FEWEST, MOST)]
    means = table.pivot_table(metric, "labels", "predictor")
    catalogue = read_catalogue()
    known = {OURS: MINE, **{name: describe(name, catalogue[name]) for name in RIVALS}}
    found = {name: Line(means.index.tolist(), means[name].tolist()) for name in known}
    return lines(found, looks(known), partial(axes.counts, title="evaluated cells"), up)


def _search(rows: Sequence[Row]) -> str:
    strategies = read_strategies()
    known: dict[str, Described] = {row["strategy"]: strategies[row["strategy"]].described() for row in rows}
    found = {
        row["strategy"]: Bar(
            row["evaluations_to_best_mean"],
            row["evaluations_to_best_ci95"] or 0.0,
            row["evaluations_to_best_found"] < 1,
        )
        for row in rows
    }
    return bars(found, looks(known), partial(axes.even, title="evaluations until the best of 15,625 cells", low=0.0))


def _alone(drawing: str) -> str:
    """A drawing as a complete SVG file, with the rules of the page's style sheet that apply to it."""
    css = STYLE.read_text(encoding="utf-8")
    rules = css[: css.index("* { box-sizing")] + css[css.index("svg text {") : css.index(".lit .item {")]
    picture = fromstring(drawing)
    _, _, width, height = map(float, picture.get("viewBox", "").split())
    picture.attrib |= {
        "xmlns": "http://www.w3.org/2000/svg", "width": f"{WIDTH}", "height": f"{WIDTH * height / width:.0f}",
    }  # fmt: skip
    style = Element("style")
    style.text = rules + "svg text { font-family: system-ui, sans-serif }"
    picture.insert(0, style)
    return tostring(picture, encoding="unicode") + "\n"
