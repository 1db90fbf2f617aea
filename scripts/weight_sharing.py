"""What sharing weights does to rankings: `OMP_NUM_THREADS=1 python -m scripts.weight_sharing`, one process a core.

Zhang et al.'s study of 64 children, at a size that a CPU can do (`scripts.sharing.units`). Start it as often as there
are cores, kill it at any time, start it again: what is done is not done again, and several processes share what is
left. Rows are JSON lines in `--rows`.

`--page` makes docs/weight-sharing.md and its figure of the rows that there are, and keeps them in `--kept`: on another
machine the study goes on where they end. `--json` prints what they say.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import torch
import typer

from data.weight_sharing import load_published
from metanp.atomic import write_whole
from metanp.nearest import nearest
from scripts.command import ROOT, one_line
from scripts.results.provenance import provenance
from scripts.sharing.figure import drawn
from scripts.sharing.findings import findings
from scripts.sharing.page import page
from scripts.sharing.units import Size, units
from scripts.sharing.work import read_rows, work_through
from scripts.trainings.claims import keep_rows

ROWS = Path("results/weight-sharing")
KEPT = ROOT / "results" / "rows" / "weight-sharing.jsonl.gz"
PAGE = Path("weight-sharing.md")
FIGURE = Path("pictures", "weight-sharing.svg")
KINDS = tuple(dict.fromkeys(unit.kind for unit in units()))


def main(
    rows: Annotated[Path, typer.Option(help="folder of the rows")] = ROWS,
    most: Annotated[int, typer.Option(help="pieces of this process; 0 for all")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help="kinds of pieces; all unless given")] = None,
    as_page: Annotated[bool, typer.Option("--page", help="train nothing, write the page and its figure")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="train nothing, print the findings")] = False,
    docs: Annotated[Path, typer.Option(help="folder of the page")] = ROOT / "docs",
    kept: Annotated[Path, typer.Option(help="file of rows that are kept")] = KEPT,
    download: Annotated[bool, typer.Option("--download", help="the published accuracies")] = False,
) -> None:
    """Train what is left, or say what was found."""
    with one_line("weight_sharing", "--download"):
        for name in kind or []:
            if name not in KINDS:
                raise ValueError(f"no kind of pieces {name!r:.80}; {nearest(name, KINDS)}")
        if as_page or as_json:
            tell(rows, kept, docs if as_page else None, as_json, download)
        else:
            train(rows, kept, most or None, kind or [])


def train(rows: Path, kept: Path, most: int | None, kinds: list[str]) -> None:
    """Work until nothing is left, or until `most`."""
    torch.set_num_threads(1)
    size = Size()
    for unit, row in work_through(rows, size, most, kinds, {"commit": provenance()["commit"]}, kept):
        print(f"{unit.title}: {row['cpu_seconds']:.0f} s", flush=True)
    done = len(read_rows(rows, size, kept))
    print(f"{done} of {len(units())} pieces are done; other processes may be at some of the others")


def tell(rows: Path, kept: Path, docs: Path | None, as_json: bool, download: bool) -> None:
    """Print the findings, or write the page and its figure into `docs` and keep the rows.

    Raises:
        ValueError: no rows. FileUnavailable: the published accuracies are not at hand.
    """
    size = Size()
    done = read_rows(rows, size, kept)
    if not done:
        raise ValueError(f"{rows} has no rows of this study yet; run python -m scripts.weight_sharing first")
    found = findings(done, load_published(download), size)
    if as_json:
        print(json.dumps(found))
    if docs is not None:
        write_whole(docs / PAGE, page(found, [*done.values()], size).encode())
        if found["readings"]:
            write_whole(docs / FIGURE, drawn(found["readings"]))
        keep_rows(done.values(), kept)


if __name__ == "__main__":
    typer.run(main)
