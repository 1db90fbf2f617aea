"""Ablations, in one table: `python -m scripts.ablate ablation=ingredients`.

Meta-trains every variant with several training seeds, each briefly and label-free, and evaluates all of them on the
same label sets. A variant is a list of overrides of `scripts.meta_train`; the others are compared with the first.

    variants x seeds -> trainings -> checkpoints, which are the entrants -> fits -> rows -> table

Writes `results/ablation/<name>/<variant>-<seed>/` (the training), `rows/` (one row for each fit) and
`<name>.csv`, the table; with `publish=true` also `results/summary/ablation-<name>.csv`. A killed run continues where it
stopped; `resume=false` starts again.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.config_store import ConfigStore
from rich.console import Console
from rich.progress import track

from data import FileUnavailable
from metanp.checkpoint import load_model
from scripts.available import Missing, available_tables
from scripts.command import ROOT, command, say
from scripts.leaderboards.entrants import metanp
from scripts.leaderboards.evaluation import judged
from scripts.readme_tables import ablation_table
from scripts.results.entrants import Entrant
from scripts.results.executors import cores
from scripts.results.provenance import publish
from scripts.results.rows import Row, write_rows
from scripts.results.running import Running
from scripts.results.statistics import grouped, interval

console = Console(stderr=True)
FINISHED = "finished.json"  # in the folder of a completed training
CROSSED = "seeds and sets"  # what an interval is over; in summaries without this, pairs counted as independent


@dataclass
class Config(Running):
    """All options of an ablation."""

    name: str = "ablation"
    variants: dict[str, list[str]] = field(default_factory=dict)
    always: list[str] = field(default_factory=lambda: ["experiment=demo", "training.steps=200"])
    seeds: list[int] = field(default_factory=lambda: [0, 1, 2])  # of the trainings
    benchmarks: dict[str, str] = field(  # the column of each that is shown and ranked against
        default_factory=lambda: {
            "nasbench_macro": "cifar10_test_accuracy",
            "nasbench_nlp": "ptb_validation_loss_50",
            "nasbench201": "cifar10_validation_accuracy_200",
        }
    )
    budgets: list[int] = field(default_factory=lambda: [20, 100])
    sets: int = 10
    jobs: int = 2  # trainings at once, then fits at once, one thread each
    output: str = "results/ablation/${name}"
    ablation: Any = None


ConfigStore.instance().store(name="schema_of_ablate", node=Config)


def ablate(config: Config) -> list[Row]:
    """Train and evaluate what is missing, return the table's rows."""
    if not config.variants:
        raise ValueError("no variants to compare: name an ablation, such as ablation=ingredients")
    config.check(sets=1)
    config = _available(config)
    entrants, folder = _trained(config), Path(config.output) / "rows"
    rows: list[Row] = []
    for benchmark, column in config.benchmarks.items():
        here = [replace(one, file=f"{one.file}-{benchmark}") for one, _ in entrants]
        about = {one.file: {**facts, "benchmark": benchmark} for one, facts in entrants}
        found = judged(config, here, (benchmark, column), config.budgets, folder)
        rows += [{**row, **about[row["predictor"]]} for row in found]
    table = compare(rows, list(config.variants))
    write_rows(Path(config.output) / f"{config.name}.csv", table)
    if config.publish:
        publish(table, f"ablation-{config.name}")
    return table


def _available(config: Config) -> Config:
    """With the available benchmarks only; prints which are missing. A published table needs all of them.

    Raises:
        FileUnavailable: all are missing, or some for a published table; says how to get them.
    """
    tables, missing = available_tables(config.benchmarks, config.download)
    for name, table in tables.items():
        if lacking := Missing.of(table, [config.benchmarks[name]]):
            missing[name] = str(lacking.refusal(name))
    found = {name: column for name, column in config.benchmarks.items() if name not in missing}
    if missing and (config.publish or not found):
        raise FileUnavailable("; ".join(missing.values()))
    if missing:
        why = "; ".join(missing.values())
        say("ablate", f"evaluated on {', '.join(found)} alone; left out, as not available: {why}")
    return replace(config, benchmarks=found)


