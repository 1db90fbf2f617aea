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

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hydra.core.config_store import ConfigStore
from rich.console import Console

from data import FileUnavailable
from metanp.nearest import nearest
from scripts.at_hand import Absent
from scripts.command import command, say
from scripts.leaderboards.catalogue import MINE, NOT_YET, Entry, describe, print_catalogue, select
from scripts.leaderboards.entrants import fits, others, ours, taking_part, without_sources
from scripts.leaderboards.evaluation import Evaluation
from scripts.leaderboards.page import write_page
from scripts.leaderboards.protocols import ProtocolConfig, at_hand, ceilings, settings
from scripts.leaderboards.reproduction import compare, reproduction_table
from scripts.leaderboards.summary import summarise
from scripts.leaderboards.tables import column_tables, tau_table
from scripts.results.entrants import OURS, Described, check_kind
from scripts.results.fits import Fit, Plan
from scripts.results.provenance import data_digest, provenance, publish
from scripts.results.published import read_published
from scripts.results.rows import Row, RowFile, write_parquet, write_rows
from scripts.results.running import Running

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


ConfigStore.instance().store(name="schema_of_leaderboard", node=Config)


def leaderboard(config: Config) -> list[Row]:
    """Fill in the rows that are missing, write everything, return the table's rows."""
    _check(config)
    protocol, absent = at_hand(config.protocol, _columns(config), config.download)
    protocol.budgets = config.budgets or protocol.budgets
    config = replace(config, protocol=protocol)
    entries, left_out = _entries(config)
    wanted, tops, cells = _wanted(config, entries)
    _say_what_is_absent(config, absent, left_out)
    plan = Plan(Evaluation(protocol, config.sets, config.seed), wanted, provenance()["commit"])
    config.carry_out(plan)
    if config.rows_only:
        return []
    if not (rows := plan.rows()):
        raise ValueError(f"{config.output} has no rows of this table yet, and nothing was run")
    ran = {row["predictor"] for row in rows}
    known = {OURS: MINE, **{name: describe(name, entry) for name, entry in entries.items()}}
    described = {name: one for name, one in known.items() if name in ran}
    return _write(config, rows, described, tops, cells, absent.note)


def _entries(config: Config) -> tuple[dict[str, Entry], list[str]]:
    """Those of the catalogue that take part, and sentences on those that cannot.

    Raises:
        ValueError, FileUnavailable: one that cannot was asked for by name.
    """
    kind, protocol = config.kind, config.protocol
    selected = select(config.catalogue, config.predictors, config.slow)
    entries = taking_part(selected, kind, protocol, config.predictors)
    lacking = without_sources(entries, kind, protocol.benchmark, config.download)
    if asked := [lacking[name] for name in config.predictors if name in lacking]:
        raise FileUnavailable(asked[0])
    return {name: entry for name, entry in entries.items() if name not in lacking}, list(lacking.values())


def _wanted(
    config: Config, entries: Mapping[str, Entry]
) -> tuple[list[tuple[Fit, RowFile]], dict[tuple[str, str], float], int]:
    """Every fit and its file, MetaNP's first; the tau that knowing the shown column gives; how many cells there are."""
    kind, protocol = config.kind, config.protocol
    entrants = [*others(entries, kind, protocol.benchmark, config.sets, config.slow_sets)]
    if not config.rows_only:
        entrants[:0] = ours(kind, config.checkpoints, protocol.benchmark, config.sets)
    tops: dict[tuple[str, str], float] = {}
    wanted: list[tuple[Fit, RowFile]] = []
    cells = 0
    for shown, setting in settings(protocol, list(protocol.columns), config.sets, config.seed):
        tops |= {(shown, scored): value for scored, value in ceilings(setting).items()}
        data = data_digest(setting.cells, {"": setting.score, **setting.scored, **setting.features})
        same: Row = {"label_seed": config.seed, "data": data, **({"everywhere": True} if protocol.everywhere else {})}
        cells = len(setting.cells)
        _check_budgets(protocol.budgets, shown, cells)
        for one in entrants:
            path = Path(config.output) / "rows" / shown / f"{one.file}.jsonl"
            file = RowFile(path, {**one.marks, **same}, config.resume)
            wanted += [(fit, file) for fit in fits(one, shown, protocol)]
    place = {name: i for i, name in enumerate((OURS, *entries))}
    return sorted(wanted, key=lambda pair: place[pair[0].entrant]), tops, cells


def _check(config: Config) -> None:
    """ValueError names a number, or a kind of meta-training, that makes no sense."""
    check_kind(config.kind)
    config.check(sets=1, slow_sets=1, seed=0)


def _say_what_is_absent(config: Config, absent: Absent, left_out: Iterable[str]) -> None:
    """What a table lacks because of files that are not at hand, once; what is published has all columns."""
    if absent and config.publish:
        raise absent.refuse("publish=true")
    for line in [absent.told] * bool(absent) + [f"left out: {who}" for who in left_out]:
        say("leaderboard", line)


def _check_budgets(budgets: Sequence[int], shown: str, cells: int) -> None:
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


def _write(
    config: Config,
    rows: list[Row],
    described: dict[str, Described],
    tops: dict[tuple[str, str], float],
    cells: int,
    note: str,
) -> list[Row]:
    """Everything that is made of rows; `note` is what is to be said of all of it."""
    protocol, output, kind = config.protocol, Path(config.output), config.kind
    stem = f"{config.dataset}-{kind}" if config.dataset else kind
    if not protocol.features:  # nothing to read but cells
        described = {name: replace(one, needs=_without_side(one.needs)) for name, one in described.items()}
    table = summarise(rows, OURS, tops)
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
        "ceilings": tops,
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
