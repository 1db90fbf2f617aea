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
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from omegaconf import OmegaConf

from scripts.catalogue import OURS, made
from scripts.contestants import holds_metanp

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/leaderboards.md", "docs/baselines.md", "docs/search.md", "docs/ablations.md")
OURS_IN_DEMO = {"metanp": "**MetaNP, trained by the demo**", "shipped": "**MetaNP, shipped label-free**"}
METRICS = {"tau": "tau", "n_at_10_median": "N@10 median", "n_at_10": "N@10 mean", "regret_at_10": "regret@10"}
OVERVIEW = "search-nasbench201"
OWN_SETTINGS = re.compile(r"-(proxies|batch\d+|evaluations\d+)")  # in names of searches that are not the benchmark's
FORMS = {"tau": "{:.3f}", "n_at_10_median": "{:.0f}", "n_at_10": "{:.1f}", "regret_at_10": "{:.2f}"}


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
    for path in sorted((ROOT / "results" / "summary").glob("*.csv")):
        with open(path, newline="") as file:
            rows = list(csv.DictReader(file))
        found[path.stem] = TABLES.get(path.stem.split("-")[0], evaluation_table)(rows)
        if path.stem.startswith(f"{OVERVIEW}-") and not OWN_SETTINGS.search(path.stem):
            searched += rows
    if searched:
        found[OVERVIEW] = search_overview(searched)
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


def demo_table(rows: Sequence[dict[str, str]]) -> str:
    """A Markdown table: predictors by metrics, each at all numbers of labels, and a line on where it was measured."""
    labels = list(dict.fromkeys(row["labels"] for row in rows))
    lines = [
        f"| at {', '.join(labels)} labels | " + " | ".join(METRICS.values()) + " |",
        "|---" * (1 + len(METRICS)) + "|",
    ]
    for name in dict.fromkeys(row["predictor"] for row in rows):
        mine = {row["labels"]: row for row in rows if row["predictor"] == name}
        title = OURS_IN_DEMO.get(name) or made(name).about.title
        cells = [", ".join(FORMS[metric].format(float(mine[n][metric])) for n in labels) for metric in METRICS]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    for name in ("metanp", "shipped"):
        mine = {row["labels"]: row for row in rows if row["predictor"] == name}
        told = ", ".join(
            f"{float(mine[n]['tau_over_gp_wl']):+.3f} ± {float(mine[n]['half_interval']):.3f}" for n in labels
        )
        lines += [
            "",
            f"{OURS_IN_DEMO[name]}: tau over that of the GP on graph features, paired over label sets, 95 % interval: "
            f"{told}.",
        ]
    first = rows[0]
    measured = f"Measured {first['date']} on {first['machine']}, commit {first['commit']}; "
    lines += ["", measured + f"the demo's own model was meta-trained in {first['meta_train_seconds']} s."]
    return "\n".join(lines) + "\n"


def evaluation_table(rows: Sequence[dict[str, str]]) -> str:
    """A Markdown table of a protocol: predictors by numbers of labels, averaged over columns ranked against themselves.

    Each entry is the mean tau and, in brackets, the median of N@10 (averaged over columns as well). The best come
    first, by their mean over the numbers of labels at which most answer.
    """
    rows = [row for row in rows if row["shown"] == row["scored"]]
    labels = sorted({row["labels"] for row in rows}, key=int)
    lines = ["| labels | " + " | ".join(labels) + " |", "|---" * (1 + len(labels)) + "|"]
    most = max(int(row["sets"]) for row in rows)
    for name, mine in _best_first(rows).items():
        entries = []
        for n in labels:
            here = [row for row in mine if row["labels"] == n]
            tau, top = ([float(row[metric]) for row in here] for metric in ("kendall_tau", "n_at_10_median"))
            entries.append(f"{np.mean(tau):.3f} ({np.mean(top):.0f})" if here else "")
        title = "**MetaNP**" if name == OURS else made(name).about.title
        fewer = min(int(row["sets"]) for row in mine)
        told = f"{title} ({fewer} label sets)" if fewer < most else title
        lines.append(f"| {told} | " + " | ".join(entries) + " |")
    ours = [row for row in rows if row["predictor"] == OURS]
    held = [row for row in ours if row.get("over")]
    apart = [(float(row["over_tau"]), float(row["over_tau_half"])) for row in held]
    ahead, behind = (sum(sign * over > half for over, half in apart) for sign in (1, -1))
    first, seeds = ours[0], int(ours[0]["seeds"])
    pairs = "label sets and training seeds" if seeds > 1 else "label sets"
    lines += [
        "",
        f"Held against the strongest rival of each column and number of labels: clearly ahead in {ahead}, clearly "
        f"behind in {behind} of {len(held)} comparisons (paired over {pairs}, 95 % interval without zero); means over "
        f"{most} label sets, {seeds} training seed{'s' * (seeds > 1)} of MetaNP and columns: "
        f"{len({row['shown'] for row in rows})}.",
        f"Measured {first['date']} on {first['machine']}, commit {first['commit']}.",
    ]
    return "\n".join(lines) + "\n"


