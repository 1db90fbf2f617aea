"""A table that can be shown in a terminal, in Markdown, in LaTeX and on a page.

    Table(columns, rows, title, notes).print() / .markdown() / .latex() / .html()

Nothing is ever cut: if a terminal is too narrow, columns of words are folded. Nothing here depends on the meaning of
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import rich.table
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.text import Text

BOLD = ("best", "ours")  # marks
UNBROKEN = 1000  # width of a pipe or a file, so that no line is folded
SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"}
SPECIAL |= {"^": r"\textasciicircum{}", "−": "$-$", "±": r"$\pm$", "≥": r"$\geq$", "∞": r"$\infty$"}
SPECIAL |= {"→": r"$\rightarrow$", "[": "{[}"}  # else LaTeX reads it as an option of the line break before
HTML = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)


@dataclass(frozen=True)
class Column:
    """first: the order of a page's first sort, "ascending" or "descending". css: "text" for a column of words."""

    title: str
    first: str = ""
    css: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of a table; only pages show the fields after `mark`.

    sort: the number that a page sorts by. half: half of the interval. mark: "best", "level" or "failed"; "ours" for the
    name of a row. part: which part is missing. tip: shown under the pointer. colour: class of a dot before the text.
    key: id of a row, in its name, for links.
    """

    text: str = ""
    sort: float | None = None
    half: str = ""
    mark: str = ""
    part: str = ""
    tip: str = ""
    colour: str = ""
    key: str = ""

    @property
    def plain(self) -> str:
        """The text with half of the interval."""
        return f"{self.text} ± {self.half}" if self.half else self.text


class Table:
    """Columns and rows; anything but a `Column` or a `Cell` is converted to one with its text.

    title: shown in a terminal and on a page. notes: paragraphs below, in a terminal and in Markdown.
    """

    def __init__(
        self, columns: Sequence[object], rows: Sequence[Sequence[object]], title: str = "", notes: Sequence[str] = ()
    ):
        self.columns = [column if isinstance(column, Column) else Column(str(column)) for column in columns]
        self.rows = [[cell if isinstance(cell, Cell) else Cell(str(cell)) for cell in row] for row in rows]
        self.title, self.notes = title, [note for note in notes if note]
        self.lines = [[Cell(column.title) for column in self.columns], *self.rows]
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{len(row)} cells under {len(self.columns)} columns: {[cell.text for cell in row]}")

    def print(self) -> None:
        """Print to the terminal, wider than it if names and numbers need that."""
        console = Console()
        if not console.is_terminal:
            console = Console(width=UNBROKEN)
        shown = rich.table.Table()
        for i, column in enumerate(self.columns):
            whole = not (i and column.css)
            longest = max(cell_len(text) for line in self.lines for text in line[i].plain.split("\n"))
            shown.add_column(Text(column.title), no_wrap=whole, min_width=longest if whole else None, overflow="fold")
        for row in self.rows:
            shown.add_row(*(Text(cell.plain, "bold" if cell.mark in BOLD else "") for cell in row))
        least = Measurement.get(console, console.options.update(width=UNBROKEN), shown).minimum
        if self.title:
            console.print(Text(self.title, "italic"), soft_wrap=True)
        Console(width=max(console.width, least)).print(shown)
        for note in self.notes:
            console.print(Text(note))

    def markdown(self) -> str:
        """Markdown, with `|` in texts escaped."""
        lines = ["| " + " | ".join(map(_markdown, line)) + " |\n" for line in self.lines]
        lines.insert(1, "|---" * len(self.columns) + "|\n")
        return "".join([*lines, *(f"\n{note}\n" for note in self.notes)])

    def latex(self) -> str:
        r"""A tabular that needs \usepackage{booktabs}."""
        sides = "".join("l" if column.css or not i else "r" for i, column in enumerate(self.columns))
        head, *rows = (" & ".join(map(_latex, line)) + r" \\" for line in self.lines)
        texts = [rf"\begin{{tabular}}{{{sides}}}", r"\toprule", head, r"\midrule", *rows, r"\bottomrule"]
        return "\n".join([*texts, r"\end{tabular}"]) + "\n"

    def html(self) -> Markup:
        """HTML for a page with this folder's style and script; sortable by columns that have a first order."""
        return Markup(HTML.get_template("table.html.j2").render(table=self))


def latex(text: str) -> str:
    """Text with all characters escaped that LaTeX would interpret."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def _markdown(cell: Cell) -> str:
    bold = replace(cell, text=f"**{cell.text}**") if cell.mark in BOLD else cell
    return bold.plain.replace("|", "\\|")


def _latex(cell: Cell) -> str:
    text = rf"\textbf{{{latex(cell.text)}}}" if cell.mark == "best" else latex(cell.text)
    return rf"{text} {{\scriptsize $\pm$ {latex(cell.half)}}}" if cell.half else text
