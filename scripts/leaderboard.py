"""Every predictor in one table, one command each: `python -m scripts.leaderboard protocol=nb201 [dataset=cifar10]`.

Shows every predictor of `configs/catalogue/` the same label sets of a benchmark and holds its ranking of all other
cells against the truth; beside them MetaNP of one kind of meta-training, never two in a table. `list=json` prints what
there is to run; `slow=true` runs the slow ones as well.

Writes, under `results/leaderboard/<protocol>/`: `rows/<column>/<predictor>.jsonl`, rows as they come, so that a killed
run goes on where it stopped; `<kind>.parquet`, the rows of this table; `<kind>.csv`, `.md`, `.tex`, the table;
`<kind>.html`, the page (`<dataset>-<kind>` of one data set). With `publish=true` also a summary in `results/summary/`,
of which `scripts.readme` makes tables.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import hydra
import numpy as np
from hydra.core.config_store import ConfigStore
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from metanp.checkpoint import load_model
from scripts.catalogue import NOT_YET, OURS, Described, Entry, describe, module_of, nearest, select
from scripts.protocols import ProtocolConfig, ceilings, settings
from scripts.report.page import write_page
from scripts.report.published import read_published
from scripts.report.text_tables import latex_table, markdown_table
from scripts.reproduction import compare, show
from scripts.rows import Key, Row, RowFile, checkpoint_digest, provenance, publish, summarise, write_parquet, write_rows
from scripts.runner import Task, World, run
from scripts.tables import print_table
from scripts.versions import code_digest, data_digest, settings_digest
from tasks.sources import check_honest

JUDGE = "scripts.evaluation"  # whose code makes rows what they are, whatever the predictor
FAST = 2.0  # seconds a fit
Names = list[str]
Numbers = list[int]


@dataclass
class Config:
    """Everything a leaderboard can be told."""

    list: str = ""  # json or table: print the predictors, and run nothing
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    dataset: str = ""  # shown columns that begin with it, or one in full; all without
    budgets: Numbers = field(default_factory=lambda: [])  # the protocol's without
    predictors: Names = field(default_factory=lambda: [])  # of the catalogue; without, all that are fast
    slow: bool = False  # and those that are not
    slow_sets: int = 20  # label sets that the slow ones see, the first of all
    kind: str = "label-free"
    checkpoints: Names = field(default_factory=lambda: [])  # names or paths, one a training seed; else the shipped one
    catalogue: dict[str, Entry] = field(default_factory=dict)
    sets: int = 20
    seed: int = 0  # of the label sets
    jobs: int = 0  # processes, one thread each; 0: as many as there are cores
    limit: float = 1800.0  # seconds a fit and its predictions may take
    resume: bool = True
    fill: bool = True  # False: a table of the rows that are there, nothing is run
    rows_only: bool = False  # one job of several: rows of the predictors named, neither MetaNP nor a table
    publish: bool = False
    output: str = "results/leaderboard/${protocol.name}"


ConfigStore.instance().store(name="schema_of_leaderboard", node=Config)


@dataclass(frozen=True)
class Contender:
    """A predictor of this table: where its rows are, how it is made, and what its rows are marked with."""

    file: str
    make: dict[str, Any]
    seed: int | None  # of its training; None: it is seeded by the label set
    sets: int
    marks: Row


def leaderboard(config: Config) -> list[Row]:
    """Fill in the rows that are missing, write everything, return the table's rows."""
    protocol, output = config.protocol, Path(config.output)
    protocol.budgets = config.budgets or protocol.budgets
    entries = _readable(select(config.catalogue, config.predictors, config.slow), protocol, config.predictors)
    contenders = [*(_ours(config) if not config.rows_only else ()), *_others(config, entries)]
    told: dict[tuple[str, str], float] = {}
    wanted: list[tuple[Task, RowFile]] = []
    cells = 0
    for shown, setting in settings(protocol, _columns(config), config.sets, config.seed):
        told |= {(shown, scored): value for scored, value in ceilings(setting).items()}
        same = {"label_seed": config.seed, "data": data_digest(setting)}
        cells = len(setting.cells)
        for one in contenders:
            file = RowFile(output / "rows" / shown / f"{one.file}.jsonl", {**one.marks, **same}, config.resume)
            wanted += [(task, file) for task in _tasks(one, shown, protocol)]
    wanted.sort(key=lambda pair: list(config.catalogue).index(pair[0].predictor) if pair[0].predictor != OURS else -1)
    if config.fill:
        _fill_in(config, {task: file for task, file in wanted if _key(task) not in file})
    if config.rows_only:
        return []
    rows = [row for task, file in wanted for row in file.get(_key(task))]
    described = {OURS: MINE, **{name: describe(name, entry) for name, entry in entries.items()}}
    return _write(config, rows, described, told, cells)


