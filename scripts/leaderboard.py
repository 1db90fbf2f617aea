"""Every predictor in one table, with one command: `python -m scripts.leaderboard protocol=nb201 [dataset=cifar10]`.

Gives every predictor of `configs/catalogue/` the same label sets of a benchmark, and compares its ranking of all other
cells with the true one. A table has MetaNP of one kind of meta-training. `list=json` prints the predictors; `slow=true`
runs the slow ones as well.

Writes, under `results/leaderboard/<protocol>/`: `rows/<column>/<predictor>.jsonl`, rows as they are computed, so that a
killed run continues where it stopped; `<kind>.parquet`, the rows of this table; `<kind>.csv`, `.md`, `.tex`, the table;
`<kind>.html`, the page (`<dataset>-<kind>` of one data set). With `publish=true` also a summary in `results/summary/`,
from which `scripts.readme` makes tables.
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
from scripts.leaderboards import entrants
from scripts.leaderboards.entrants import Entry, describe
from scripts.leaderboards.evaluation import Evaluation
from scripts.leaderboards.page import write_leaderboard
from scripts.leaderboards.protocols import ProtocolConfig, available, ceilings, settings
from scripts.leaderboards.standings import framed, views
from scripts.leaderboards.tables import column_tables, summarise, tau_table
from scripts.results.entrants import OURS, Described, check_kind
from scripts.results.provenance import data_digest, publish
from scripts.results.published import compare, read_published, reproduction_table
from scripts.results.rows import Row, write_rows
from scripts.results.running import Files, Running, write
from scripts.results.wording import Pair

Names = list[str]
Numbers = list[int]

TARGETS = 10  # the fewest cells to rank: N@10 needs ten


@dataclass
class Config(Running):
    """All options of a leaderboard."""

    list: str = ""  # json or table: print the predictors, and run nothing
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    dataset: str = ""  # shown columns that begin with it, or the full name of one; "": all
    budgets: Numbers = field(default_factory=lambda: [])  # empty: the protocol's
    predictors: Names = field(default_factory=lambda: [])  # of the catalogue; empty: all fast ones
    slow: bool = False  # the slow ones as well
    slow_sets: int = 20  # label sets of the slow ones, the first of all
    kind: str = "label-free"
    checkpoints: Names = field(
        default_factory=lambda: []
    )  # names or paths, one a training seed; empty: the shipped one
    catalogue: dict[str, Entry] = field(default_factory=dict)
    sets: int = 20
    seed: int = 0  # of the label sets
    rows_only: bool = False  # one job of several: rows of the named predictors, without MetaNP and without a table
    output: str = "results/leaderboard/${protocol.name}"

    @property
    def study(self) -> str:
        return self.protocol.name


ConfigStore.instance().store(name="schema_of_leaderboard", node=Config)


def leaderboard(config: Config) -> list[Row]:
    """Run the missing fits, write all files, return the table's rows."""
    check_kind(config.kind)
    config.check(sets=1, slow_sets=1, seed=0)
    protocol, missing = available(config.protocol, _columns(config), config.download)
    protocol.budgets = config.budgets or protocol.budgets
    config = replace(config, protocol=protocol)
    entries = _entries(config)
    files, tops, cells = _files(config, entries)
    missing.report("leaderboard", config.publish)
    rows = config.run(Evaluation(protocol, config.seed), files)
    if config.rows_only:
        return []
    if not rows:
        raise ValueError(f"{config.output} has no rows of this table yet, and nothing was run")
    ran = {row["predictor"] for row in rows}
    known = {OURS: entrants.MINE, **{name: describe(name, entry) for name, entry in entries.items()}}
    described = {name: one for name, one in known.items() if name in ran}
    about = {"about": f"{protocol.about} {missing.note}".rstrip(), "ceilings": tops, "cells": cells}
    table = _write(config, rows, described, about, missing.note)
    if config.publish:
        config.keep(files)
    return table


