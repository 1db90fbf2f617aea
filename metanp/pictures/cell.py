"""A cell as boxes and arrows from top to bottom, the operation's name in each box and its kind as the colour.

Drawn as it is written: `none` and nodes on no path are faint and dashed. A cell of more than `LARGEST` nodes or
`MOST_EDGES` edges is summarised instead (`metanp.pictures.summary`).
"""

from __future__ import annotations

from metanp.pictures.colours import GREY, colour_of
from metanp.pictures.layout import Item, Layout, lay_out
from metanp.pictures.subjects import Graph
from metanp.pictures.summary import draw_summary, in_words
from metanp.pictures.svg import LETTER, Picture, cut, note, picture, plain, tag, words

LARGEST, MOST_EDGES = 60, 250
LETTERS = 14  # of a name that are shown
BOX, STEP, MARGIN = 26, 56, 6  # height of a box, from one layer to the next, around the picture
FAINT = 0.35


def draw_cell(cell: Graph) -> Picture:
    """A picture of the cell."""
    n = len(cell.names)
    if n > LARGEST or len(cell.edges) > MOST_EDGES:
        return draw_summary(cell.names, len(cell.edges))
    live = set(cell.live_nodes)
    names = [cut(name, LETTERS) for name in cell.names]
    layout = lay_out(n, cell.edges, [max(44.0, LETTER * len(name) + 18) for name in names])
    lines = [(any(u in live and v in live for u, v in edges), pair) for pair, edges in layout.segments.items()]
    parts = [_line(layout, pair, carries) for carries, pair in sorted(lines)]  # faint ones below the others
    for row in layout.layers:
        parts += [_box(layout.x[i], _top(i), cell.names[i[1]], i[1] in live) for i in row if i[0] == "node"]
    content = tag("g", "".join(parts), transform=f"translate({MARGIN} {MARGIN})")
    height = STEP * (len(layout.layers) - 1) + BOX
    alternative = f"cell of {in_words(cell.names, len(cell.edges))}"
    return picture(layout.width + 2 * MARGIN, height + 2 * MARGIN, content, alternative)


def _top(item: Item) -> float:
    return float(STEP * item[2])


def _box(x: float, y: float, name: str, carries: bool) -> str:
    colour, shown = colour_of(name), cut(name, LETTERS)
    width = max(44.0, LETTER * len(shown) + 18)
    dashes = {} if carries else {"stroke_dasharray": "4 3"}
    end = name in ("input", "output")
    box = tag(
        "rect",
        x=x - width / 2,
        y=y,
        width=width,
        height=BOX,
        rx=BOX / 2 if end else 5,
        fill=colour,
        fill_opacity=0.16 if carries else 0.05,
        stroke=colour,
        stroke_width=1.5,
        **dashes,
    )
    text = words(x, y + BOX / 2 + 4.2, shown, text_anchor="middle", **({} if carries else {"opacity": 0.6}))
    return tag("g", note(name if carries else f"{name}, carries nothing") + box + text)


def _line(layout: Layout, pair: tuple[Item, Item], carries: bool) -> str:
    """From below one item to above the next, through the lane where it is one; an arrow where it meets a box."""
    (a, b), (x1, x2) = pair, (layout.x[pair[0]], layout.x[pair[1]])
    y1, y2 = _top(a) + BOX, _top(b)
    bend = (y2 - y1) * 0.55
    arrow = 5.0 if b[0] == "node" else 0.0
    ends = [x1, y1, x1, y1 + bend, x2, y2 - arrow - bend, x2, y2 - arrow]
    p = [plain(float(v)) for v in ends]
    path = f"M{p[0]} {p[1]}C{p[2]} {p[3]} {p[4]} {p[5]} {p[6]} {p[7]}"
    path += "" if arrow else f"v{BOX}"
    look = {"stroke_opacity": 0.55} if carries else {"stroke_opacity": FAINT, "stroke_dasharray": "4 3"}
    drawn = tag("path", d=path, fill="none", stroke="currentColor", stroke_width=1.4, **look)
    if arrow:
        head = f"M{plain(x2 - 4)} {plain(y2 - 7)}L{plain(x2)} {plain(y2)}L{plain(x2 + 4)} {plain(y2 - 7)}z"
        drawn += tag("path", d=head, fill="currentColor" if carries else GREY, fill_opacity=0.8 if carries else FAINT)
    return drawn
