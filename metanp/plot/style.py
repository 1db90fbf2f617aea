"""What all plots share: axes to draw into, colours and marks by place, the legend.

Sizes are those of a figure that can be read at the width of a phone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metanp.given import InputError, shown
from metanp.libraries import library
from metanp.pictures.colours import BLUE, GREY, ORANGE, PINK, PURPLE, TEAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 4.5, 3.0  # inches
SMALL = 9  # points, of ticks, legends and notes
# in this order neighbours differ in lightness too; with marks and dashes they differ in print
COLOURS = (BLUE, ORANGE, PURPLE, TEAL, PINK, GREY)
MARKS = "osD^vP"
DASHES = ("-", "--", "-.", ":")


def drawn_into(axes: Axes | None, width: float = WIDTH, height: float = HEIGHT, **settings: Any) -> Axes:
    """The given axes, or those of a new figure of this size in inches.

    Args:
        settings: of a new figure, as `matplotlib.pyplot.subplots` takes them.

    Raises:
        ImportError: matplotlib is missing; says how to install it.
        InputError: no axes.
    """
    pyplot = library("matplotlib.pyplot", "plot")
    if axes is None:
        return pyplot.subplots(figsize=(width, height), **{"layout": "constrained", **settings})[1]
    if not isinstance(axes, library("matplotlib.axes", "plot").Axes):
        raise InputError(
            f"axes is {shown(axes)} ({type(axes).__name__}); "
            "give axes of matplotlib, such as pyplot.subplots()[1], or None"
        )
    return axes


def text_colour() -> str:
    """The colour of text in the style that is in use: for what has no colour of its own."""
    return library("matplotlib", "plot").rcParams["text.color"]


def finish(axes: Axes, x: str, y: str, columns: int = 2, legend: bool = True) -> Axes:
    """Titles of both axes, small ticks, and a legend above."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.tick_params(labelsize=SMALL)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if legend:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize=SMALL)
    return axes
