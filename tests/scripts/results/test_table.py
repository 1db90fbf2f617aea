"""A table is the same in a terminal, in Markdown, in LaTeX and on a page, and nothing is cut."""

from io import StringIO

import pytest
from rich.console import Console

from scripts.results import table as tables
from scripts.results.table import Cell, Column, Table, latex

LONG = "a_name_that_is_longer_than_half_of_a_terminal_is_wide"
TABLE = Table(
    ["name", Column("20", "descending"), Column("source", css="text")],
    [
        [Cell("50 % A & <b_c> | d", mark="ours", key="x"), Cell("0.6", 0.6, "0.25", "best"), "[red]x[/red]"],
        [LONG, Cell("timeout", mark="failed", tip="why"), "many words of a source " * 4],
    ],
    "a title",
    ["one\ntwo", "", "three"],
)


def printed(monkeypatch, table: Table, width: int, terminal: bool) -> str:
    written = StringIO()

    def console(width: int = width) -> Console:
        return Console(file=written, width=width, force_terminal=terminal, no_color=True)

    monkeypatch.setattr(tables, "Console", console)
    table.print()
    return written.getvalue()


@pytest.mark.parametrize("width", [20, 80, 200])
@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_has_whole_names_and_numbers_however_narrow_it_is(monkeypatch, width, terminal):
    text = printed(monkeypatch, TABLE, width, terminal)
    assert all(whole in text for whole in (LONG, "0.6 ± 0.25", "50 % A & <b_c> | d", "[red]x[/red]", "a title"))
    assert "…" not in text
    assert text.index("one") < text.index("two") < text.index("three")


def test_markdown_has_what_is_best_in_bold_its_pipes_escaped_and_notes_below():
    assert TABLE.markdown().splitlines() == [
        "| name | 20 | source |",
        "|---|---|---|",
        "| **50 % A & <b_c> \\| d** | **0.6** ± 0.25 | [red]x[/red] |",
        f"| {LONG} | timeout | {'many words of a source ' * 4} |",
        "",
        "one",
        "two",
        "",
        "three",
    ]


def test_latex_has_all_special_characters_escaped():
    assert TABLE.latex().splitlines()[:5] == [
        r"\begin{tabular}{lrl}",
        r"\toprule",
        r"name & 20 & source \\",
        r"\midrule",
        r"50 \% A \& <b\_c> | d & \textbf{0.6} {\scriptsize $\pm$ 0.25} & {[}red]x{[}/red] \\",
    ]
    assert latex("\\{x}^~#$≥") == r"\textbackslash{}\{x\}\textasciicircum{}\textasciitilde{}\#\$$\geq$"


def test_a_page_has_numbers_to_sort_by_links_and_marks():
    page = TABLE.html()
    assert page.startswith('<table class="sortable standings">\n<caption>a title</caption>\n<thead><tr>\n')
    assert '<th scope="col" data-first="descending"><button type="button">20</button></th>' in page
    assert '<th scope="col" class="text"><button type="button">source</button></th>' in page
    link = '<a href="#about-x">50 % A &amp; &lt;b_c&gt; | d</a>'
    assert f'<tr data-p="x" class="ours">\n<th scope="row">{link}</th>' in page
    assert '<td data-v="0.6" class="best"><b>0.6</b><small>±0.25</small></td>' in page
    assert '<td class="failed" title="why">timeout</td>' in page


def test_a_page_sorts_only_columns_with_a_first_order_and_shows_dots_parts_and_near_bests():
    page = Table(["a", Column("b", css="text")], [["x", Cell("y", 1.5, "", "level", "1/3", "", "f0")]]).html()
    heads = '<thead><tr><th scope="col">a</th><th scope="col" class="text">b</th></tr></thead>'
    cell = '<td data-v="1.5" class="level"><i class="swatch f0"></i>y<sup>≈</sup><small class="part">1/3</small></td>'
    row = f'<tr><th scope="row">x</th>{cell}</tr>'
    assert page == f"<table>\n<caption></caption>\n{heads}\n<tbody>\n{row}\n</tbody>\n</table>"


def test_a_table_without_a_row_has_its_heads(monkeypatch):
    empty = Table(["a", Column("b", css="text")], [])
    assert empty.markdown() == "| a | b |\n|---|---|\n"
    assert empty.latex().splitlines()[2:5] == [r"a & b \\", r"\midrule", r"\bottomrule"]
    assert "<tbody>\n</tbody>" in empty.html()
    assert "a" in printed(monkeypatch, empty, 80, terminal=True)


def test_rows_that_do_not_fit_their_heads_are_refused_and_numbers_are_texts():
    assert Table([20], [[1.5]]).markdown() == "| 20 |\n|---|\n| 1.5 |\n"
    with pytest.raises(ValueError, match=r"1 cells under 2 columns: \['x'\]"):
        Table(["a", "b"], [["x"]])
