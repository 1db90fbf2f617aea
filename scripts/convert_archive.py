"""Converts an official benchmark archive into one Parquet table, streamed, without TensorFlow or the archive's package.

    python -m scripts.convert_archive ~/nasbench_only108.tfrecord
    python -m scripts.convert_archive ~/NATS-tss-v1_0-3ffb9-simple --output nats.parquet
    python -m scripts.convert_archive ~/NAS-Bench-201-v1_1-096897.pth --json

The kind of archive is recognised from its content. The table is written to --output, or into the cache under the
archive's name, in full or not at all; `data.Table.open(FILE)` reads it in under a second. For an archive that is
incomplete, damaged or of another kind, the command prints one line and ends with status 1.

Cost on one core, extrapolated from archives that this project wrote: about 1 minute for nasbench_only108.tfrecord,
4 minutes for nasbench_full.tfrecord, 4 minutes for NATS-Bench, 10 minutes for the .pth.
"""

import json as json_text
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from data import archives
from data.fetch import cache_folder
from data.table import Table
from scripts.results.table import Table as Sheet


def main(
    path: Annotated[Path, typer.Argument(help="The archive: a file, or the unpacked folder.")],
    output: Annotated[Path | None, typer.Option(help="The Parquet file; without it, one in the cache.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Convert an official archive of NAS-Bench-101, NAS-Bench-201 or NATS-Bench (tss) into one Parquet table."""
    started = time.monotonic()
    output = output or cache_folder() / "archives" / f"{path.resolve().name}.parquet"
    try:
        kind = archives.recognise(path)
        _prepare(output, path)
        with _bar(f"{kind}: {path.name}") as progress:
            table = archives.convert(path, progress)
        table.save(output)
    except (ValueError, OSError) as error:
        print(f"convert_archive: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    summary = summarise(table) | {"archive": str(path), "kind": kind, "output": str(output)}
    summary["seconds"] = round(time.monotonic() - started, 2)
    if json:
        print(json_text.dumps(summary))
    else:
        _show(summary)


def summarise(table: Table) -> dict[str, Any]:
    """For each metric: the number of values, and the range of the cells' means."""
    metrics = {}
    for name, metric in table.metrics.items():
        mean = table.mean(name)
        low, high = (float(np.nanmin(mean)), float(np.nanmax(mean))) if np.isfinite(mean).any() else (None, None)
        values = int(np.isfinite(table.values(name)).sum())
        metrics[name] = {"values": values, "min": low, "max": high, "unit": metric.unit}
    return {"benchmark": table.name, "cells": len(table), "metrics": metrics, "features": list(table.features)}


def _prepare(output: Path, archive: Path) -> None:
    """Refuse, before the conversion, an output that cannot be written or that would overwrite the archive."""
    if output.is_dir() or output.resolve() == archive.resolve():
        raise ValueError(
            f"{output}: is {'a folder' if output.is_dir() else 'the archive itself'}; give another --output"
        )
    output.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(output.parent, os.W_OK):
        raise ValueError(f"{output.parent}: cannot be written to; give another --output")


@contextmanager
def _bar(title: str) -> Iterator[archives.Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        task = bars.add_task(title, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _show(summary: dict[str, Any]) -> None:
    lines = []
    for name, m in summary["metrics"].items():
        low, high = ("-" if m[end] is None else f"{m[end]:.4g}" for end in ("min", "max"))
        lines.append([name, f"{m['values']:,}", low, high, m["unit"]])
    Sheet(["metric", "values", "min", "max", "unit"], lines).print()
    console = Console()
    console.print(f"{summary['benchmark']}: {summary['cells']:,} cells in {summary['seconds']} s -> ", end="")
    console.print(summary["output"], soft_wrap=True, markup=False, highlight=False)


if __name__ == "__main__":
    typer.run(main)
