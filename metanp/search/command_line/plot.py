"""The best score until now, over the evaluations: in text for a terminal, and as a file with matplotlib.

Axes: evaluation, in the order in which cells were first told; column and row of the text.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

LINE, DOT = "━", "·"


def incumbents(scores: Sequence[float], maximize: bool) -> list[float]:
    """The best score until each evaluation."""
    return list(itertools.accumulate(scores, max if maximize else min))


def text_plot(scores: Sequence[float], maximize: bool, width: int = 60, height: int = 10) -> list[str]:
    """Lines of text: the best score until now as a line, single evaluations as dots.

    The scale is that of the line: evaluations beyond it are left out. Evaluations in one column share it; the line is
    at the last of them.
    """
    if not scores:
        return []
    best = incumbents(scores, maximize)
    low, high = min(best), max(best)
    width = min(width, len(scores))
    if low == high:
        height = 1

    def row(score: float) -> int:
        # row 0 is the highest
        return round((high - score) / (high - low) * (height - 1)) if high > low else 0

    drawn = [[" "] * width for _ in range(height)]
    for i, score in enumerate(scores):
        if low <= score <= high:
            drawn[row(score)][i * width // len(scores)] = DOT
    for i, score in enumerate(best):
        column = i * width // len(scores)
        if i + 1 == len(best) or (i + 1) * width // len(scores) > column:
            drawn[row(score)][column] = LINE
    labels = {0: f"{high:.5g}", height - 1: f"{low:.5g}"}
    margin = max(len(label) for label in labels.values())
    lines = [f"{labels.get(i, ''):>{margin}} ┤{''.join(line)}".rstrip() for i, line in enumerate(drawn)]
    last = str(len(scores))
    axis = f"{'1':<{max(1, width - len(last))}}{last}" if width > 1 else "1"
    return [*lines, f"{'':>{margin}} └{'─' * width}", f"{'':>{margin}}  {axis}"]


def write_plot(path: Path, scores: Sequence[float], maximize: bool, title: str) -> None:
    """A file in the format of its suffix.

    Raises:
        ValueError: no matplotlib, a suffix that it does not know, or nothing to plot.
    """
    if not scores:
        raise ValueError("nothing to plot: no score was told yet")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ValueError("a plot in a file needs matplotlib: pip install 'metanp[plot]'") from None
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    number = range(1, len(scores) + 1)
    axes.plot(number, scores, "o", markersize=3, alpha=0.5, label="evaluation")
    axes.step(number, incumbents(scores, maximize), where="post", label="best until now")
    axes.set(xlabel="evaluations", ylabel="score", title=title)
    axes.legend()
    try:
        figure.savefig(path)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
