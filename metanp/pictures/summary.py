"""A cell that is too large to be drawn: how many nodes of each operation it has, as bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from metanp.brief import counted, listed
from metanp.pictures.colours import GREY, colour_of
from metanp.pictures.svg import Picture, cut, picture, tag, words

WIDTH, ROW, LEFT, RIGHT = 360, 20, 100, 56  # of the picture, of a bar's row, beside the bars
ROWS = 12  # operations that have a bar of their own


def in_words(operations: Sequence[str], edges: int) -> str:
    """The size of a cell and its operations."""
    counts = Counter(name for name in operations if name not in ("input", "output"))
    kinds = listed((f"{n:,} {name}" for name, n in counts.most_common()), 200)
    return f"{counted(len(operations), 'node')} and {counted(edges, 'edge')}" + (f": {kinds}" if kinds else "")


def draw_summary(operations: Sequence[str], edges: int) -> Picture:
    """Bars, the most frequent operation first."""
    counts = Counter(operations).most_common()
    shown = [(cut(name, 13), n, colour_of(name)) for name, n in counts[:ROWS]]
    if rest := counts[ROWS:]:
        shown.append((f"{len(rest)} others", sum(n for _, n in rest), GREY))
    most = max(n for _, n, _ in shown)
    parts = [words(0, 14, f"Cell of {counted(len(operations), 'node')} and {counted(edges, 'edge')}", font_weight=600)]
    for i, (name, n, colour) in enumerate(shown):
        y = 26 + ROW * i
        parts.append(words(LEFT - 8, y + 13, name, text_anchor="end"))
        length = max(2.0, (WIDTH - LEFT - RIGHT) * n / most)
        parts.append(tag("rect", x=LEFT, y=y + 3, width=length, height=ROW - 6, rx=2, fill=colour, fill_opacity=0.8))
        parts.append(words(LEFT + length + 6, y + 13, f"{n:,}"))
    return picture(WIDTH, 30 + ROW * len(shown), "".join(parts), f"cell of {in_words(operations, edges)}")
