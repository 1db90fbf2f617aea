"""Train the cells of the benchmark `mini`: `OMP_NUM_THREADS=1 python -m scripts.make_mini`, one process a core.

Start it as often as there are cores, kill it at any time, start it again: trainings that are done are not done again,
and several processes share what is left. Rows are JSON lines under `rows`; `docs/mini.md` says what is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from hydra.core.config_store import ConfigStore

from scripts.command import command
from scripts.results.provenance import provenance
from scripts.trainings.mini import read_rows, trainings, work_through


@dataclass
class Config:
    """rows: folder of the rows. cells: how many there are. most: trainings of this process; 0 makes all."""

    rows: str = "results/mini-rows"
    cells: int = 1_200
    most: int = 0


ConfigStore.instance().store(name="schema_of_make_mini", node=Config)


@command("make_mini")
def main(config: Config) -> None:
    torch.set_num_threads(1)
    total = len(trainings(config.cells))
    for row in work_through(Path(config.rows), config.cells, config.most or None, {"commit": provenance()["commit"]}):
        score = row.get("test_score", float("nan"))
        print(f"{row['cell']} {row['dataset']} seed {row['seed']}: {score:.2f}, {row['cpu_seconds']:.1f} s", flush=True)
    done = len(read_rows(Path(config.rows)))
    print(f"{done:,} of {total:,} trainings are done; other processes may be at some of the others")


if __name__ == "__main__":
    main()