def _trained(config: Config) -> list[tuple[Entrant, Row]]:
    """Every variant with every training seed, trained if it is not yet, and facts of its training."""
    runs = [(variant, seed) for seed in config.seeds for variant in config.variants]
    if not config.fill:
        runs = [run for run in runs if (_folder(config, *run) / FINISHED).is_file()]
        return [_entrant(config, *run) for run in runs]
    with ThreadPoolExecutor(config.jobs or cores()) as workers:  # each waits for a process
        trainings = {workers.submit(_one_training, config, *run): run for run in runs}
        for done in track(as_completed(trainings), "trainings", total=len(runs), console=console):
            done.result()
    return [_entrant(config, *run) for run in runs]


def _folder(config: Config, variant: str, seed: int) -> Path:
    return Path(config.output) / f"{_slug(variant)}-{seed}"


def _one_training(config: Config, variant: str, seed: int) -> None:
    folder = _folder(config, variant, seed)
    if not config.resume or not (folder / FINISHED).is_file():
        _train(folder, [*config.always, *config.variants[variant], f"training.seed={seed}"])
        seconds = [json.loads(line).get("seconds", 0) for line in (folder / "log.jsonl").read_text().splitlines()]
        (folder / FINISHED).write_text(json.dumps({"train_seconds": max(seconds)}))


def _entrant(config: Config, variant: str, seed: int) -> tuple[Entrant, Row]:
    folder = _folder(config, variant, seed)
    path = str(folder / "best.safetensors")
    size = sum(parameter.numel() for parameter in load_model(path)[0].parameters())
    facts: Row = {"variant": variant, "training_seed": seed, "parameters": size}
    facts |= json.loads((folder / FINISHED).read_text())
    return metanp(path, folder.name, seed, config.sets, folder.name), facts


def _train(folder: Path, overrides: Sequence[str]) -> None:
    """Train in a new process, so that no state of one variant reaches the next."""
    more = [f"name={folder.name}", f"output={folder}", "wandb=disabled", "threads=1"]
    command = [sys.executable, "-m", "scripts.meta_train", *overrides, *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{folder.name}: `{' '.join(command)}` ended with {done.returncode}:\n{done.stderr[-2000:]}")


def compare(rows: Sequence[Row], variants: Sequence[str]) -> list[Row]:
    """One row for each variant and benchmark.

    It has the mean tau, the lowest and highest mean of a training seed, and how much tau is above the first variant's,
    with half of the 95 % interval, paired over training seeds and label sets (`scripts.results.statistics`).
    """
    table = []
    for (benchmark,), here in grouped(pd.DataFrame(rows), "benchmark"):
        # means over all numbers of labels
        tau: Any = here.groupby(["variant", "training_seed", "set"])["kendall_tau"].mean().unstack()
        for variant in variants:
            mine, own = here[here["variant"] == variant], tau.loc[variant]
            over = interval((own - tau.loc[variants[0]]).dropna(how="all").to_numpy())
            of_seeds = own.mean(axis=1)
            numbers = {
                "kendall_tau": np.nanmean(own),
                "lowest_seed": of_seeds.min(),
                "highest_seed": of_seeds.max(),
                "over_first": over.mean,
                "over_first_half": over.half,
                "n_at_10_median": mine["n_at_10"].median(),
                "train_seconds": mine["train_seconds"].mean(),
            }
            sizes = {"parameters": int(mine["parameters"].iloc[0]), "sets": mine["set"].nunique(), "seeds": len(own)}
            budgets = " ".join(map(str, sorted(mine["labels"].unique())))
            rounded = {name: round(float(value), 5) for name, value in numbers.items()}
            about = {"variant": variant, "benchmark": benchmark, "budgets": budgets}
            table.append({**about, **rounded, **sizes, "interval": CROSSED})
    return table


def _slug(variant: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", variant.lower()).strip("-")


@command("ablate")
def main(config: Config) -> None:
    ablation_table(ablate(config)).print()


if __name__ == "__main__":
    main()
