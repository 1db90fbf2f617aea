"""Rows of an evaluation: kept as they come, one file a predictor, and summed up into a table.

A row is one fit, held against one scored column. Rows carry marks of what they were made by (`scripts.versions`, the
seed of the label sets); rows with other marks stay in their file and count for nothing, unless they are adopted
(`scripts.leaderboards.adoption`): nothing that was measured is lost, and nothing is mixed up.
"""

from __future__ import annotations

import csv
import datetime
import fcntl
import hashlib
import io
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from metanp.atomic import replacing, write_whole
from metanp.checkpoint import find
from metanp.strict_json import parse_json
from scripts.comparisons import Difference, known, mean_and_half, paired

ROOT = Path(__file__).parent.parent
Row = dict[str, Any]
Key = tuple[str, int, int]
KEY = ("shown", "set", "labels")  # of a fit
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


class RowFile:
    """Rows of one predictor, one JSON object a line, appended fit by fit; no other process writes meanwhile.

    rows: those of today. older: those that differ from them in nothing but the code that made them.

    Args:
        path: begun where it is absent; a last line that was cut off is dropped.
        marks: what rows of today carry. Of several rows of one fit and column with the same marks, the last counts.
        resume: False looks at no row that is there, so that new ones take their place.

    Raises:
        BlockingIOError: another process writes to it.
        ValueError: a row is damaged; names file and line.
    """

    def __init__(self, path: Path, marks: Row, resume: bool = True):
        self.path, self.marks = path, marks
        self.rows: dict[Key, list[Row]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(path, "a+b")  # noqa: SIM115 (open, and locked, as long as the object lives)
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BlockingIOError(error.errno, "another run writes to it", str(path)) from None
        self.older: dict[str, dict[Key, list[Row]]] = {}  # by code
        there = self._read()
        for row in there if resume else []:
            differ = {name for name, value in marks.items() if row.get(name) != value}
            if not differ:
                _put(self.rows, row)
            elif differ == {"code"} and "code" in row:
                _put(self.older.setdefault(row["code"], {}), row)

    def __contains__(self, key: Key) -> bool:
        return key in self.rows

    def get(self, key: Key) -> list[Row]:
        """Rows of one fit; none where the predictor had nothing to say."""
        return self.rows.get(key, [])

    def add(self, rows: Iterable[Row]) -> None:
        """Keep and append the rows of one fit, all in one piece; they take the place of earlier ones."""
        marked = [{**row, **self.marks} for row in rows]
        for row in marked:
            _put(self.rows, row)
        self.file.write("".join(json.dumps(row) + "\n" for row in marked).encode())
        self.file.flush()

    def _read(self) -> list[Row]:
        self.file.seek(0)
        lines = self.file.read().split(b"\n")
        if lines[-1]:  # a kill cut it off
            self.file.truncate(self.file.tell() - len(lines[-1]))
        return [self._row(i, line) for i, line in enumerate(lines[:-1], start=1) if line.strip()]

    def _row(self, number: int, line: bytes) -> Row:
        try:
            row = parse_json(line, any_number=True)
            if not isinstance(row, dict):
                raise ValueError("no object")
            if wrong := [name for name in KEY if not isinstance(row.get(name), str | int)]:
                raise ValueError(f"no {', '.join(wrong)}")
        except ValueError as error:
            remedy = "delete the line, and its fit is run again"
            raise ValueError(f"{self.path}, line {number}: a damaged row ({error}); {remedy}") from None
        return row


def _key(row: Row) -> Key:
    shown, number, labels = (row[name] for name in KEY)
    return shown, number, labels


def _put(rows: dict[Key, list[Row]], row: Row) -> None:
    """Among those of its fit, instead of one of the same column."""
    mine = rows.setdefault(_key(row), [])
    mine[:] = [one for one in mine if one.get("scored") != row.get("scored")] + [row]


def write_parquet(path: Path, rows: Sequence[Row]) -> None:
    """All rows, whole or not at all; what a row lacks is null."""
    columns = _columns(rows)
    table = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows])
    with replacing(path) as file:
        pq.write_table(table, file)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """All rows, whole or not at all."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _columns(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())


def checkpoint_digest(name: str) -> str:
    """Of the file of a checkpoint, by name or path."""
    return hashlib.sha256(find(name).read_bytes()).hexdigest()[:12]


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
