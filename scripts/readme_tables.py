"""The tables of the pages: rows of a summary, as text, become Markdown.

Every function takes the rows of one file of `results/summary/`, or of several by name; `scripts.readme` puts what they
give where it belongs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from omegaconf import OmegaConf

from scripts.leaderboards.catalogue import OURS, made
from scripts.report.published import GRADES

ROOT = Path(__file__).parent.parent
OURS_IN_DEMO = {"metanp": "**MetaNP, trained by the demo**", "shipped": "**MetaNP, shipped label-free**"}
METRICS = {"tau": "tau", "n_at_10_median": "N@10 median", "n_at_10": "N@10 mean", "regret_at_10": "regret@10"}
FORMS = {"tau": "{:.3f}", "n_at_10_median": "{:.0f}", "n_at_10": "{:.1f}", "regret_at_10": "{:.2f}"}
WHOLE = re.compile(r"^([a-z0-9_]+)-(label-free|cross-space|cross-task)$")  # names of tables of a whole protocol
GLANCE = (20, 50, 100)  # labels of the overview; the nearest that a protocol has


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
    most, rows = max(int(row["sets"]) for row in rows), _whole(rows)
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
    ahead, behind, held = _standing(rows)
    first = next(row for row in rows if row["predictor"] == OURS)
    seeds = int(first["seeds"])
    pairs = "label sets and training seeds" if seeds > 1 else "label sets"
    lines += [
        "",
        f"Of {held} columns and numbers of labels MetaNP is clearly ahead of every other in {ahead}, clearly behind at "
        f"least one in {behind} (paired over {pairs}, 95 % interval without zero); means over "
        f"{most} label sets, {seeds} training seed{'s' * (seeds > 1)} of MetaNP and columns: "
        f"{len({row['shown'] for row in rows})}.",
        f"Measured {first['date']} on {first['machine']}, commit {first['commit']}.",
    ]
    return "\n".join(lines) + "\n"


def _standing(rows: Sequence[dict[str, str]]) -> tuple[int, int, int]:
    """In how many columns and numbers of labels MetaNP is clearly ahead of all, clearly behind at least one; of all."""
    held = [row for row in rows if row["predictor"] == OURS and row.get("over")]
    apart = [(float(row["over_tau"]), float(row["over_tau_half"])) for row in held]
    ahead, behind = (sum(sign * over > half for over, half in apart) for sign in (1, -1))
    return ahead, behind, len(held)


def leaderboard_overview(whole: Mapping[str, Sequence[dict[str, str]]]) -> str:
    """A Markdown table of all protocols and kinds of meta-training: MetaNP beside the best of all others."""
    heads = ["benchmark", "training", "seeds", *(f"{n} labels" for n in GLANCE), "others", "the best of them"]
    heads += ["ahead", "level", "behind"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name in sorted(whole, key=_place):
        protocol, kind = WHOLE.match(name).groups()  # type: ignore[union-attr]
        told = OmegaConf.load(ROOT / "configs" / "protocol" / f"{protocol}.yaml")
        rows = _whole([row for row in whole[name] if row["shown"] == row["scored"]])
        mean = _means(rows)
        entries, best = [], []
        for wanted in GLANCE:
            here = mean[min(mean, key=lambda n: abs(n - wanted))]
            first = max((other for other in here if other != OURS), key=here.__getitem__)
            best.append(made(first).about.title)
            entries.append(f"{here[OURS]:.3f} ({here[first]:.3f})")
        ahead, behind, held = _standing(rows)
        title = told.title + ", 13 proxies as inputs" * ("features" in told)
        seeds = next(row["seeds"] for row in rows if row["predictor"] == OURS)
        others = str(len({row["predictor"] for row in rows} - {OURS}))
        standing = [others, "; ".join(dict.fromkeys(best)), str(ahead), str(held - ahead - behind), str(behind)]
        lines.append("| " + " | ".join([title, kind, seeds, *entries, *standing]) + " |")
    lines += [
        "",
        "Kendall tau, averaged over the columns of a protocol, in brackets that of the best other predictor there that "
        "saw all label sets; seeds are of training. Ahead, level, behind: in how many of all columns and numbers of "
        "labels it is clearly ahead of every other, and clearly behind at least one; paired over label sets and "
        "training seeds, 95 % interval.",
    ]
    return "\n".join(lines) + "\n"


def _whole(rows: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Those of predictors that answer in every column at this number of labels: no mean is of the easier columns alone.

    Raises:
        ValueError: MetaNP never does.
    """
    columns = {row["shown"] for row in rows}
    answered = Counter((row["predictor"], row["labels"]) for row in rows)
    whole = [row for row in rows if answered[row["predictor"], row["labels"]] == len(columns)]
    if not any(row["predictor"] == OURS for row in whole):
        raise ValueError(f"MetaNP has no answer in one of {', '.join(sorted(columns))}")
    return whole


def _place(name: str) -> tuple[str, int]:
    protocol, kind = WHOLE.match(name).groups()  # type: ignore[union-attr]
    return protocol, ("label-free", "cross-space", "cross-task").index(kind)


def _means(rows: Sequence[dict[str, str]]) -> dict[int, dict[str, float]]:
    """Mean tau by number of labels and predictor, where both MetaNP and others answer; of those that saw all sets."""
    found: dict[int, dict[str, list[float]]] = {}
    most = max(int(row["sets"]) for row in rows)
    for row in (row for row in rows if int(row["sets"]) == most):
        found.setdefault(int(row["labels"]), {}).setdefault(row["predictor"], []).append(float(row["kendall_tau"]))
    return {
        labels: {name: float(np.mean(taus)) for name, taus in here.items()}
        for labels, here in found.items()
        if len(here) > 1 and OURS in here
    }


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
    if "interval" not in first:  # measured before intervals were over new seeds and sets at once
        pairs = int(first["seeds"]) * int(first["sets"])
        lines += [
            "",
            f"These intervals count the {pairs} pairs of training seed and label set as independent. They are not, so "
            "the intervals are too narrow, and differences little larger than theirs may be chance, until all of it is "
            "measured again.",
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
    grades = {grade: GRADES[grade] for row in rows for grade in row["grade"].split("/")}
    told = "; ".join(f"{grade}: {meaning}" for grade, meaning in grades.items())
    lines += ["", f"Kendall tau; published: {sources} ({told}).{target} {measured}"]
    return "\n".join(lines) + "\n"
