"""A search until now: every score in order of evaluation, the best until then, and the cells that would come next.

Axes: evaluation, in the order of first results.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from metanp.given import InputError, read_count, shown
from metanp.libraries import library
from metanp.pictures.axes import sensible_range
from metanp.pictures.search import NEAR
from metanp.plot.style import COLOURS, drawn_into, finish, text_colour
from metanp.search import Search

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def history(search: Search, suggestions: int = 10, axes: Axes | None = None) -> Axes:
    """Draw a search's scores in order of evaluation, the best until then, and behind them what it would ask for next.

    Suggestions have their expected score, plus and minus one standard deviation. Nothing is asked for. The scale is
    that of the middle half of the scores, the best and the suggestions; scores beyond it are at its edge.

    Args:
        search: with at least one score.
        suggestions: how many; 0 for none, and none are drawn where the strategy predicts no scores.
        axes: to draw into; a new figure unless given.

    Raises:
        ImportError: matplotlib is missing; says how to install it.
        InputError: no search, or no axes.
        ValueError: nothing was told yet, or a number of suggestions below 0.
    """
    if not isinstance(search, Search):
        raise InputError(f"search is {shown(search)} ({type(search).__name__}); give a metanp.search.Search")
    scores = search.sign * search.history.scores
    if not len(scores):
        raise ValueError("nothing to draw: no score was told yet; search.tell(cell, score) first")
    wanted = read_count(suggestions, "suggestions", least=0)
    following = [one for one in (search.suggestions(wanted) if wanted else []) if one.mean is not None]
    mean, std = np.array([one.mean for one in following]), np.array([one.std or 0.0 for one in following])
    best = np.array(list(itertools.accumulate(scores.tolist(), max if search.sign > 0 else min)))
    low, high = _range(scores, [best[-1], *(mean - std), *(mean + std)])
    axes = drawn_into(axes)
    _draw_scores(axes, scores, low, high)
    axes.step(np.arange(1, len(scores) + 1), best, where="post", color=COLOURS[1], lw=2, label="best until then")
    if len(mean):
        place = len(scores) + np.arange(1, len(mean) + 1)
        axes.axvline(len(scores) + 0.5, color=text_colour(), lw=0.8, alpha=0.4)
        look: dict[str, Any] = {"fmt": "D", "color": COLOURS[2], "ms": 4, "elinewidth": 1.2}
        axes.errorbar(place, mean, yerr=std, label=f"next {len(mean)}, mean ± std", **look)
    axes.set_ylim(low, high)
    axes.xaxis.set_major_locator(library("matplotlib.ticker", "plot").MaxNLocator(integer=True))
    axes.grid(axis="y", alpha=0.25)
    return finish(axes, "evaluations", "score")


def _range(scores: Float[np.ndarray, " evaluation"], also: Sequence[float]) -> tuple[float, float]:
    """Ends of the axis of scores; `also` has to be on it."""
    ends = [*sensible_range([*scores, also[0]], NEAR), *also]
    room = 0.04 * (max(ends) - min(ends))
    return min(ends) - room, max(ends) + room


def _draw_scores(axes: Axes, scores: Float[np.ndarray, " evaluation"], low: float, high: float) -> None:
    """A dot for each; at the edge an arrow for one beyond."""
    number = np.arange(1, len(scores) + 1)
    inside = (scores >= low) & (scores <= high)
    axes.plot(number[inside], scores[inside], "o", color=COLOURS[0], ms=4, alpha=0.8, label="evaluated")
    for mark, where, beyond, edge in (("v", "below", scores < low, low), ("^", "above", scores > high, high)):
        if beyond.any():
            look: dict[str, Any] = {"color": text_colour(), "alpha": 0.6, "ms": 4, "clip_on": False}
            axes.plot(number[beyond], np.full(beyond.sum(), edge), mark, label=f"{beyond.sum():,} {where}", **look)
