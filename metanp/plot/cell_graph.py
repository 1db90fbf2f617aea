"""A cell as boxes and arrows from top to bottom; positions, names and colours are those of `metanp.pictures.cell`.

`none` and nodes on no path are faint and dashed. A cell too large to be drawn is counted: a bar for each operation.
Lengths of the drawing are those of the layout, one of which is a 96th of an inch in a new figure.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from metanp.cell import Cell
from metanp.given import read_cells
from metanp.pictures.cell import BOX, FAINT, LARGEST, LETTERS, MARGIN, MOST_EDGES, STEP
from metanp.pictures.colours import colour_of
from metanp.pictures.layout import Item, Layout, lay_out
from metanp.pictures.svg import LETTER, TEXT, cut
from metanp.plot.style import SMALL, drawn_into, finish, text_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNITS, POINTS = 96, 72  # of an inch
BARS = 12  # operations of a large cell that have one


def cell(cell: Cell, axes: Axes | None = None) -> Axes:
    """Draw a cell as it is written: a box for each node with its operation, an arrow for each edge.

    Args:
        cell: of any space. More than 60 nodes or 250 edges are summarised: how many nodes of each operation.
        axes: to draw into, whose frame is hidden; a new figure of the drawing's own size unless given.

    Raises:
        ImportError: matplotlib is missing; says how to install it.
        InputError: no cell, or no axes.
    """
    read_cells([cell])
    if len(cell.names) > LARGEST or len(cell.edges) > MOST_EDGES:
        return _counts(cell, axes)
    names = [cut(name, LETTERS) for name in cell.names]
    widths = [max(44.0, LETTER * len(name) + 18) for name in names]
    layout = lay_out(len(names), cell.edges, widths)
    width = layout.width + 2 * MARGIN
    height = STEP * (len(layout.layers) - 1) + BOX + 2 * MARGIN
    axes = drawn_into(
        axes, width / UNITS, height / UNITS, layout=None, gridspec_kw={"left": 0, "right": 1, "bottom": 0, "top": 1}
    )
    axes.set(xlim=(-MARGIN, width - MARGIN), ylim=(height - MARGIN, -MARGIN), aspect="equal")
    axes.axis("off")
    live = set(cell.live_nodes)
    for pair, edges in layout.segments.items():
        _line(axes, layout, pair, any(u in live and v in live for u, v in edges))
    box = axes.get_window_extent()
    letter = TEXT * min(box.width / width, box.height / height) * POINTS / axes.figure.dpi
    for item in (item for row in layout.layers for item in row if item[0] == "node"):
        node = item[1]
        _box(axes, layout.x[item], item[2] * STEP, widths[node], cell.names[node], node in live)
        colour: dict[str, Any] = {"color": text_colour(), "alpha": 1 if node in live else 0.6}
        at = (layout.x[item], item[2] * STEP + BOX / 2)
        axes.text(*at, names[node], ha="center", va="center", fontsize=letter, parse_math=False, **colour)
    return axes


def _box(axes: Axes, x: float, y: float, width: float, name: str, live: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    round_ = BOX / 2 if name in ("input", "output") else 5
    colour = colour_of(name)
    for fill, alpha in ((True, 0.16 if live else 0.05), (False, 1)):
        box = FancyBboxPatch(
            (x - width / 2, y),
            width,
            BOX,
            boxstyle=f"round,pad=0,rounding_size={round_}",
            facecolor=colour if fill else "none",
            edgecolor="none" if fill else colour,
            linestyle="-" if live else "--",
            alpha=alpha,
        )
        axes.add_patch(box)


def _line(axes: Axes, layout: Layout, pair: tuple[Item, Item], carries: bool) -> None:
    """From below one item to above the next, through the lane where it is one; an arrow where it meets a box."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    (a, b), (x1, x2) = pair, (layout.x[pair[0]], layout.x[pair[1]])
    y1, y2 = a[2] * STEP + BOX, b[2] * STEP
    bend = (y2 - y1) * 0.55
    points = [(x1, y1), (x1, y1 + bend), (x2, y2 - bend), (x2, y2)]
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    if b[0] != "node":
        points, codes = [*points, (x2, y2 + BOX)], [*codes, Path.LINETO]
    arrow = FancyArrowPatch(
        path=Path(points, codes),
        arrowstyle="-|>" if b[0] == "node" else "-",
        mutation_scale=8,
        shrinkA=0,
        shrinkB=0,
        color=text_colour(),
        linestyle="-" if carries else "--",
        alpha=0.7 if carries else FAINT,
        zorder=0.5,
    )
    axes.add_patch(arrow)


def _counts(cell: Cell, axes: Axes | None) -> Axes:
    axes = drawn_into(axes)
    names, counts = zip(*Counter(cell.names).most_common(BARS), strict=True)
    axes.barh(range(len(names)), counts, color=[colour_of(name) for name in names], alpha=0.8)
    axes.set_yticks(range(len(names)), labels=[cut(name, LETTERS) for name in names])
    axes.invert_yaxis()
    finish(axes, "nodes", "", legend=False)
    axes.set_title(f"cell of {len(cell.names):,} nodes and {len(cell.edges):,} edges", fontsize=SMALL)
    return axes
