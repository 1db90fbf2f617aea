"""Carrying out the study: pieces that nobody has done or is at, a row of each; any number of processes share them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from scripts.sharing.predictors import REGIMES, measured
from scripts.sharing.training import train
from scripts.sharing.units import Size, Unit, units
from scripts.trainings.claims import append, claimed, kept_rows, own_file, written
from scripts.trainings.mini import machine

Rows = dict[Unit, dict[str, Any]]


def read_rows(folder: Path, size: Size, kept: Path | None = None) -> Rows:
    """Every piece of this size that is done, the first row of each; kept: a file of rows that is read first."""
    found: Rows = {}
    for row in (*kept_rows(kept), *written(folder)):
        if row["size"] == size.digest:
            found.setdefault(Unit(**row["unit"]), row)
    return found


def work_through(
    folder: Path,
    size: Size,
    most: int | None,
    kinds: Sequence[str],
    marks: dict[str, Any],
    kept: Path | None = None,
) -> Iterator[tuple[Unit, dict[str, Any]]]:
    """Do what is left, in order.

    Args:
        folder: of the rows; made where it is not there.
        most: pieces of this process; None goes on to the end.
        kinds: of pieces; of none, all.
        marks: of every row, such as the commit.
        kept: as in `read_rows`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, made, done = own_file(folder), 0, read_rows(folder, size, kept)
    marks = {"size": size.digest, **marks, "torch": torch.__version__, "machine": machine()}
    for number, unit in enumerate(units()):
        if made == most:
            return
        if unit in done or (kinds and unit.kind not in kinds):
            continue
        with claimed(folder, number) as mine:
            if not mine or unit in (
                done := read_rows(folder, size, kept)
            ):  # another process may have done it meanwhile
                continue
            start = time.process_time()
            found = measured(unit.kind, unit.instance) if unit.kind in REGIMES else train(unit, size)
            row = {"unit": asdict(unit), **found}
            row["cpu_seconds"] = round(time.process_time() - start, 1)
            append(path, row | marks)
            made += 1
        yield unit, row
