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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hydra.core.config_store import ConfigStore
from rich.console import Console

from data import FileUnavailable
from metanp.nearest import nearest
from scripts.command import command, say
from scripts.leaderboards.entrants import (
    MINE,
    NOT_YET,
    Entry,
    describe,
    fits,
    others,
    ours,
    print_catalogue,
    select,
    taking_part,
    without_sources,
)
from scripts.leaderboards.evaluation import Evaluation
from scripts.leaderboards.page import write_leaderboard
from scripts.leaderboards.protocols import ProtocolConfig, at_hand, ceilings, settings
from scripts.leaderboards.reproduction import compare, reproduction_table
from scripts.leaderboards.standings import framed, views
from scripts.leaderboards.tables import column_tables, summarise, tau_table
from scripts.results.entrants import OURS, Described, check_kind
from scripts.results.fits import Fit
from scripts.results.provenance import data_digest, provenance, publish
from scripts.results.published import read_published
from scripts.results.rows import Row, RowFile, write_rows
from scripts.results.running import Running, write
from scripts.results.wording import Pair

Names = list[str]
Numbers = list[int]

TARGETS = 10  # cells that are left to be ranked, at least: N@10 looks at ten


@dataclass
class Config(Running):
    """Everything that a leaderboard takes."""

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
    rows_only: bool = False  # one job of several: rows of the predictors named, neither MetaNP nor a table
    output: str = "results/leaderboard/${protocol.name}"

    @property
    def study(self) -> str:
        return self.protocol.name


ConfigStore.instance().store(name="schema_of_leaderboard", node=Config)


def leaderboard(config: Config) -> list[Row]:
    """Fill in the rows that are missing, write everything, return the table's rows."""
    check_kind(config.kind)
    config.check(sets=1, slow_sets=1, seed=0)
    protocol, absent = at_hand(config.protocol, _columns(config), config.download)
    protocol.budgets = config.budgets or protocol.budgets
    config = replace(config, protocol=protocol)
    entries = _entries(config)
    wanted, tops, cells = _wanted(config, entries)
    absent.tell("leaderboard", config.publish)
    rows = config.carry_out(Evaluation(protocol, config.seed), wanted)
    if config.rows_only:
        return []
    if not rows:
        raise ValueError(f"{config.output} has no rows of this table yet, and nothing was run")
    ran = {row["predictor"] for row in rows}
    known = {OURS: MINE, **{name: describe(name, entry) for name, entry in entries.items()}}
    described = {name: one for name, one in known.items() if name in ran}
    about = {"about": f"{protocol.about} {absent.note}".rstrip(), "ceilings": tops, "cells": cells}
    table = _write(config, rows, described, about, absent.note)
    if config.publish:
        config.keep(wanted)
    return table


def _entries(config: Config) -> dict[str, Entry]:
    """Those of the catalogue that take part; says which cannot.

    Raises:
        ValueError, FileUnavailable: one that cannot was asked for by name.
    """
    kind, protocol = config.kind, config.protocol
    selected = select(config.catalogue, config.predictors, config.slow)
    entries = taking_part(selected, kind, protocol, config.predictors)
    lacking = without_sources(entries, kind, protocol.benchmark, config.download)
    if asked := [lacking[name] for name in config.predictors if name in lacking]:
        raise FileUnavailable(asked[0])
    for why in lacking.values():
        say("leaderboard", f"left out: {why}")
    return {name: entry for name, entry in entries.items() if name not in lacking}


def _wanted(config: Config, entries: Mapping[str, Entry]) -> tuple[list[tuple[Fit, RowFile]], dict[Pair, float], int]:
    """Every fit and its file, MetaNP's first; the tau that knowing the shown column gives; how many cells there are."""
    kind, protocol = config.kind, config.protocol
    entrants = [*others(entries, kind, protocol.benchmark, config.sets, config.slow_sets)]
    if not config.rows_only:
        entrants[:0] = ours(kind, config.checkpoints, protocol.benchmark, config.sets)
    tops: dict[Pair, float] = {}
    wanted: list[tuple[Fit, RowFile]] = []
    cells = 0
    for shown, setting in settings(protocol):
        tops |= {(shown, scored): value for scored, value in ceilings(setting).items()}
        data = data_digest(setting.cells, {"": setting.score, **setting.scored, **setting.features})
        same: Row = {"label_seed": config.seed, "data": data, **({"everywhere": True} if protocol.everywhere else {})}
        cells = len(setting.cells)
        check_budgets(protocol.budgets, shown, cells)
        for one in entrants:
            wanted += config.wanted(one, fits(one, shown, protocol), Path(config.output) / "rows" / shown, same)
    place = {name: i for i, name in enumerate((OURS, *entries))}
    return sorted(wanted, key=lambda pair: place[pair[0].entrant]), tops, cells


def check_budgets(budgets: Sequence[int], shown: str, cells: int) -> None:
    """ValueError where there are none, one twice, or one that leaves fewer than `TARGETS` cells to be ranked."""
    if not budgets:
        raise ValueError("no numbers of labels; expected some, as in budgets=[20,50,100]")
    for budget in budgets:
        if budgets.count(budget) > 1:
            raise ValueError(f"budgets={list(budgets)} holds {budget} more than once")
        if not 0 <= budget <= cells - TARGETS:
            most = cells - TARGETS
            raise ValueError(f"{budget} labels of {shown}; it has {cells:,} cells, so expected 0 to {most:,}")


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


def _write(config: Config, rows: list[Row], described: dict[str, Described], about: Row, note: str) -> list[Row]:
    """Everything that is made of rows; `note` is what is to be said of all of it."""
    protocol, kind = config.protocol, config.kind
    stem = f"{config.dataset}-{kind}" if config.dataset else kind
    output, frame = Path(config.output) / stem, framed(rows)
    if not protocol.features:  # nothing to read but cells
        described = {name: _without_side(one) for name, one in described.items()}
    table, taus = summarise(frame, OURS, about["ceilings"]), tau_table(views(frame)[0], described, note)
    marked = [{**row, "protocol": protocol.name, "kind": kind} for row in rows]
    files = write(output, marked, table, {"md": taus.markdown(), "tex": taus.latex()})
    facts = {**provenance(), "protocol": protocol.name, "kind": kind, "benchmark": protocol.title, **about}
    facts["downloads"] = {"rows (Parquet)": f"{stem}.parquet", **files}
    page = Path(f"{output}.html")
    write_leaderboard(page, frame, described, NOT_YET, read_published(protocol.benchmark), facts)
    for one in column_tables(table):
        one.print()
    compared = compare(protocol, table, {name: one.title for name, one in described.items()})
    if compared:
        write_rows(Path(f"{output}-published.csv"), compared)
        reproduction_table(compared).print()
    if config.publish:
        name = f"{protocol.name.removeprefix('published/')}-{stem}"
        publish(compared or table, f"reproduction-{name}" if compared else name)
    Console(stderr=True).print(f"page: {page}")
    return table


def _without_side(one: Described) -> Described:
    return replace(one, needs=tuple(need for need in one.needs if need != "side features"))


@command("leaderboard")
def main(config: Config) -> None:
    if config.list:
        print_catalogue(config.catalogue, config.list)
    else:
        leaderboard(config)


if __name__ == "__main__":
    main()
