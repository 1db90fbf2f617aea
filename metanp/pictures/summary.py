"""A cell that is too large to be drawn: how many nodes of each operation it has, as bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from metanp.brief import counted, listed
from metanp.pictures.colours import colour_of
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
    most = counts[0][1]
    parts = [words(0, 14, f"Cell of {counted(len(operations), 'node')} and {counted(edges, 'edge')}", font_weight=600)]
    for i, (name, n) in enumerate(counts[:ROWS]):
        y, length = 26 + ROW * i, max(2.0, (WIDTH - LEFT - RIGHT) * n / most)
        bar = {"x": LEFT, "y": y + 3, "width": length, "height": ROW - 6}
        parts.append(words(LEFT - 8, y + 13, cut(name, 13), text_anchor="end"))
        parts.append(tag("rect", "", **bar, rx=2, fill=colour_of(name), fill_opacity=0.8))
        parts.append(words(LEFT + length + 6, y + 13, f"{n:,}"))
    height = 30 + ROW * len(counts[:ROWS])
    if rest := counts[ROWS:]:
        others = sum(n for _, n in rest)
        parts.append(words(LEFT, height + 12, f"and {others:,} of {len(rest)} other operations", opacity=0.8))
        height += ROW
    return picture(WIDTH, height, "".join(parts), f"cell of {in_words(operations, edges)}")
