"""A leaderboard page shows its rows, is self-contained, and is the same each time."""

import base64
import re
from html.parser import HTMLParser

import pytest

from scripts.leaderboards.page import write_leaderboard
from scripts.leaderboards.standings import framed
from tests.made_up_rows import Made, rows

EVIL = '<script>alert("&")</script>'
VOID = {"meta", "input", "br", "link", "img", "hr"}
PREDICTORS = {
    "metanp": Made("MetaNP", "meta-learned"),
    "a": Made("A & B <i>", source="Somebody 2020, https://example.org/a", tuning=EVIL),
    "slow": Made("Slow one", "zero-cost", needs=("networks",)),
    "idle": Made("Never run"),
}
COLUMN, TEST = ("cora_validation_accuracy",) * 2, ("cora_validation_accuracy", "cora_test_accuracy")
SCATTER = {"scatter_truth": [1.0, 2.0, 3.0], "scatter_predicted": [1.0, 3.0, 2.0]}
FACTS = {
    "protocol": "graph",
    "kind": "label-free",
    "benchmark": "NAS-Bench-Graph",
    "date": "2020-01-01",
    "machine": "2 cores",
    "commit": "abc",
    "about": "Shown validation accuracy.",
    "ceilings": {COLUMN: 1.0, TEST: 0.875},
    "downloads": {"All rows": "graph rows.parquet"},
    "cells": 100,
}
PUBLISHED = [
    {"benchmark": "g", "dataset": "cora", "protocol": "A", "budget": budget, "metric": "kendall_tau"}
    | {"method": f"Theirs {EVIL}", "value": value, "source": "Table 1", "grade": "S", "note": "n"}
    for budget, value in (("20", "0.61"), ("100", "0.72"))
]


def made_up_rows():
    made = []
    for column in (COLUMN, TEST):
        made += rows("metanp", 0, [[0.4, 0.5, 0.4], [0.45, 0.5, 0.4]], column)
        made += rows("metanp", 20, [[0.5, 0.6, 0.7], [0.52, 0.6, 0.7]], column, **SCATTER)
        made += rows("a", 0, [0.0], column, status="too few labels", kendall_tau=None)
        made += rows("a", 20, [0.7, 0.8, 0.91], column, **SCATTER)
        made += rows("slow", 0, [None, None, None], column, message=EVIL) + rows("slow", 20, [0.3, None, 0.4], column)
    return made


