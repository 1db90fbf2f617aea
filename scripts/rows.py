"""Rows of an evaluation: kept as they come, one file a predictor, and summed up into a table.

A row is one fit, held against one scored column. Rows carry the version of what was fitted (the digest of a checkpoint,
else the version of the package) and the seed of the label sets; rows of another version are dropped, not mixed in.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t

from metanp import __version__
from metanp.checkpoint import find

ROOT = Path(__file__).parent.parent
Row = dict[str, Any]
Key = tuple[str, int, int]
TEXT = ("predictor", "shown", "scored", "version", "over", "date", "machine", "commit")
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
    "seconds_predict",
)


class RowFile:
    """Rows of one predictor, appended fit by fit.

    Args:
        path: a CSV file, begun where it is absent.
        version: of the predictor; rows of another one are dropped.
        seed: of the label sets.
        resume: False drops all rows.
    """

    def __init__(self, path: Path, version: str, seed: int, resume: bool = True):
        self.path, self.mark = path, {"version": version, "seed": seed}
        self.rows: dict[Key, list[Row]] = {}
        kept = [row for row in read_rows(path) if self._same(row)] if resume and path.is_file() else []
        for row in kept:
            self._keep(row)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_rows(path, kept)

    def __contains__(self, key: Key) -> bool:
        return key in self.rows

    def get(self, key: Key) -> list[Row]:
        """Rows of one fit; none where the predictor had nothing to say."""
        return self.rows.get(key, [])

    def add(self, rows: Iterable[Row]) -> None:
        """Keep and append the rows of one fit; a file with other columns is written anew."""
        rows = [{**row, **self.mark} for row in rows]
        for row in rows:
            self._keep(row)
        everything = [row for kept in self.rows.values() for row in kept]
        columns = _columns(everything)
        with open(self.path, newline="") as file:
            known = next(csv.reader(file), [])
        if known != columns:
            write_rows(self.path, everything)
            return
        with open(self.path, "a", newline="") as file:
            csv.DictWriter(file, columns, lineterminator="\n").writerows(rows)

    def _same(self, row: Row) -> bool:
        return all(row.get(name) == value for name, value in self.mark.items())

    def _keep(self, row: Row) -> None:
        kept = self.rows.setdefault((row["shown"], row["set"], row["labels"]), [])
        if all(row["scored"] != other["scored"] for other in kept):
            kept.append(row)


def read_rows(path: Path) -> list[Row]:
    """Rows of a CSV file, numbers as numbers, empty fields left out; a last line that was cut off is left out too."""
    with open(path, newline="") as file:
        reader = csv.reader(file)
        columns = next(reader, [])
        lines = [line for line in reader if len(line) == len(columns)]
    return [{k: _value(k, v) for k, v in zip(columns, line, strict=True) if v != ""} for line in lines]


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """All rows, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with open(partial, "w", newline="") as file:
        writer = csv.DictWriter(file, _columns(rows), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    partial.replace(path)


def version_of(checkpoint: str | None) -> str:
    """Digest of a checkpoint's file; of a baseline, the package's version."""
    if checkpoint is None:
        return f"metanp {__version__}"
    return hashlib.sha256(find(checkpoint).read_bytes()).hexdigest()[:12]


def summarise(rows: Sequence[Row], baselines: Sequence[str], ceilings: Mapping[tuple[str, str], float]) -> list[Row]:
    """One row a predictor, column and number of labels: means with half of their 95 % interval, N@10's median too.

    `over` names the baseline with the highest mean tau there; by how much a predictor of ours is over it, and half of
    the 95 % interval, is paired over label sets.
    """
    groups: dict[tuple[str, str, str, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["shown"], row["scored"], row["predictor"], row["labels"]), []).append(row)
    table = []
    for (shown, scored, name, labels), mine in groups.items():
        line: Row = {"shown": shown, "scored": scored, "predictor": name, "labels": labels, "sets": len(mine)}
        for metric in MEANS:
            values = np.array([row[metric] for row in mine if metric in row])
            if len(values):
                line[metric] = round(float(values.mean()), 5)
                line[f"{metric}_half"] = round(half_interval(values), 5)
        line["n_at_10_median"] = float(np.median([row["n_at_10"] for row in mine]))
        line["ceiling"] = ceilings[shown, scored]
        rivals = [group for b in baselines if (group := groups.get((shown, scored, b, labels)))]
        if rivals and name not in baselines:
            best = max(rivals, key=lambda group: np.mean([row["kendall_tau"] for row in group]))
            difference, half = paired_difference(mine, best, "kendall_tau")
            line |= {"over": best[0]["predictor"], "over_tau": round(difference, 5), "over_tau_half": round(half, 5)}
        table.append({**line, "version": mine[0]["version"]})
    return table


def paired_difference(rows: Sequence[Row], other: Sequence[Row], metric: str) -> tuple[float, float]:
    """Mean of the differences over the label sets that both have, and half of its 95 % interval."""
    theirs = {row["set"]: row[metric] for row in other}
    differences = np.array([row[metric] - theirs[row["set"]] for row in rows if row["set"] in theirs])
    return float(differences.mean()), half_interval(differences)


def half_interval(values: np.ndarray) -> float:
    """Half of the 95 % interval of a mean, by Student's t; infinite for a single value."""
    count = len(values)
    return float(t.ppf(0.975, count - 1) * values.std(ddof=1) / np.sqrt(count)) if count > 1 else float("inf")


def publish(table: Sequence[Row], name: str) -> None:
    """Write a table among those that README is made from, with date, machine and commit."""
    write_rows(ROOT / "results" / "summary" / f"{name}.csv", [{**row, **provenance()} for row in table])


def provenance() -> dict[str, str]:
    """When, where and from which commit something was measured."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
    # tables of other protocols, published a minute ago, change nothing of what is measured
    status = [*git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!results"]
    changed = subprocess.run(status, capture_output=True, text=True, check=True).stdout.strip()
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "commit": commit.stdout.strip() + ("-dirty" if changed else ""),
    }


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _value(name: str, text: str) -> Any:
    if name in TEXT:
        return text
    number = float(text)
    return int(number) if name in ("set", "labels", "seed", "sets") else number
