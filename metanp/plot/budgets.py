"""Which predictor is best for how much time before the first prediction, and for how much a prediction.

A predictor needs time once (labels, a fit), and time for each architecture that it is asked about (a proxy, the first
epochs of its training). Of all that fit into both budgets, the best by rank correlation colours the plane.

Axes: row, a predictor at one setting; x, initialisation, and y, query, budgets in seconds.

Source: White et al. 2021, "How Powerful are Performance Predictors in Neural Architecture Search?"
(arXiv:2104.01177), Figure 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from metanp.given import InputError, read_items, read_scores, shown
from metanp.plot.style import MARKS, SMALL, drawn_into, finish, text_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KEYS = ("predictor", "init_seconds", "query_seconds", "kendall_tau")
COLOURS = "cividis"  # made for colour-blind readers, and rises in lightness
Numbers = Float[np.ndarray, " row"]


def times(rows: Iterable[Mapping[str, Any]], axes: Axes | None = None) -> Axes:
    """Draw predictors by their seconds: the colour at each pair of budgets is the best correlation within both.

    Both axes are logarithmic, with 0 at their start. A marker is a row; those that are the best somewhere are filled.

    Args:
        rows: mappings, or `frame.to_dict("records")`, with the keys predictor, a title; init_seconds, before the first
            prediction; query_seconds, for one architecture; kendall_tau, or another correlation.
        axes: to draw into; a new figure unless given, with a colour bar.

    Raises:
        ImportError: matplotlib is missing; says how to install it.
        InputError: a row that is no mapping, no numbers, or no axes.
        ValueError: no rows, one without a key, or seconds below 0; names the row.
    """
    names, init, query, tau = _columns(rows)
    best = _best(init, query, tau)
    axes = drawn_into(axes, height=3.4)
    x, y = _edges(init), _edges(query)
    mesh = axes.pcolormesh(x, y, np.where(best < 0, np.nan, tau[best]), cmap=COLOURS, edgecolors="face", lw=0.2)
    _draw_marks(axes, names, init, query, set(best.ravel().tolist()))
    axes.set_xscale("symlog", linthresh=_least(init))
    axes.set_yscale("symlog", linthresh=_least(query))
    axes.set_xticks(_ticks(init))
    axes.set_yticks(_ticks(query))
    axes.minorticks_off()
    axes.set(xlim=(x[0], x[-1]), ylim=(y[0], y[-1]))
    bar = axes.figure.colorbar(mesh, ax=axes)
    bar.set_label("Kendall tau of the best")
    bar.ax.tick_params(labelsize=SMALL)
    return finish(axes, "initialisation, s", "query, s an architecture")


def _draw_marks(axes: Axes, names: list[str], init: Numbers, query: Numbers, winners: set[int]) -> None:
    """One mark a row, one shape a predictor; filled where the row is the best somewhere."""
    for i, name in enumerate(dict.fromkeys(names)):
        look: dict[str, Any] = {"marker": MARKS[i % len(MARKS)], "mec": text_colour(), "ms": 5, "ls": "none"}
        for winning in (False, True):
            mine = [row for row in range(len(names)) if names[row] == name and (row in winners) == winning]
            fill = text_colour() if winning else "none"
            axes.plot(init[mine], query[mine], clip_on=False, zorder=3, mfc=fill, **look)
        axes.plot([], [], mfc="none", label=name, **look)


def _columns(rows: Any) -> tuple[list[str], Numbers, Numbers, Numbers]:
    found = read_items(rows, "rows")
    for place, row in enumerate(found):
        if not isinstance(row, Mapping):
            raise InputError(
                f"row {place} is {shown(row)} ({type(row).__name__}); give a mapping with {', '.join(KEYS)}"
            )
        if missing := [key for key in KEYS if key not in row]:
            raise ValueError(f"row {place} has no {missing[0]}; give {', '.join(KEYS)}")
    if not found:
        raise ValueError(f"no rows to draw; give mappings with {', '.join(KEYS)}")
    init, query, tau = (read_scores([row[key] for row in found], len(found)) for key in KEYS[1:])
    for key, values in zip(KEYS[1:3], (init, query), strict=True):
        if (wrong := np.flatnonzero(values < 0)).size:
            raise ValueError(f"{key} of row {wrong[0]} is {values[wrong[0]]:g}; seconds are 0 or more")
    return [str(row[KEYS[0]]) for row in found], init, query, tau


def _edges(seconds: Numbers) -> Numbers:
    """Budgets at which another row begins to fit, and one beyond all."""
    levels = np.unique(np.append(seconds, 0.0))
    return np.append(levels, max(levels[-1], _least(seconds)) * 2)


def _least(seconds: Numbers) -> float:
    """The shortest time above 0, where the axis becomes logarithmic."""
    return float(min(seconds[seconds > 0], default=1.0))


def _ticks(seconds: Numbers) -> Numbers:
    """0 and the powers of ten behind the shortest time."""
    least, most = _least(seconds), _edges(seconds)[-1]
    return np.append(0.0, 10.0 ** np.arange(np.ceil(np.log10(least)), np.floor(np.log10(most)) + 1))


def _best(init: Numbers, query: Numbers, tau: Numbers) -> Int[np.ndarray, "y x"]:
    """The row of the highest correlation within each pair of budgets, -1 where none fits."""
    best = np.full((len(_edges(query)) - 1, len(_edges(init)) - 1), -1)
    for j, most_query in enumerate(_edges(query)[:-1]):
        for i, most_init in enumerate(_edges(init)[:-1]):
            fitting = np.flatnonzero((query <= most_query) & (init <= most_init))
            if len(fitting):
                best[j, i] = fitting[np.argmax(tau[fitting])]
    return best
