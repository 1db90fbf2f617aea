"""The picture of the study: which predictor is best at which pair of initialisation and query time.

Three panels over the same two budgets: the best of all others, the best with MetaNP, and by how much MetaNP is ahead or
behind. A budget holds everything that costs no more.

Source: White et al. 2021 (arXiv:2104.01177), Figure 3; here winners come from the points themselves, not from averages
over spaces.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import LogLocator

from scripts.grid.points import Best, Point, best, budgets
from scripts.results.entrants import OURS

CELLS = 36  # budgets along an axis
OURS_COLOUR = "#d1495b"
COLOURS = (  # of others, in the order of their share
    "#30638e", "#66a182", "#edae49", "#8d6a9f", "#7f7f7f", "#00798c", "#b98b5e", "#a3c4bc", "#5b5f97", "#c9cba3",
)  # fmt: skip
OTHERS, REST = "others", "#cfcfcf"
PLAIN: Any = {"svg.hashsalt": "study", "svg.fonttype": "none", "font.size": 9}


def drawn(found: Sequence[Point], titles: Mapping[str, str], form: str = "svg") -> bytes:
    """The figure of the points of one benchmark; the same bytes for the same numbers."""
    starts, queries = budgets(found, CELLS)
    chosen = [[best(found, start, query) for start in starts] for query in queries]
    others = [[_name(one.other) for one in row] for row in chosen]
    firsts = [[_name(one.first) for one in row] for row in chosen]
    colours = _colours([*others, *firsts])
    with rc_context(PLAIN):
        figure = Figure(figsize=(10, 4.9))
        left, middle, right = figure.subplots(1, 3, sharey=True)
        figure.subplots_adjust(0.07, 0.38, 0.985, 0.93, 0.08)
        winners(left, starts, queries, others, colours, "best without MetaNP")
        winners(middle, starts, queries, firsts, colours, "best with MetaNP")
        leads(right, starts, queries, chosen)
        left.set_ylabel("query of one architecture, s")
        handles = [Patch(color=colour, label=_title(name, titles)) for name, colour in colours.items()]
        figure.legend(handles=handles, loc="lower left", fontsize=8, frameon=False, ncols=2, bbox_to_anchor=(0.03, 0.0))
        written = io.BytesIO()
        more: Any = {"metadata": {"Date": None}} if form == "svg" else {"dpi": 130}
        figure.savefig(written, format=form, **more)
    return written.getvalue()


def _name(one: Point | None) -> str:
    """Of a case; of ours, whatever they are shown, one name."""
    return "" if one is None else OURS if one.is_ours else one.case


def _title(name: str, titles: Mapping[str, str]) -> str:
    title = "others" if name == OTHERS else "MetaNP" if name == OURS else titles.get(name, name)
    return title.replace("Weisfeiler-Lehman counts and graph features", "WL and graph features")


def _colours(chosen: Sequence[Sequence[str]]) -> dict[str, str]:
    """Ours, then those with the largest shares, then all others together."""
    flat = [name for row in chosen for name in row if name]
    order = sorted({*flat} - {OURS}, key=lambda name: (-flat.count(name), name))
    colours = {OURS: OURS_COLOUR} if OURS in flat else {}
    colours |= dict(zip(order, COLOURS, strict=False))
    return colours | ({OTHERS: REST} if len(order) > len(COLOURS) else {})


def winners(
    axes: Axes,
    starts: np.ndarray,
    queries: np.ndarray,
    names: Sequence[Sequence[str]],
    colours: Mapping[str, str],
    title: str,
) -> None:
    """Each pair of budgets in the colour of the best case; white where nothing is as cheap."""
    pixels = np.array([[to_rgb(colours.get(name, REST) if name else "white") for name in row] for row in names])
    axes.pcolormesh(starts, queries, pixels)
    _logarithmic(axes, title)


def leads(axes: Axes, starts: np.ndarray, queries: np.ndarray, chosen: Sequence[Sequence[Best]]) -> None:
    """Tau of MetaNP minus that of the best other; pale where the 95 % interval contains zero."""
    values = np.array([[one.difference.mean if one.difference else np.nan for one in row] for row in chosen])
    signs = np.array([[one.difference.sign if one.difference else 0 for one in row] for row in chosen])
    reach = max(float(np.nanmax(np.abs(values), initial=0.0)), 0.01)
    norm = TwoSlopeNorm(0.0, -reach, reach)
    clear: Any = np.where(signs == 0, 0.35, 1.0)
    mesh = axes.pcolormesh(starts, queries, values, cmap="RdBu_r", norm=norm, alpha=clear)
    _logarithmic(axes, "MetaNP minus best other; pale: level")
    bar = axes.figure.colorbar(mesh, cax=axes.inset_axes((0.0, -0.42, 1.0, 0.05)), orientation="horizontal")
    bar.set_label("difference in tau")


def _logarithmic(axes: Axes, title: str) -> None:
    axes.set(xscale="log", yscale="log", title=title, xlabel="initialisation, s")
    axes.xaxis.set_major_locator(LogLocator(numticks=5))