def _best_first(rows: Sequence[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Rows by predictor."""
    grouped: dict[str, list[dict[str, str]]] = {}
    answered: dict[str, set[str]] = {}
    for row in rows:
        grouped.setdefault(row["predictor"], []).append(row)
        answered.setdefault(row["labels"], set()).add(row["predictor"])
    shared = {n for n, names in answered.items() if len(names) == max(map(len, answered.values()))}

    def tau(name: str) -> float:
        known = [float(row["kendall_tau"]) for row in grouped[name] if row["labels"] in shared]
        return float(np.mean(known)) if known else -1.0

    return {name: grouped[name] for name in sorted(grouped, key=tau, reverse=True)}


def ablation_table(rows: Sequence[dict[str, str]]) -> str:
    """A Markdown table of an ablation: variants by benchmarks, mean tau and how much it is over the first variant's."""
    benchmarks = list(dict.fromkeys(row["benchmark"] for row in rows))
    lines = [
        "| variant | " + " | ".join(benchmarks) + " | parameters | seconds to train |",
        "|---" * (3 + len(benchmarks)) + "|",
    ]
    for variant in dict.fromkeys(row["variant"] for row in rows):
        mine = {row["benchmark"]: row for row in rows if row["variant"] == variant}
        entries = []
        for row in mine.values():
            over = f" ({float(row['over_first']):+.3f} ± {float(row['over_first_half']):.3f})"
            entries.append(f"{float(row['kendall_tau']):.3f}" + (over if variant != rows[0]["variant"] else ""))
        one = next(iter(mine.values()))
        sizes = f"{int(float(one['parameters'])):,} | {float(one['train_seconds']):.0f}"
        lines.append(f"| {variant} | " + " | ".join(entries) + f" | {sizes} |")
    first, budgets = rows[0], rows[0]["budgets"].split()
    lines += [
        "",
        f"Mean tau at {', '.join(budgets[:-1])} and {budgets[-1]} labels; training seeds: {first['seeds']}, "
        f"label sets: {first['sets']}; in brackets the difference to the first row, paired over both, 95 % interval. "
        f"Measured {first['date']} on {first['machine']}, commit {first['commit']}.",
    ]
    return "\n".join(lines) + "\n"


def reproduction_table(rows: Sequence[dict[str, str]]) -> str:
    """A Markdown table: ours and published numbers of the same method, and how they compare."""
    last = {"place here": "place here", "place published": "place published"}
    if "difference" in rows[0]:
        last = {"difference": "difference", "because": "why so far apart"}
    heads = ["predictor", "published as", "labels", "ours", "published (grade)", *last.values()]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in rows:
        ours = f"{float(row['ours']):.3f} ± {float(row['half']):.3f}"
        published = f"{float(row['published']):.3f} ({row['grade']})"
        entries = [row["title"], row["published as"], row["labels"], ours, published, *(row[name] for name in last)]
        lines.append("| " + " | ".join(entries) + " |")
    first = rows[0]
    sources = ", ".join(dict.fromkeys(row["source"] for row in rows))
    target = f" Published for another target: {first['published target']}." if first.get("published target") else ""
    measured = f"Measured {first['date']} on {first['machine']}, commit {first['commit']}, label sets: {first['sets']}."
    lines += ["", f"Kendall tau; published: {sources}.{target} {measured}"]
    return "\n".join(lines) + "\n"


def search_table(rows: Sequence[dict[str, str]]) -> str:
    """A Markdown table of simulated searches: strategies, fewest evaluations first."""
    first = rows[0]
    goals = [
        name.removesuffix("_mean") for name in first if name.startswith("evaluations_to_") and name.endswith("_mean")
    ]
    kinds = [kind for kind in ("valid", "test", "hypervolume") if any(f"_{kind}" in name for name in first)]
    after = sorted({name.split("_")[1] for name in first if name.startswith("after_")}, key=int)
    heads = [goal.replace("_", " ") for goal in goals] + [f"{' / '.join(kinds)} after {n}" for n in after]
    heads += ["MetaNP equals it after", "seconds per ask"]
    lines = ["| strategy | at once | " + " | ".join(heads) + " |", "|---" * (2 + len(heads)) + "|"]
    for row in rows:
        spent = [_spent(row, goal) for goal in goals]
        found = [" / ".join(f"{float(row[f'after_{n}_{kind}']):.2f}" for kind in kinds) for n in after]
        title = f"**{row['title']}**" if row["strategy"] == OURS else row["title"]
        last = [_equalled(row), f"{float(row['seconds_per_ask']):.2g}"]
        lines.append(f"| {title} | " + " | ".join([row["batch"], *spent, *found, *last]) + " |")
    seeds = max(int(row["seeds"]) for row in rows)
    lines += [
        "",
        f"Means ± half of the 95 % interval; runs: {max(int(row['repeats']) for row in rows)}, checkpoints of MetaNP: "
        f"{seeds}. ≥: a run that had not found it counts with the limit of {first['limit']} evaluations; in brackets, "
        "how many had. MetaNP equals it after: evaluations until MetaNP's mean regret is no more than the strategy's "
        "at the limit; in brackets, how many times as many the strategy itself had needed. Cells that compute the same "
        f"are one candidate: {int(first['distinct_candidates']):,} of {int(first['candidates']):,}. "
        f"Measured {first['date']} on {first['machine']}, commit {first['run_commits']}.",
    ]
    return "\n".join(lines) + "\n"


def _equalled(row: dict[str, str]) -> str:
    found = row.get(f"evaluations_to_equal_{OURS}")
    return f"{found} ({float(row['evaluations_to_equal_times']):.3g} times)" if found else ""


def search_overview(rows: Sequence[dict[str, str]]) -> str:
    """A Markdown table of one benchmark: evaluations until the best cell, strategies by data sets.

    A strategy that holds a MetaNP stands here once a kind of meta-training, any other once.
    """
    datasets, goal = list(dict.fromkeys(row["dataset"] for row in rows)), "evaluations_to_best"
    holds = {name for name, entry in _strategies().items() if holds_metanp(entry["make"])}
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        title = f"{row['title']}, {row['kind']}" if row["strategy"] in holds else row["title"]
        title = f"**{title}**" if row["strategy"] == OURS else title
        found.setdefault(title, {}).setdefault(row["dataset"], row)

    def mean(title: str) -> float:
        known = [float(row[f"{goal}_mean"]) for row in found[title].values()]
        return float(np.mean(known)) if len(known) == len(datasets) else np.inf

    lines = ["| strategy | " + " | ".join(datasets) + " |", "|---" * (1 + len(datasets)) + "|"]
    for title in sorted(found, key=mean):
        entries = [_spent(found[title][name], goal) if name in found[title] else "" for name in datasets]
        lines.append(f"| {title} | " + " | ".join(entries) + " |")
    runs, first = sorted({int(row["repeats"]) for row in rows}), rows[0]
    lines += [
        "",
        f"Mean evaluations ± half of the 95 % interval, {' to '.join(map(str, dict.fromkeys((runs[0], runs[-1]))))} "
        f"runs each. ≥: a run that had not found it counts with the limit of {first['limit']} evaluations; in "
        f"brackets, how many had. Measured {first['date']} on {first['machine']}, commit {first['run_commits']}.",
    ]
    return "\n".join(lines) + "\n"


def _strategies() -> Any:
    return OmegaConf.load(ROOT / "configs" / "search_strategies" / "all.yaml")


def _spent(row: dict[str, str], goal: str) -> str:
    """Such as '≥ 123.4 ± 5.6 (97 %)'; no interval where none or one had found it."""
    found, half = float(row[f"{goal}_found"]), row[f"{goal}_ci95"]
    told = f"{float(row[f'{goal}_mean']):.1f}" + (f" ± {float(half):.1f}" if half else "")
    return told if found == 1 else f"≥ {told} ({100 * found:.0f} %)"


TABLES = {"demo": demo_table, "ablation": ablation_table, "reproduction": reproduction_table, "search": search_table}

if __name__ == "__main__":
    typer.run(main)
