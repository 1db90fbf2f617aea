"""One command a table: `python -m scripts.evaluate protocol=nb201 [kind=cross-task]`.

Shows every predictor the same label sets of a benchmark and holds its ranking of all other cells against the truth:
MetaNP of one kind of meta-training (never two in a table), and the strongest ordinary predictors on the same inputs.

Writes `results/evaluation/<protocol>/rows/<predictor>.csv` (one row a fit and scored column, as they come: a killed run
goes on where it stopped) and `<kind>.csv`, the table; with `publish=true` also `results/summary/<protocol>-<kind>.csv`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hydra
import torch
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import track

from metanp import MetaNP
from metanp.baselines import BASELINES
from scripts.evaluation import Job, Predictor, Setting, judge, label_sets
from scripts.protocols import ProtocolConfig, ceilings, settings
from scripts.rows import RowFile, publish, summarise, version_of, write_rows
from scripts.tables import print_table
from tasks.sources import check_honest

console = Console(stderr=True)


@dataclass
class Config:
    """Everything an evaluation can be told."""

    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    kind: str = "label-free"
    checkpoints: list[str] = field(default_factory=list)  # names or paths; else the shipped one of this kind
    baselines: list[str] = field(default_factory=lambda: ["gp_wl", "xgboost", "random_forest"])
    columns: list[str] = field(default_factory=list)  # shown columns of the protocol to evaluate; all without any
    sets: int = 20
    seed: int = 0
    threads: int = 1
    resume: bool = True  # keep rows of the same version of a predictor
    publish: bool = False
    output: str = "results/evaluation/${protocol.name}"


ConfigStore.instance().store(name="schema_of_evaluate", node=Config)


def evaluate(config: Config) -> list[dict[str, Any]]:
    """Fill in the rows that are missing, return the table's rows."""
    torch.set_num_threads(config.threads)
    output, protocol = Path(config.output), config.protocol
    predictors: dict[str, Predictor] = {}
    versions = {}
    for name in config.checkpoints or [shipped_name(config.kind, protocol.benchmark)]:
        model = MetaNP(name)
        check_honest(model.card, config.kind, protocol.benchmark)
        title = Path(name).stem if name.endswith(".safetensors") else name
        predictors[title], versions[title] = model, version_of(name)
    for name in config.baselines:
        predictors[name], versions[name] = BASELINES[name](), version_of(None)
    rows: list[dict[str, Any]] = []
    told: dict[tuple[str, str], float] = {}
    for shown, setting in settings(protocol, config.columns, config.sets, config.seed):
        told |= {(shown, scored): value for scored, value in ceilings(setting).items()}
        jobs = list(label_sets(setting))
        for name, predictor in predictors.items():
            file = RowFile(output / "rows" / f"{name}.csv", versions[name], config.seed, config.resume)
            rows += _fill_in(file, name, predictor, shown, setting, jobs)
    table = summarise(rows, config.baselines, told)
    write_rows(output / f"{config.kind}.csv", table)
    if config.publish:
        publish(table, f"{protocol.name}-{config.kind}")
    print_table(table)
    return table


def _fill_in(
    file: RowFile, name: str, predictor: Predictor, shown: str, setting: Setting, jobs: list[Job]
) -> list[dict[str, Any]]:
    """Rows of these jobs, computed where the file does not have them yet."""
    fewest = getattr(predictor, "fewest_labels", 0)
    missing = [job for job in jobs if job.budget >= fewest and (shown, job.number, job.budget) not in file]
    if missing:
        pool = predictor.encode(setting.cells, setting.features or None)
        for job in track(missing, f"{shown}: {name}", console=console):
            file.add([{"predictor": name, "shown": shown, **row} for row in judge(predictor, pool, setting, job)])
    return [row for job in jobs for row in file.get((shown, job.number, job.budget))]


def shipped_name(kind: str, benchmark: str) -> str:
    """The shipped checkpoint of a kind of meta-training for a benchmark."""
    return kind if kind == "label-free" else f"{kind}-{benchmark}"


@hydra.main(version_base="1.3", config_path="../configs", config_name="evaluate")
def main(raw: DictConfig) -> None:
    config: Any = OmegaConf.to_object(raw)
    evaluate(config)


if __name__ == "__main__":
    main()
