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

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from hydra.core.config_store import ConfigStore
from rich.console import Console

from data import FileUnavailable
from scripts.at_hand import Absent
from scripts.command import command, nearest, say
from scripts.leaderboards.adoption import adopt, key_of
from scripts.leaderboards.catalogue import (
    MINE,
    NOT_YET,
    OURS,
    Described,
    Entry,
    describe,
    print_catalogue,
    select,
)
from scripts.leaderboards.contenders import check_kind, others, ours, taking_part, without_sources
from scripts.leaderboards.protocols import ProtocolConfig, at_hand, ceilings, settings
from scripts.leaderboards.reproduction import compare, reproduction_table
from scripts.leaderboards.runner import TOO_FEW, World, run
from scripts.leaderboards.tables import column_tables, tau_table
from scripts.processes import Task, cores
from scripts.report.page import write_page
from scripts.report.published import read_published
from scripts.rows import Row, RowFile, provenance, publish, summarise, write_parquet, write_rows
from scripts.versions import data_digest

Names = list[str]
Numbers = list[int]


TARGETS = 10  # cells that are left to be ranked, at least: N@10 looks at ten


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
    retry: bool = False  # fits that came to nothing, once more
    adopt: int = 0  # rows of older code count where so many fits at each number of labels, run again, come out the same
    fill: bool = True  # False: a table of the rows that are there, nothing is run but what `adopt` asks for
    rows_only: bool = False  # one job of several: rows of the predictors named, neither MetaNP nor a table
    publish: bool = False
    download: bool = False  # files of the benchmark that are not at hand
    output: str = "results/leaderboard/${protocol.name}"


ConfigStore.instance().store(name="schema_of_leaderboard", node=Config)


def leaderboard(config: Config) -> list[Row]:
    """Fill in the rows that are missing, write everything, return the table's rows."""
    _check(config)
    selected = select(config.catalogue, config.predictors, config.slow)
    protocol, absent = at_hand(config.protocol, _columns(config), config.download)
    protocol.budgets = config.budgets or protocol.budgets
    config, output = replace(config, protocol=protocol), Path(config.output)
    entries = taking_part(selected, config.kind, protocol, config.predictors)
    untaught = without_sources(entries, config.kind, protocol.benchmark, config.download)
    if asked := [untaught[name] for name in config.predictors if name in untaught]:
        raise FileUnavailable(asked[0])
    entries = {name: entry for name, entry in entries.items() if name not in untaught}
    contenders = [*others(entries, config.kind, protocol.benchmark, config.sets, config.slow_sets)]
    if not config.rows_only:
        contenders[:0] = ours(config.kind, config.checkpoints, protocol.benchmark, config.sets)
    told: dict[tuple[str, str], float] = {}
    wanted: list[tuple[Task, RowFile]] = []
    cells = 0
    for shown, setting in settings(protocol, list(protocol.columns), config.sets, config.seed):
        told |= {(shown, scored): value for scored, value in ceilings(setting).items()}
        same: Row = {"label_seed": config.seed, "data": data_digest(setting)}
        same |= {"everywhere": True} if protocol.everywhere else {}
        cells = len(setting.cells)
        _check_budgets(protocol.budgets, shown, cells)
        for one in contenders:
            file = RowFile(output / "rows" / shown / f"{one.file}.jsonl", {**one.marks, **same}, config.resume)
            wanted += [(task, file) for task in one.tasks(shown, protocol)]
    _tell(config, absent, untaught.values())
    place = {name: i for i, name in enumerate((OURS, *entries))}
    wanted.sort(key=lambda pair: place[pair[0].predictor])
    if config.adopt:
        _adopt(config, _missing(wanted, config.retry))
    if config.fill:
        _fill_in(config, _missing(wanted, config.retry))
    if config.rows_only:
        return []
    rows = [row for task, file in wanted for row in file.get(key_of(task))]
    if not rows:
        raise ValueError(f"{output} has no rows of this table yet, and nothing was run")
    ran = {row["predictor"] for row in rows}
    known = {OURS: MINE, **{name: describe(name, entry) for name, entry in entries.items()}}
    described = {name: one for name, one in known.items() if name in ran}
    return _write(config, rows, described, told, cells, absent.note)


def _missing(wanted: list[tuple[Task, RowFile]], retry: bool) -> dict[Task, RowFile]:
    return {task: file for task, file in wanted if not _is_done(task, file.get(key_of(task)), retry)}


def _is_done(task: Task, rows: list[Row], retry: bool) -> bool:
    """A row a scored column; one of too few labels stays what it is."""
    whole = set(task.scored) <= {row["scored"] for row in rows}
    return whole and not (retry and any(row["status"] not in ("ok", TOO_FEW) for row in rows))


