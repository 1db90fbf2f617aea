"""Protocols: which columns of which benchmark are shown and ranked against, at which numbers of labels.

A protocol is one file under `configs/protocol/`; this module turns it into settings that predictors are judged in.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from data import load_benchmark
from data.fetch import cache_folder
from data.table import Table
from metanp.metrics import kendall_tau
from scripts.at_hand import Absent
from scripts.computed_proxies import Computing, batch_of, computed, drawn
from scripts.leaderboards.judging import Setting


@dataclass
class Compared:
    """A published number that a predictor of ours is held against: under which name, and why it is far from ours."""

    method: str = ""
    because: str = ""


@dataclass
class ProtocolConfig:
    """See `configs/protocol/`."""

    name: str = ""
    title: str = ""  # the benchmark's name, for people
    about: str = ""  # what is shown and ranked, in a sentence
    benchmark: str = ""
    archive: str = ""  # a converted archive in the cache (`scripts.convert_archive`), in the benchmark's place
    budgets: list[int] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)  # shown: ranked against
    features: list[str] = field(default_factory=list)  # side features; a cell without any of them takes no part
    computing: Computing = field(default_factory=Computing)  # proxies that are computed; those in `features` are read
    everywhere: bool = False  # the shown cells are ranked as well, as some published tables do
    family: str = ""  # of published numbers that were measured like this
    compared: dict[str, Compared] = field(default_factory=dict)  # by predictor
    published_target: str = ""  # what they were ranked against, where it is not what is here: then orders are compared


@dataclass(frozen=True)
class Priced(Setting):
    """A setting, and what its side features cost. seconds: of computing one for all cells, by its name."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    together: float = math.inf  # seconds of all that are computed

    def cost(self, names: Iterable[str]) -> float:
        """Seconds of computing these features of all cells, at most; none for what the benchmark brings."""
        return min(sum(self.seconds.get(name, 0.0) for name in names), self.together)


def at_hand(protocol: ProtocolConfig, columns: Sequence[str], download: bool) -> tuple[ProtocolConfig, Absent]:
    """The protocol with those of its shown `columns` (all without any) that are at hand, and what is not.

    Raises:
        FileUnavailable: none of them is, or a side feature is not, or the images that proxies are computed on; says how
            to have its file.
    """
    table = _table(protocol, download)
    if protocol.computing.proxies:
        batch_of(protocol.computing, download)
    wanted = {shown: scored for shown, scored in protocol.columns.items() if shown in columns or not columns}
    features = Absent.of(table, protocol.features)
    absent = Absent.of(table, [name for shown, scored in wanted.items() for name in (shown, *scored)])
    there = {
        shown: [name for name in scored if name not in absent.columns]
        for shown, scored in wanted.items()
        if shown not in absent.columns
    }
    there = {shown: scored for shown, scored in there.items() if scored}
    if features or not there:
        raise Absent.joined([features, absent]).refuse(f"protocol {protocol.name}")
    return replace(protocol, columns=there), absent


def settings(protocol: ProtocolConfig, columns: Sequence[str] = ()) -> Iterator[tuple[str, Priced]]:
    """The name of each shown column (of these, or of all), and its setting; higher is better in all of them.

    Proxies are computed here, where the journal does not have them yet.

    Raises:
        ValueError: an archive that was not converted yet; says how. Or a column that the protocol or the benchmark does
            not have; names it.
    """
    if unknown := set(columns) - set(protocol.columns):
        raise ValueError(f"{protocol.name} shows no column {sorted(unknown)}; it shows {list(protocol.columns)}")
    table = _table(protocol)
    proxies = protocol.computing.proxies
    if unknown := set(protocol.features) - set(table.features) - set(proxies):
        beside = f", and {protocol.name} computes {', '.join(proxies)} alone" if proxies else ""
        raise ValueError(f"{table.name} has no side feature {sorted(unknown)}{beside}; {table.how_to_have_more}")
    features = {name: table.features[name] for name in protocol.features if name not in proxies}
    for shown in columns or protocol.columns:
        scored = protocol.columns[shown]
        values = {name: _upwards(table, name) for name in (shown, *scored)}
        known = np.all([np.isfinite(column) for column in values.values()], axis=0)
        if features:
            known &= np.any([np.isfinite(column) for column in features.values()], axis=0)
        rows = np.flatnonzero(known)
        rows = rows[drawn(len(rows), protocol.computing)]
        truths = {name: values[name][rows] for name in scored}
        side = {name: column[rows] for name, column in features.items()}
        setting = Priced(table.cells[rows], values[shown][rows], truths, side, protocol.everywhere)
        yield shown, _with_proxies(setting, protocol) if proxies else setting


def _with_proxies(setting: Priced, protocol: ProtocolConfig) -> Priced:
    found = computed(setting.cells, protocol.computing)
    read = {name: found.values[name] for name in protocol.features if name in found.values}
    seconds = {name: float(taken.sum()) for name, taken in found.seconds.items()}
    return replace(setting, features={**setting.features, **read}, seconds=seconds, together=found.together.sum())


def _table(protocol: ProtocolConfig, download: bool = False) -> Table:
    if not protocol.archive:
        return load_benchmark(protocol.benchmark, download)
    path = cache_folder() / "archives" / f"{protocol.archive}.parquet"
    if not path.is_file():
        command = f"python -m scripts.convert_archive {protocol.archive}"
        raise ValueError(f"protocol {protocol.name} needs the whole table, and {path} is not there: run `{command}`")
    return Table.open(path)


def ceilings(setting: Setting) -> dict[str, float]:
    """For each scored column, the Kendall tau that knowing the shown column of every cell would give."""
    return {name: round(kendall_tau(setting.score, truth), 4) for name, truth in setting.scored.items()}


def _upwards(table: Table, name: str) -> np.ndarray:
    column = table.mean(name)  # says how to have its file, where there is no such column here
    return column if table.metrics[name].maximize else -column
