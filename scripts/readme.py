"""Tables of the pages come from results, never from a keyboard.

    python -m scripts.readme --from-demo results/demo/demo.json    # measured rows -> results/summary/demo.csv
    python -m scripts.readme                                       # results/summary/*.csv -> the tables in `PAGES`

A table stands in a page between `<!-- demo -->` and `<!-- /demo -->`.
"""

from __future__ import annotations

import csv
import datetime
import json
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from scripts.readme_search_tables import search_overview, search_table
from scripts.readme_tables import (
    METRICS,
    WHOLE,
    ablation_table,
    demo_table,
    evaluation_table,
    leaderboard_overview,
    reproduction_table,
)

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/leaderboards.md", "docs/baselines.md", "docs/search.md", "docs/ablations.md")
OVERVIEW = "search-nasbench201"
LEADERBOARDS = "leaderboards"
ASIDE = "nb201_test-"  # a check of the others, which shows them what it ranks them against
OWN_SETTINGS = re.compile(r"-(proxies|batch\d+|evaluations\d+)")  # in names of searches that are not the benchmark's
TABLES = {"demo": demo_table, "ablation": ablation_table, "reproduction": reproduction_table, "search": search_table}


def main(from_demo: Annotated[Path | None, typer.Option()] = None) -> None:
    """Refresh the summary from a demo's results if one is given, then the tables of all pages."""
    if from_demo is not None:
        write_summary(json.loads(from_demo.read_text()), ROOT / "results" / "summary" / "demo.csv")
    for page, text in filled({page: (ROOT / page).read_text() for page in PAGES}, tables()).items():
        (ROOT / page).write_text(text)


def write_summary(result: dict, path: Path) -> None:
    """One row a predictor and number of labels, with date, machine and commit."""
    commit = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    when = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "commit": subprocess.run(commit, capture_output=True, text=True, check=True).stdout.strip(),
        "meta_train_seconds": round(result["seconds"]["meta_train"]),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["predictor", "labels", *METRICS, "tau_over_gp_wl", "half_interval", *when])
        for name, taus in result["tau"].items():
            for labels in taus:
                over = result["tau_over_gp_wl"].get(name, {}).get(labels, ("", ""))
                numbers = [result[metric][name][labels] for metric in METRICS]
                writer.writerow([name, labels, *numbers, *over, *when.values()])


def tables() -> dict[str, str]:
    """The table of every summary, by its name."""
    found: dict[str, str] = {}
    searched: list[dict[str, str]] = []
    whole: dict[str, list[dict[str, str]]] = {}
    for path in sorted((ROOT / "results" / "summary").glob("*.csv")):
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        found[path.stem] = TABLES.get(path.stem.split("-")[0], evaluation_table)(rows)
        if path.stem.startswith(f"{OVERVIEW}-") and not OWN_SETTINGS.search(path.stem):
            searched += rows
        if WHOLE.match(path.stem) and not path.stem.startswith(ASIDE):
            whole[path.stem] = rows
    if searched:
        found[OVERVIEW] = search_overview(searched)
    if whole:
        found[LEADERBOARDS] = leaderboard_overview(whole)
    return found


def filled(pages: dict[str, str], found: dict[str, str]) -> dict[str, str]:
    """Texts of pages with every table made anew where it has a place.

    Raises:
        ValueError: a table that no page has a place for; names it.
    """
    for name, table in found.items():
        place = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not any(place.search(text) for text in pages.values()):
            raise ValueError(f"none of {', '.join(pages)} has a place <!-- {name} --> for {name}.csv")
        for page, text in pages.items():
            pages = {**pages, page: place.sub(lambda match, t=table: match[1] + t + match[2], text)}  # type: ignore[misc]
    return pages


if __name__ == "__main__":
    typer.run(main)