def _fill_in(config: Config, missing: Mapping[Task, RowFile]) -> None:
    commit = {"commit": provenance()["commit"]}
    if missing:
        jobs = config.jobs or len(os.sched_getaffinity(0))
        world = World(config.protocol, config.sets, config.seed)
        run(
            world,
            [*missing],
            jobs,
            config.limit,
            lambda task, rows: missing[task].add({**row, **commit} for row in rows),
        )


def _key(task: Task) -> Key:
    return task.shown, task.number, task.budget


MINE = Described(
    "MetaNP",
    "meta-learned",
    ("cells", "side features"),
    "this project",
    "one model for all tables of a kind; variants were compared on benchmarks that its tables do not test, the prior "
    "with all image benchmarks in view (docs/what-was-tried.md)",
)


def _ours(config: Config) -> Iterator[Contender]:
    protocol = config.protocol
    for name in config.checkpoints or [shipped_name(config.kind, protocol.benchmark)]:
        card = load_model(name)[1]
        check_honest(card, config.kind, protocol.benchmark)
        make = {"_target_": "metanp.MetaNP", "checkpoint": name}
        marks = {"config": checkpoint_digest(name), "code": code_digest("metanp.predictor", JUDGE)}
        seed = card["training"]["seed"]
        marks |= {"predictor": OURS, "seed": seed}
        yield Contender(f"{OURS}-{config.kind}-{seed}", make, seed, config.sets, marks)


def _others(config: Config, entries: Mapping[str, Entry]) -> Iterator[Contender]:
    for name, entry in entries.items():
        marks = {"config": settings_digest(entry.make), "code": code_digest(module_of(entry), JUDGE)}
        sets = min(config.sets, config.slow_sets) if entry.slow else config.sets
        yield Contender(name, dict(entry.make), None, sets, {"predictor": name, "seed": 0, **marks})


def _readable(entries: dict[str, Entry], protocol: ProtocolConfig, asked: Sequence[str]) -> dict[str, Entry]:
    """Those that have something to read: where a protocol has no side features, not those that read them alone.

    Raises:
        ValueError: such a one was asked for by name.
    """
    blind = {name for name, entry in entries.items() if describe(name, entry).needs == ("side features",)}
    if protocol.features:
        return entries
    if refused := sorted(blind & set(asked)):
        raise ValueError(f"{', '.join(refused)}: read side features alone, and protocol {protocol.name} has none")
    return {name: entry for name, entry in entries.items() if name not in blind}


def _tasks(one: Contender, shown: str, protocol: ProtocolConfig) -> Iterator[Task]:
    """Every label set at every budget; at none those alone that need no label, and those that read none there alone."""
    make, scored = json.dumps(one.make), tuple(protocol.columns[shown])
    needs_labels = one.seed is None and instantiate(one.make).fewest_labels > 0
    reads_labels = one.seed is not None or needs_labels
    for number in range(one.sets):
        for budget in protocol.budgets:
            if needs_labels <= bool(budget) <= reads_labels:
                yield Task(one.marks["predictor"], make, one.seed, shown, scored, number, budget)


def _columns(config: Config) -> list[str]:
    """The shown columns of `config.dataset`.

    Raises:
        ValueError: the protocol shows none; says which are nearest.
    """
    known, name = list(config.protocol.columns), config.dataset
    found = [column for column in known if column == name or column.startswith(f"{name}_")]
    if name and not found:
        datasets = dict.fromkeys(column.split("_")[0] for column in known)
        raise ValueError(f"{config.protocol.name} has no data set {name!r}; {nearest(name, [*datasets, *known])}")
    return found


