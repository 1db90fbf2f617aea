"""Rows of a leaderboard, summed up: one line a predictor, column and number of labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from scripts.results.rows import Row
from scripts.results.statistics import Difference, known, mean_and_half, paired

MEANS = (  # column of the table: metric of the rows
    "kendall_tau",
    "spearman",
    "p_at_1%",
    "n_at_10",
    "regret_at_10",
    "crps",
    "nll",
    "coverage_50",
    "coverage_90",
    "seconds_fit",
    "seconds_encode",
    "seconds_predict",
)


def summarise(rows: Sequence[Row], ours: str, ceilings: Mapping[tuple[str, str], float]) -> list[Row]:
    """One row a predictor, column and number of labels: means with half of their 95 % interval, N@10's median too.

    `sets` counts label sets with an answer. `over` names the hardest rival of `ours` there: one that is clearly
    ahead, else the one over which the lead is least sure; by how much `ours` is over it, and half of the 95 %
    interval, is paired over label sets and seeds. Fits that came to nothing are counted as `failed`.
    """
    groups: dict[tuple[str, str, str, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["shown"], row["scored"], row["predictor"], row["labels"]), []).append(row)
    table = []
    for (shown, scored, name, labels), mine in groups.items():
        answered = [row for row in mine if row["status"] == "ok"]
        if not answered:
            continue
        line: Row = {"shown": shown, "scored": scored, "predictor": name, "labels": labels}
        line |= {"sets": len({row["set"] for row in answered}), "seeds": len({row["seed"] for row in mine})}
        line["failed"] = len(mine) - len(answered)
        for metric in MEANS:
            mean, half = mean_and_half(mine, metric)
            if not np.isnan(mean):
                line |= {metric: round(mean, 5), f"{metric}_half": round(half, 5)}
        line["n_at_10_median"] = float(np.median([row["n_at_10"] for row in answered]))
        line["ceiling"] = ceilings[shown, scored]
        here = (shown, scored, labels)
        rivals = [group for (a, b, other, n), group in groups.items() if (a, b, n) == here and other != ours]
        if name == ours and (hardest := _hardest(mine, rivals)):
            other, over = hardest
            line |= {"over": other, "over_tau": round(over.mean, 5), "over_tau_half": round(over.half, 5)}
        table.append(line)
    return table


def _hardest(mine: Sequence[Row], rivals: Iterable[Sequence[Row]]) -> tuple[str, Difference] | None:
    """The rival that is clearly ahead, if there is one, else the one over which the lead is least sure."""
    answered = [group for group in rivals if any(row["status"] == "ok" for row in group)]
    differences = known([(group[0]["predictor"], paired(mine, group, "kendall_tau")) for group in answered])
    return min(differences, key=lambda pair: (pair[1].sign >= 0, pair[1].mean - pair[1].half), default=None)
