"""Train the cells of the benchmark `mini`: `OMP_NUM_THREADS=1 python -m scripts.make_mini`, one process a core.

Start it as often as there are cores, kill it at any time, start it again: trainings that are done are not done again,
and several processes share what is left. Rows are JSON lines under `rows`. `table=true` makes of those that there are
`data/mini/mini.parquet`, which `load_benchmark("mini")` opens, the datasheet `docs/mini.md`, and the rows themselves in
`data/mini/rows.jsonl.gz`: on another machine, too, trainings go on where these end.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from hydra.core.config_store import ConfigStore

from data.mini import PATH
from metanp.atomic import write_whole
from scripts.command import ROOT, command
from scripts.results.provenance import provenance
from scripts.trainings.claims import keep_rows
from scripts.trainings.mini import read_rows, trainings, work_through
from scripts.trainings.mini_page import page
from scripts.trainings.mini_table import table_of

DATASHEET = ROOT / "docs" / "mini.md"
ROWS = "rows.jsonl.gz"  # beside the table


@dataclass
class Config:
    """rows: folder of the rows. cells: how many there are. most: trainings of this process; 0 makes all.

    table: whether to make the table and the datasheet instead. proxies: whether the table has zero-cost proxies, which
    are computed on the images where that was not done before.
    """

    rows: str = "results/mini-rows"
    cells: int = 1_200
    most: int = 0
    table: bool = False
    proxies: bool = True


ConfigStore.instance().store(name="schema_of_make_mini", node=Config)


@command("make_mini")
def main(config: Config) -> None:
    if config.table:
        print(make_table(Path(config.rows), config.cells, with_proxies=config.proxies))
    else:
        train(config)


def train(config: Config) -> None:
    """Work until nothing is left, or until `most`."""
    torch.set_num_threads(1)
    total = len(trainings(config.cells))
    rows, marks = Path(config.rows), {"commit": provenance()["commit"]}
    for row in work_through(rows, config.cells, config.most or None, marks, PATH.with_name(ROWS)):
        score = row.get("test_score", float("nan"))
        print(f"{row['cell']} {row['dataset']} seed {row['seed']}: {score:.2f}, {row['cpu_seconds']:.1f} s", flush=True)
    done = len(read_rows(rows, PATH.with_name(ROWS)))
    print(f"{done:,} of {total:,} trainings are done; other processes may be at some of the others")


def make_table(rows: Path, n: int, table: Path = PATH, datasheet: Path = DATASHEET, with_proxies: bool = True) -> str:
    """Write the table, the datasheet and, beside the table, the rows; raises as `table_of`."""
    kept = table.with_name(ROWS)
    found = read_rows(rows, kept)
    made = table_of(found, n, with_proxies)
    made.save(table)
    keep_rows(found.values(), kept)
    write_whole(datasheet, page(made, found, n, table.stat().st_size).encode())
    return f"{table}: {len(made):,} cells, {len(found):,} trainings; {datasheet}"


if __name__ == "__main__":
    main()
