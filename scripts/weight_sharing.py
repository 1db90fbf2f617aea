"""What sharing weights does to rankings: `OMP_NUM_THREADS=1 python -m scripts.weight_sharing`, one process a core.

Zhang et al.'s study of 64 children, at a size that a CPU can do (`scripts.sharing.units`). Start it as often as there
are cores, kill it at any time, start it again: what is done is not done again, and several processes share what is
left. Rows are JSON lines in `--rows`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import torch
import typer

from scripts.command import one_line
from scripts.results.provenance import provenance
from scripts.sharing.units import Size, units
from scripts.sharing.work import read_rows, work_through

ROWS = Path("results/weight-sharing")


def main(
    rows: Annotated[Path, typer.Option(help="folder of the rows")] = ROWS,
    most: Annotated[int, typer.Option(help="pieces of this process; 0 for all")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help="kinds of pieces; all unless given")] = None,
) -> None:
    """Train what is left."""
    torch.set_num_threads(1)
    size = Size()
    with one_line("weight_sharing"):
        for unit, row in work_through(rows, size, most or None, kind or [], {"commit": provenance()["commit"]}):
            print(f"{unit.title}: {row['cpu_seconds']:.0f} s", flush=True)
        print(f"{len(read_rows(rows, size))} of {len(units())} pieces are done; other processes may be at some others")


if __name__ == "__main__":
    typer.run(main)
