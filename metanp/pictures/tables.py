"""What a notebook shows of a ranking and of a search: tables in plain HTML, with the notebook's own looks.

All text is escaped, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from metanp.brief import clipped, counted
from metanp.pictures.axes import written
from metanp.pictures.subjects import Places
from metanp.pictures.summary import in_words
from metanp.pictures.svg import Picture

MOST = 20  # rows that are shown
LETTERS = 80  # of the description of a cell
PADDED = "padding:.15em .6em;white-space:nowrap"


def ranking_table(ranking: Places) -> str:
    """The first places: numbers, and the operations of each cell."""
    k = len(ranking.cells)
    p_top = f"P(top {k:,})"
    head = ("rank", "candidate", "mean", "std", "90 % interval", p_top, "what it computes")
    step = float(min(ranking.std[:MOST], default=1.0)) / 10 or 1.0  # digits beyond the spread say nothing

    def row(i: int) -> tuple[str, ...]:
        mean, std, lower, upper = (written(float(values[i]), step) for values in numbers)
        computes = _operations(ranking.cells[i].pruned.names)
        return (
            f"{i + 1}",
            f"{ranking.index[i]:,}",
            mean,
            std,
            f"{lower} to {upper}",
            f"{ranking.p_top[i]:.2f}",
            computes,
        )

    numbers = (ranking.mean, ranking.std, ranking.lower, ranking.upper)
    rows = [row(i) for i in range(min(k, MOST))]
    more = f"<p>and {counted(k - MOST, 'more place')}</p>" if k > MOST else ""
    return _table(head, rows) + more


def search_page(summary: str, scores: Picture, best: Picture | None) -> str:
    """A summary of the search in words, the scores over time and the best cell."""
    found = f"<div>the best cell<br>{best._repr_html_()}</div>" if best else ""
    return (
        f"<p>{escape(summary)}</p>"
        f'<div style="display:flex;flex-wrap:wrap;gap:1.5em;align-items:flex-start">{scores._repr_html_()}{found}</div>'
    )


def _operations(operations: Sequence[str]) -> str:
    inside = [name for name in operations if name not in ("input", "output")]
    if not inside:
        return "nothing in between" if len(operations) else ""
    return clipped(in_words(operations, 0).partition(": ")[2], LETTERS)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(kind: str, texts: Sequence[str]) -> str:
        sides = ["right"] * (len(texts) - 1) + ["left"]  # numbers, and words at the end
        cells = zip(sides, texts, strict=True)
        return "".join(f'<{kind} style="{PADDED};text-align:{side}">{escape(text)}</{kind}>' for side, text in cells)

    body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;font-variant-numeric:tabular-nums">'
        f"<thead><tr>{line('th', head)}</tr></thead><tbody>{body}</tbody></table></div>"
    )
