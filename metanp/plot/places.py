"""The first places of a ranking or shortlist: means, 90 % intervals, and what was measured where that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from metanp.given import InputError, read_numbers, shown
from metanp.pictures.ranking import MOST
from metanp.plot.style import COLOURS, SMALL, drawn_into, finish
from metanp.ranking import Ranking

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, AROUND = 0.2, 0.9  # inches of a place, and of what is above and below all


def ranking(
    ranking: Ranking,
    measured: Sequence[float] | Float[np.ndarray, " candidate"] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw the first 30 places of a ranking from top to bottom, in the unit of the scores.

    Each has its place and the candidate's position, the predicted mean, the interval that holds a new measurement with
    probability .9, and on the right the probability to be among the true best.

    Args:
        ranking: of `MetaNP.rank` or `MetaNP.shortlist`.
        measured: (candidate,) the true score of every candidate that was ranked, NaN where it is not known.
        axes: to draw into; a new figure unless given, taller for more places.

    Raises:
        ImportError: matplotlib is missing; says how to install it.
        InputError: no ranking, no numbers, or no axes.
        ValueError: an empty ranking, or fewer measurements than there were candidates.
    """
    if not isinstance(ranking, Ranking):
        raise InputError(
            f"ranking is {shown(ranking)} ({type(ranking).__name__}); give that of model.rank(candidates, k=10)"
        )
    if not len(ranking):
        raise ValueError("the ranking is empty; rank at least one candidate")
    true = None if measured is None else _of_places(ranking, measured)
    rows = np.arange(min(len(ranking), MOST))
    axes = drawn_into(axes, height=AROUND + ROW * max(len(rows), 5))
    axes.hlines(rows, ranking.lower[rows], ranking.upper[rows], COLOURS[0], lw=2.5, alpha=0.55, label="90 % interval")
    axes.plot(ranking.mean[rows], rows, "o", color=COLOURS[0], ms=5, label="predicted mean")
    if true is not None:
        axes.plot(true[rows], rows, "D", color=COLOURS[1], mfc="none", mew=1.5, ms=6, label="measured")
    axes.set_yticks(rows, labels=[f"{row + 1}  ({ranking.index[row]:,})" for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", alpha=0.25)
    right = axes.get_yaxis_transform()
    for row in rows:
        at = (1.01, row)
        axes.annotate(f"{ranking.p_top[row]:.2f}", at, xycoords=right, va="center", fontsize=SMALL)
    beside: dict[str, Any] = {"rotation": 270, "va": "center", "ha": "left"}
    axes.annotate(f"P(top {len(ranking):,})", (1.13, 0.5), xycoords="axes fraction", **beside)
    more = f"; and {len(ranking) - MOST:,} more" if len(ranking) > MOST else ""
    return finish(axes, f"score{more}", "place  (candidate)")


def _of_places(
    ranking: Ranking, measured: Sequence[float] | Float[np.ndarray, " candidate"]
) -> Float[np.ndarray, " k"]:
    values = read_numbers(measured, "measured scores")
    if len(values) <= ranking.index.max():
        raise ValueError(f"{len(values)} measured scores; give one for every candidate that was ranked")
    return values[ranking.index]