class Page(HTMLParser):
    """Checks that every element is closed in order, and collects text, links and the cells of tables."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.ids: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.links += [told[name] for name in ("href", "src", "xlink:href", "action") if name in told]
        self.ids += [told["id"]] if "id" in told else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    write_leaderboard(path, framed(made_up_rows()), PREDICTORS, PUBLISHED, FACTS)
    return path.read_text()


def table_row(page: str, name: str) -> list[str]:
    """Cells of a predictor in the first table."""
    row = re.search(rf'<tr data-p="{name}".*?</tr>', page, re.DOTALL)
    return re.findall(r"<td.*?</td>", row[0], re.DOTALL)


def test_it_is_well_formed_and_its_ids_are_unique(page):
    parsed = Page(page)
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)


def test_every_predictor_is_listed_with_its_source_and_tuning(page):
    text = Page(page).text
    for predictor in PREDICTORS.values():
        for told in (predictor.title, predictor.source, predictor.tuning, predictor.family):
            assert told in text


def test_a_page_loads_nothing_from_the_network(page):
    parsed = Page(page)
    assert [link for link in parsed.links if not link.startswith(("#", "data:"))] == ["graph rows.parquet"]
    assert re.findall(r"https?://[^\s<]*", page) == ["https://example.org/a"]  # the text of a source
    assert not re.search(r"@import|url\(|<link|<img|<iframe|fetch\(", page)


def test_special_characters_are_escaped_everywhere(page):
    assert EVIL not in page
    assert page.count("<script>") == 1
    assert "A &amp; B &lt;i&gt;" in page


def test_failures_are_shown_with_status_and_message(page):
    none, some, *_ = table_row(page, "slow")
    assert "timeout 3/3" in none
    assert "0.350" in some  # of .3 and .4
    assert "timeout 1/3" in some
    failed = page[page.index('id="failures"') : page.index('id="predictors"')]
    assert "took more than 60 s" in failed
    assert "too few labels" not in failed
    assert ">–<" in table_row(page, "a")[0]
    assert re.search(r">\s*<", table_row(page, "idle")[1])


def test_the_best_is_bold_and_the_others_are_not(page):
    assert "<b>0.803</b>" in table_row(page, "a")[1]  # (.7 + .8 + .91) / 3
    assert "<b>" not in "".join(table_row(page, "metanp"))
    assert "±" in table_row(page, "metanp")[1]


def test_the_verdict_says_where_metanp_is_behind_and_whom(page):
    # .7 - .51, .8 - .6, .91 - .7: .2 in the mean
    start = page.index("<dt>Behind</dt>")
    assert "A &amp; B &lt;i&gt;, at 20 labels: −0.200 ±" in page[start : start + 200]
    assert "is first at 0, level at 0 and behind at 1 of 1 numbers of labels" in page
    assert "At 0 labels no other predictor with the same inputs answers." in page


def test_every_column_can_be_chosen_and_a_ceiling_is_shown(page):
    assert re.findall(r'name="view"[^>]*><span>([^<]*)', page) == ["cora, validation", "cora, validation → test"]
    assert "would give a tau of 0.875" in page
    assert page.count("would give a tau of") == 1


def test_published_numbers_have_their_own_section_with_source_and_grade(page):
    block = page[page.index('id="published"') : page.index('id="failures"')]
    assert "families of protocols are not comparable" in block
    line = re.search(r'<tr><th scope="row">Theirs.*?</tr>', block, re.DOTALL)[0]
    assert re.findall(r">([^<>]*)</td>", line) == ["cora", "0.61", "0.72", "Table 1", "S", "n"]


def test_every_plot_has_an_alternative_text(page):
    drawings = re.findall(r"<svg[^>]*>", page)
    assert len(drawings) > 10
    assert all(re.search(r'role="img" aria-label="[^"]+"', drawing) for drawing in drawings)


def test_the_summary_in_the_page_is_that_of_all_columns(page):
    summary = base64.b64decode(re.search(r"data:text/csv;base64,([^\"]*)", page)[1]).decode()
    assert len(summary.splitlines()) == 1 + 2 * 6
    assert "cora_validation_accuracy,cora_test_accuracy" in summary


def test_the_same_rows_give_the_same_bytes(page, tmp_path):
    path = tmp_path / "again.html"
    write_leaderboard(path, framed(made_up_rows()), PREDICTORS, PUBLISHED, FACTS)
    assert (tmp_path / "again.html").read_text() == page


def test_it_needs_no_metanp_no_published_numbers_and_no_more_than_one_row(tmp_path):
    made = framed(rows("a", 20, [0.5]))
    write_leaderboard(tmp_path / "page.html", made, {"a": Made("A")}, [], {**FACTS, "ceilings": {}})
    text = (tmp_path / "page.html").read_text()
    assert "MetaNP takes no part here." in Page(text).text
    assert "0.500" in text
    assert "No fit failed." in text
    assert 'id="published"' not in text


def test_predictors_that_saw_fewer_label_sets_are_named(tmp_path):
    made = [row for row in made_up_rows() if row["predictor"] != "a" or row["set"] < 2]
    write_leaderboard(tmp_path / "page.html", framed(made), PREDICTORS, [], FACTS)
    told = re.sub(r"\s+", " ", (tmp_path / "page.html").read_text())
    assert "the same 3 label sets at each number of labels, the first 2 alone for A &amp; B &lt;i&gt;." in told


@pytest.mark.parametrize("known", ["by all", "by one"])
def test_query_time_is_with_encoding_where_that_of_all_was_measured(tmp_path, known):
    made = rows("metanp", 20, [0.5, 0.6], COLUMN, seconds_encode=0.09)
    made += rows("a", 20, [0.5, 0.4], COLUMN, **({"seconds_encode": 0.01} if known == "by all" else {}))
    write_leaderboard(tmp_path / "page.html", framed(made), PREDICTORS, [], FACTS)
    text = (tmp_path / "page.html").read_text()
    assert ("encoding included" in text) == (known == "by all")
    assert ("of cells that were encoded before" in text) == (known == "by one")
    assert f"MetaNP: 500 ms, then {'1 ms' if known == 'by all' else '100 µs'}" in text
