"""Writes the tables and pictures of the README and docs/ from results; none is typed by hand.

    python -m scripts.readme --from-demo results/demo/demo.json    # measured rows -> results/summary/demo.csv
    python -m scripts.readme                                       # results/summary/*.csv -> the tables of the pages

A table is in README.md or a page of docs/ between `<!-- demo -->` and `<!-- /demo -->`. `TABLES` says from which
summaries it is made; a new table needs a line there and a place in a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from metanp.atomic import write_whole
from metanp.nearest import nearest
from scripts import beyond_home
from scripts.command import one_line
from scripts.overview import SUMMARIES, pictures
from scripts.readme_tables import ablation_table, demo_rows, demo_table, glance, leaderboard_overview, protocol_table
from scripts.results.provenance import ROOT, publish
from scripts.results.published import reproduction_table
from scripts.results.rows import read_rows
from scripts.results.table import Table
from scripts.searches.tables import search_overview, search_summary

SUMMARY = ROOT / "results" / "summary"
Make = Callable[[Sequence[Mapping[str, Any]]], Table]
LEADERBOARDS = [  # in the order of their overview
    "analog-label-free", "analog-cross-task", "graph-label-free", "graph-cross-space", "nb101-label-free",
    "nb101-cross-space", "nb201-label-free", "nb201-cross-space", "nb201-cross-task", "nb201_proxies-label-free",
    "transnas-label-free", "transnas-cross-task",
]  # fmt: skip
SEARCHES = [
    "search-nasbench201-cifar10-cross-task", "search-nasbench201-cifar10-label-free",
    "search-nasbench201-cifar100-cross-task", "search-nasbench201-cifar100-label-free",
    "search-nasbench201-imagenet16-120-cross-task", "search-nasbench201-imagenet16-120-label-free",
]  # fmt: skip
BEYOND = [
    "darts-label-free", "nb301-label-free", "ofa-label-free", "ofa_svhn-label-free", "ofa_cifar10-label-free",
    "ofa_cifar100-label-free", "ofa_cinic10-label-free", "bert-label-free", "vit-label-free", "suite_zero-label-free",
]  # fmt: skip
OF_ONE: dict[Make, list[str]] = {  # summaries that become one table each, of the same name
    demo_table: ["demo"],
    ablation_table: ["ablation-ingredients", "ablation-length_and_size", "ablation-process"],
    reproduction_table: [f"reproduction-{name}-label-free" for name in ("flan", "graf", "pinat", "pinat_nb101")],
    protocol_table: [
        *LEADERBOARDS, "nb201-cifar10-label-free", "nb201-cifar10-cross-task", "nb201_test-label-free",
    ],
    search_summary: [
        *SEARCHES, "search-nasbench101-cifar10-label-free", "search-nasbench101-cifar10-cross-space",
        "search-nasbench201-cifar10-label-free-batch10", "search-nasbench101-cifar10-label-free-batch10",
        "search-nasbench201-cifar10-label-free-proxies", "search-nasbench201-imagenet16-120-label-free-proxies",
        "search-nasbench201_latency-edgegpu-label-free",
    ],
}  # fmt: skip
TABLES: dict[str, tuple[Make, list[str]]] = {  # by name: the function that makes a table, and its summaries
    **{name: (make, [name]) for make, names in OF_ONE.items() for name in names},
    "leaderboards": (leaderboard_overview, LEADERBOARDS),
    "glance": (glance, [f"{name}-label-free" for name in ("nb201", "nb101", "transnas", "graph")]),
    "search-nasbench201": (search_overview, SEARCHES),
    "beyond-home": (beyond_home.published(beyond_home.benchmarks), BEYOND),
    "beyond-home-rivals": (beyond_home.published(beyond_home.rivals), BEYOND),
    "beyond-home-intervals": (beyond_home.published(beyond_home.intervals), BEYOND),
}
WORDS = {  # columns of summaries that are text
    "ahead_of", "because", "behind", "benchmark", "budgets", "commit", "dataset", "date", "grade", "interval", "kind",
    "machine", "over", "predictor", "published as", "published target", "run_commits", "scored", "shown", "source",
    "strategy", "title", "variant", "version",
}  # fmt: skip
MARK, PLACE = re.compile(r"<!-- /?([\w-]+) -->"), re.compile(r"<!-- ([\w-]+) -->\n.*?<!-- /\1 -->", re.DOTALL)


def main(from_demo: Annotated[Path | None, typer.Option()] = None) -> None:
    """Update the demo's summary from its results, if given; then the tables of all pages, and the pictures."""
    with one_line("readme"):
        if from_demo is not None:
            publish(demo_rows(json.loads(from_demo.read_text())), "demo")
        for page, text in filled(pages(), tables()).items():
            (ROOT / page).write_text(text)
        for name, picture in pictures({name: read_rows(SUMMARY / f"{name}.csv", WORDS) for name in SUMMARIES}).items():
            write_whole(ROOT / "docs" / "pictures" / name, picture.encode())


def pages() -> dict[str, str]:
    """Texts of the README and all files of docs/, by name."""
    return {
        str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    }


def tables(folder: Path = SUMMARY) -> dict[str, str]:
    """The Markdown of every table, by its name.

    Raises:
        ValueError: a summary that no table uses, or one that is missing; names it.
    """
    # those of `scripts.study` have a page of their own
    paths = [path for path in sorted(folder.glob("*.csv")) if not path.stem.startswith("study_")]
    rows = {path.stem: read_rows(path, WORDS) for path in paths}
    used = {name: table for table, (_, names) in TABLES.items() for name in names}
    for name in sorted(rows.keys() - used.keys()):
        raise ValueError(f"{folder / name}.csv is in no table: it needs a line in TABLES of scripts/readme.py")
    for name in sorted(used.keys() - rows.keys()):
        raise ValueError(f"the table {used[name]} is made of {folder / name}.csv, which is not there")
    return {
        table: make([{**row, "summary": name} for name in names for row in rows[name]]).markdown()
        for table, (make, names) in TABLES.items()
    }


def filled(pages: Mapping[str, str], tables: Mapping[str, str]) -> dict[str, str]:
    """Texts of pages with the new tables in all their places.

    Raises:
        ValueError: a table without a place, a place without a table, or a place without beginning or end; names it.
    """
    placed: set[str] = set()
    for page, text in pages.items():
        marks, places = MARK.findall(text), PLACE.findall(text)
        for name in marks:
            if name not in tables:
                raise ValueError(f"{page} has a place <!-- {name} --> for no table; {nearest(name, tables)}")
            if marks.count(name) != 2 * places.count(name):
                raise ValueError(f"{page} has no <!-- {name} --> or no <!-- /{name} --> for the other")
        placed.update(places)
    if homeless := sorted(tables.keys() - placed):
        raise ValueError(f"none of {', '.join(pages)} has a place <!-- {homeless[0]} --> for the table {homeless[0]}")
    made = {name: f"<!-- {name} -->\n{table}<!-- /{name} -->" for name, table in tables.items()}
    return {page: PLACE.sub(lambda place: made[place[1]], text) for page, text in pages.items()}


if __name__ == "__main__":
    typer.run(main)