def _entries(config: Config) -> dict[str, Entry]:
    """The entries of the catalogue that take part; prints those that cannot.

    Raises:
        ValueError, FileUnavailable: one that cannot take part was asked for by name.
    """
    kind, protocol = config.kind, config.protocol
    selected = entrants.select(config.catalogue, config.predictors, config.slow)
    entries = entrants.taking_part(selected, kind, protocol, config.predictors)
    lacking = entrants.without_sources(entries, kind, protocol.benchmark, config.download)
    if asked := [lacking[name] for name in config.predictors if name in lacking]:
        raise FileUnavailable(asked[0])
    for why in lacking.values():
        say("leaderboard", f"left out: {why}")
    return {name: entry for name, entry in entries.items() if name not in lacking}


def _files(config: Config, entries: Mapping[str, Entry]) -> tuple[Files, dict[Pair, float], int]:
    """Every fit and its file, MetaNP's first; the tau of the shown column itself; the number of cells."""
    kind, protocol = config.kind, config.protocol
    who = [*entrants.others(entries, kind, protocol.benchmark, config.sets, config.slow_sets)]
    if not config.rows_only:
        who[:0] = entrants.ours(kind, config.checkpoints, protocol.benchmark, config.sets)
    tops: dict[Pair, float] = {}
    files: Files = {}
    cells = 0
    for shown, setting in settings(protocol):
        tops |= {(shown, scored): value for scored, value in ceilings(setting).items()}
        data = data_digest(setting.cells, {"": setting.score, **setting.scored, **setting.features, **setting.seen})
        marks: Row = {"label_seed": config.seed, "data": data, **({"everywhere": True} if protocol.everywhere else {})}
        cells = len(setting.cells)
        check_budgets(protocol.budgets, shown, cells)
        for one in who:
            fits = entrants.fits(one, shown, protocol)
            files |= config.files_of(one, fits, Path(config.output) / "rows" / shown, marks)
    place = {name: i for i, name in enumerate((OURS, *entries))}
    return dict(sorted(files.items(), key=lambda pair: place[pair[0].entrant])), tops, cells


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
        ValueError: the protocol shows none; names the nearest.
    """
    known, name = list(config.protocol.columns), config.dataset
    found = [column for column in known if column == name or column.startswith(f"{name}_")]
    if name and not found:
        datasets = dict.fromkeys(column.split("_")[0] for column in known)
        raise ValueError(f"{config.protocol.name} has no data set {name!r}; {nearest(name, [*datasets, *known])}")
    return found


def _write(config: Config, rows: list[Row], described: dict[str, Described], about: Row, note: str) -> list[Row]:
    """Write and print everything that is made of rows; `note` goes below the table."""
    protocol, kind = config.protocol, config.kind
    stem = f"{config.dataset}-{kind}" if config.dataset else kind
    output, frame = Path(config.output) / stem, framed(rows)
    absent = {"side features": not protocol.features, "learning-curve prefixes": not protocol.curves}
    described = {name: _without(one, absent) for name, one in described.items()}
    table, taus = summarise(frame, OURS, about["ceilings"]), tau_table(views(frame)[0], described, note)
    marked = [{**row, "protocol": protocol.name, "kind": kind} for row in rows]
    facts = write(output, "rows", marked, table, {"md": taus.markdown(), "tex": taus.latex()})
    facts |= {"protocol": protocol.name, "kind": kind, "benchmark": protocol.title, **about}
    page, published = Path(f"{output}.html"), read_published(protocol.benchmark)
    write_leaderboard(page, frame, described, published, facts)
    for one in column_tables(table):
        one.print()
    titles = {name: one.title for name, one in described.items()}
    alike = [line for line in published if line["protocol"] == protocol.family]
    compared = compare(table, titles, protocol.compared, alike, protocol.published_target)
    if compared:
        write_rows(Path(f"{output}-published.csv"), compared)
        reproduction_table(compared).print()
    if config.publish:
        name = f"{protocol.name.removeprefix('published/')}-{stem}"
        publish(compared or table, f"reproduction-{name}" if compared else name)
    Console(stderr=True).print(f"page: {page}")
    return table


def _without(one: Described, absent: Mapping[str, bool]) -> Described:
    """Without what it would read, were it there."""
    return replace(one, needs=tuple(need for need in one.needs if not absent.get(need)))


@command("leaderboard")
def main(config: Config) -> None:
    if config.list:
        entrants.print_catalogue(config.catalogue, config.list)
    else:
        leaderboard(config)


if __name__ == "__main__":
    main()