def shipped_name(kind: str, benchmark: str) -> str:
    """The shipped checkpoint of a kind of meta-training for a benchmark."""
    return kind if kind == "label-free" else f"{kind}-{benchmark}"


def _write(
    config: Config, rows: list[Row], described: dict[str, Described], told: dict[tuple[str, str], float], cells: int
) -> list[Row]:
    """Everything that is made of rows."""
    protocol, output, kind = config.protocol, Path(config.output), config.kind
    stem = f"{config.dataset}-{kind}" if config.dataset else kind
    if not protocol.features:  # nothing to read but cells
        described = {name: replace(one, needs=_without_side(one.needs)) for name, one in described.items()}
    table = summarise(rows, OURS, told)
    write_parquet(output / f"{stem}.parquet", [{**row, "protocol": protocol.name, "kind": kind} for row in rows])
    write_rows(output / f"{stem}.csv", table)
    (output / f"{stem}.md").write_text(markdown_table(rows, described))
    (output / f"{stem}.tex").write_text(latex_table(rows, described))
    files = {"rows (Parquet)": "parquet", "table (CSV)": "csv", "table (Markdown)": "md", "table (LaTeX)": "tex"}
    facts = {
        **provenance(),
        "protocol": protocol.name,
        "kind": kind,
        "benchmark": protocol.title,
        "about": protocol.about,
        "ceilings": told,
        "cells": cells,
        "downloads": {title: f"{stem}.{ending}" for title, ending in files.items()},
    }
    write_page(output / f"{stem}.html", rows, described, NOT_YET, read_published(protocol.benchmark), facts)
    if config.publish:
        publish(table, f"{protocol.name.replace('/', '-')}-{stem}")
    print_table(table)
    print_speed(rows)
    titles = {name: one.title for name, one in described.items()}
    show(compare(protocol, table, titles), output / f"{stem}-published.csv")
    Console(stderr=True).print(f"page: {output / f'{stem}.html'}")
    return table


def _without_side(needs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(need for need in needs if need != "side features")


def print_catalogue(catalogue: Mapping[str, Entry], form: str) -> None:
    """All predictors, and those to come, as JSON or as a table."""
    known = {name: describe(name, entry) for name, entry in catalogue.items()}
    if form == "json":
        there = [{"name": name, "status": "available", **asdict(one)} for name, one in {OURS: MINE, **known}.items()]
        coming = [{"family": family, "title": title, "status": "not yet"} for family, title in NOT_YET]
        print(json.dumps([*there, *coming], indent=2))
        return
    lines = Table("name", "title", "family", "needs", "source", "speed")
    for name, one in {OURS: MINE, **known}.items():
        lines.add_row(name, one.title, one.family, ", ".join(one.needs), one.source, "slow" if one.slow else "fast")
    for family, title in NOT_YET:
        lines.add_row("", title, family, "", "", "not yet")
    Console().print(lines)


def print_speed(rows: Sequence[Row]) -> None:
    """What a fit takes at the number of labels nearest to 200, and so which predictors are fast."""
    budgets = {row["labels"] for row in rows if row["labels"]}
    if not budgets:
        return
    near = min(budgets, key=lambda n: abs(n - 200))
    lines = Table("predictor", f"seconds a fit at {near} labels", "seconds to predict all cells", "")
    for name in dict.fromkeys(row["predictor"] for row in rows):
        mine = [row for row in rows if (row["predictor"], row["labels"], row["status"]) == (name, near, "ok")]
        if mine:
            fit, predict = (float(np.median([row[f"seconds_{what}"] for row in mine])) for what in ("fit", "predict"))
            lines.add_row(name, f"{fit:.2f}", f"{predict:.2f}", "fast" if fit < FAST else "slow")
    Console().print(lines)


@hydra.main(version_base="1.3", config_path="../configs", config_name="leaderboard")
def main(raw: DictConfig) -> None:
    config: Any = OmegaConf.to_object(raw)
    if config.list:
        print_catalogue(config.catalogue, config.list)
    else:
        leaderboard(config)


if __name__ == "__main__":
    main()