def _check(config: Config) -> None:
    """ValueError names a number, or a kind of meta-training, that makes no sense."""
    check_kind(config.kind)
    for name, least in (("sets", 1), ("slow_sets", 1), ("adopt", 0), ("jobs", 0), ("seed", 0)):
        if getattr(config, name) < least:
            raise ValueError(f"{name}={getattr(config, name)}; expected {least} or more")


def _tell(config: Config, absent: Absent, left_out: Iterable[str]) -> None:
    """What a table lacks because of files that are not at hand, once; what is published has all columns."""
    if absent and config.publish:
        raise absent.refuse("publish=true")
    for told in [absent.told] * bool(absent) + [f"left out: {who}" for who in left_out]:
        say("leaderboard", told)


def _check_budgets(budgets: Sequence[int], shown: str, cells: int) -> None:
    if not budgets:
        raise ValueError("no numbers of labels; expected some, as in budgets=[20,50,100]")
    for budget in budgets:
        if budgets.count(budget) > 1:
            raise ValueError(f"budgets={list(budgets)} holds {budget} more than once")
        if not 0 <= budget <= cells - TARGETS:
            most = cells - TARGETS
            raise ValueError(f"{budget} labels of {shown}; it has {cells:,} cells, so expected 0 to {most:,}")


def _fill_in(config: Config, missing: Mapping[Task, RowFile]) -> None:
    commit = _commit()

    def done(task: Task, rows: list[Row]) -> None:
        missing[task].add({**row, **commit} for row in rows)

    _run(config, [*missing], done)


def _adopt(config: Config, missing: Mapping[Task, RowFile]) -> None:
    console = Console(stderr=True)
    for told in adopt(missing, config.adopt, partial(_run, config), _commit()):
        found = f"adopted {told['adopted']}" if not told["differ"] else f"{told['differ']} differ, none adopted"
        console.print(f"{told['file']}, code {told['code']}: {told['compared']} compared, {found}")


def _run(config: Config, tasks: Sequence[Task], done: Callable[[Task, list[Row]], None]) -> None:
    if tasks:
        jobs = config.jobs or cores()
        run(World(config.protocol, config.sets, config.seed), tasks, jobs, config.limit, done)


def _commit() -> dict[str, str]:
    return {"commit": provenance()["commit"]}


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


def _write(
    config: Config,
    rows: list[Row],
    described: dict[str, Described],
    told: dict[tuple[str, str], float],
    cells: int,
    note: str,
) -> list[Row]:
    """Everything that is made of rows; `note` is what is to be said of all of it."""
    protocol, output, kind = config.protocol, Path(config.output), config.kind
    stem = f"{config.dataset}-{kind}" if config.dataset else kind
    if not protocol.features:  # nothing to read but cells
        described = {name: replace(one, needs=_without_side(one.needs)) for name, one in described.items()}
    table = summarise(rows, OURS, told)
    write_parquet(output / f"{stem}.parquet", [{**row, "protocol": protocol.name, "kind": kind} for row in rows])
    write_rows(output / f"{stem}.csv", table)
    taus = tau_table(rows, described, note)
    (output / f"{stem}.md").write_text(taus.markdown())
    (output / f"{stem}.tex").write_text(taus.latex())
    files = {"rows (Parquet)": "parquet", "table (CSV)": "csv", "table (Markdown)": "md", "table (LaTeX)": "tex"}
    facts = {
        **provenance(),
        "protocol": protocol.name,
        "kind": kind,
        "benchmark": protocol.title,
        "about": f"{protocol.about} {note}".rstrip(),
        "ceilings": told,
        "cells": cells,
        "downloads": {title: f"{stem}.{ending}" for title, ending in files.items()},
    }
    write_page(output / f"{stem}.html", rows, described, NOT_YET, read_published(protocol.benchmark), facts)
    for one in column_tables(table):
        one.print()
    compared = compare(protocol, table, {name: one.title for name, one in described.items()})
    if compared:
        write_rows(output / f"{stem}-published.csv", compared)
        reproduction_table(compared).print()
    if config.publish:
        name = f"{protocol.name.removeprefix('published/')}-{stem}"
        publish(compared or table, f"reproduction-{name}" if compared else name)
    Console(stderr=True).print(f"page: {output / f'{stem}.html'}")
    return table


def _without_side(needs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(need for need in needs if need != "side features")


@command("leaderboard")
def main(config: Config) -> None:
    if config.list:
        print_catalogue(config.catalogue, config.list)
    else:
        leaderboard(config)


if __name__ == "__main__":
    main()
