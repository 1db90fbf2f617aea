"""Markdown tables of simulated searches, made of published summaries; strings of a CSV file in, a table out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scripts.leaderboards.catalogue import OURS
from scripts.searches.entrants import holds_metanp, read_strategies


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
    lines = ["| strategy | runs | at once | " + " | ".join(heads) + " |", "|---" * (3 + len(heads)) + "|"]
    for row in rows:
        spent = [_spent(row, goal) for goal in goals]
        found = [" / ".join(f"{float(row[f'after_{n}_{kind}']):.2f}" for kind in kinds) for n in after]
        title = f"**{row['title']}**" if row["strategy"] == OURS else row["title"]
        last = [_equalled(row), f"{float(row['seconds_per_ask']):.2g}"]
        lines.append(f"| {title} | " + " | ".join([row["repeats"], row["batch"], *spent, *found, *last]) + " |")
    seeds = max(int(row["seeds"]) for row in rows)
    lines += [
        "",
        f"Means ± half of the 95 % interval; checkpoints of MetaNP: {seeds}. ≥: a run that had not found it counts "
        f"with the limit of {first['limit']} evaluations; in brackets, how many had. MetaNP equals it after: "
        "evaluations until MetaNP's mean regret is no more than the strategy's at the limit; in brackets, how "
        "many times as many the strategy itself had needed. Cells that compute the same are one candidate: "
        f"{int(first['distinct_candidates']):,} of {int(first['candidates']):,}. "
        f"Measured {first['date']} on {first['machine']}, {_commits(rows)}.",
    ]
    return "\n".join(lines) + "\n"


def _commits(rows: Sequence[dict[str, str]]) -> str:
    """All that runs were made at, such as 'commits 1cd3864, 412163b'."""
    found = sorted({commit for row in rows for commit in row["run_commits"].split()})
    return f"commit{'s' * (len(found) > 1)} {', '.join(found)}"


def _equalled(row: dict[str, str]) -> str:
    found = row.get(f"evaluations_to_equal_{OURS}")
    return f"{found} ({float(row['evaluations_to_equal_times']):.3g} times)" if found else ""


def search_overview(rows: Sequence[dict[str, str]]) -> str:
    """A Markdown table of one benchmark: evaluations until the best cell, strategies by data sets.

    A strategy that holds a MetaNP stands here once a kind of meta-training, any other once.
    """
    datasets, goal = list(dict.fromkeys(row["dataset"] for row in rows)), "evaluations_to_best"
    holds = {name for name, one in read_strategies().items() if holds_metanp(one.make)}
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
        f"brackets, how many had. Measured {first['date']} on {first['machine']}, {_commits(rows)}.",
    ]
    return "\n".join(lines) + "\n"


def _spent(row: dict[str, str], goal: str) -> str:
    """Such as '≥ 123.4 ± 5.6 (97 %)'; no interval where none or one had found it."""
    found, half = float(row[f"{goal}_found"]), row[f"{goal}_ci95"]
    told = f"{float(row[f'{goal}_mean']):.1f}" + (f" ± {float(half):.1f}" if half else "")
    return told if found == 1 else f"≥ {told} ({100 * found:.0f} %)"
