"""Protocols: which columns of a benchmark are shown to predictors and ranked against, at which numbers of labels.

configs/protocol/*.yaml -> settings, one for each shown column
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from data import load_benchmark
from data.curves import CurveTable, load_curves
from data.curves.cells import benchmark_rows, cells_of
from data.fetch import cache_folder
from data.table import Table
from metanp.curves import Curves
from metanp.metrics import kendall_tau
from scripts.available import Missing
from scripts.computed_proxies import Computing, batch_of, computed, drawn
from scripts.leaderboards.judging import LabelSet, Scores, Setting
from scripts.results.published import Compared

END = "end"  # what prefixes are ranked against
CLOCK = "train_time"  # the quantity of curves that has the seconds of each epoch


@dataclass
class ProtocolConfig:
    """See `configs/protocol/`."""

    name: str = ""
    title: str = ""  # the benchmark's name, for people
    about: str = ""  # what is shown and ranked, in a sentence
    benchmark: str = ""
    archive: str = ""  # a converted archive in the cache (`scripts.convert_archive`), instead of the benchmark
    budgets: list[int] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)  # shown: ranked against
    features: list[str] = field(default_factory=list)  # side features; cells that lack all of them are left out
    curves: str = ""  # a table of learning curves, instead of a benchmark: columns are their ends
    epochs: list[int] = field(default_factory=list)  # columns of curves that are known where no label is; 0: none
    most: int = 0  # configurations at random, of all that there are; 0: all
    computing: Computing = field(default_factory=Computing)  # proxies that are computed; those in `features` are read
    train_time: str = ""  # the column with the seconds of a whole training; of curves, what their clock says
    targets: int = 0  # how many of the other cells are ranked; 0: all
    drawing: str = "uniform"  # or mutation: how cells are drawn
    everywhere: bool = False  # the shown cells are ranked as well, as in some published tables
    family: str = ""  # of published numbers that were measured like this
    compared: dict[str, Compared] = field(default_factory=dict)  # by predictor
    published_target: str = ""  # what they were ranked against, where it differs: then only orders are compared

    def __post_init__(self) -> None:
        if self.curves and not self.columns:
            self.columns = {name: [END] for name in _after(self.epochs)}


@dataclass(frozen=True)
class Priced(Setting):
    """A setting, and what it costs.

    seconds: of computing a side feature for all cells, by its name. together: of all that are computed. training: of
    training each cell to its end, and begun, as far as its prefix is known; None where nobody knows.
    """

    seconds: Mapping[str, float] = field(default_factory=dict)
    together: float = math.inf
    training: Scores | None = None
    begun: Scores | None = None

    def cost(self, names: Iterable[str]) -> float:
        """Seconds of computing these features of all cells, at most; none for what the benchmark brings."""
        return min(sum(self.seconds.get(name, 0.0) for name in names), self.together)

    def paid(self, shown: LabelSet, curves: bool) -> dict[str, float]:
        """Seconds of training: of all evaluated cells to their ends, and, where `curves` are read, of a target so far.

        Nothing where nobody knows.
        """
        if self.training is None:
            return {}
        begun = float(self.begun[shown.target].mean()) if curves and self.begun is not None else 0.0
        return {"seconds_labels": float(self.training[shown.context].sum()), "seconds_begun": begun}


def available(protocol: ProtocolConfig, columns: Sequence[str], download: bool) -> tuple[ProtocolConfig, Missing]:
    """The protocol with those of its shown `columns` (all if none are given) that are available, and what is missing.

    Raises:
        FileUnavailable: all columns are missing, or a side feature is, or the images that proxies are computed on; says
            how to get the file.
    """
    if protocol.curves:
        load_curves(protocol.curves, download)
        return replace(protocol, columns={name: [END] for name in columns or protocol.columns}), Missing()
    table = _table(protocol, download)
    if protocol.computing.proxies:
        batch_of(protocol.computing, download)
    asked = {shown: scored for shown, scored in protocol.columns.items() if shown in columns or not columns}
    features = Missing.of(table, protocol.features)
    missing = Missing.of(table, [name for shown, scored in asked.items() for name in (shown, *scored)])
    found = {
        shown: [name for name in scored if name not in missing.columns]
        for shown, scored in asked.items()
        if shown not in missing.columns
    }
    found = {shown: scored for shown, scored in found.items() if scored}
    if features or not found:
        raise Missing.joined([features, missing]).refusal(f"protocol {protocol.name}")
    return replace(protocol, columns=found), missing


def settings(protocol: ProtocolConfig, columns: Sequence[str] = ()) -> Iterator[tuple[str, Priced]]:
    """Names of the shown columns (of `columns`, or all), each with its setting; higher is better in all of them.

    Proxies are computed here, where the journal does not have them yet.

    Raises:
        ValueError: an archive that was not converted yet, with the command that does; a column that the protocol or
            the benchmark lacks.
    """
    if unknown := set(columns) - set(protocol.columns):
        raise ValueError(f"{protocol.name} shows no column {sorted(unknown)}; it shows {list(protocol.columns)}")
    if protocol.curves:
        yield from _of_curves(protocol, columns or list(protocol.columns))
        return
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
        setting = Priced(
            table.cells[rows],
            values[shown][rows],
            truths,
            side,
            protocol.everywhere,
            targets=protocol.targets,
            drawing=protocol.drawing,
            space=table.space,
            seconds=_stored_seconds(table, features, rows),
            training=table.mean(protocol.train_time)[rows] if protocol.train_time else None,
        )
        yield shown, _with_proxies(setting, protocol) if proxies else setting


def _after(epochs: Sequence[int]) -> list[str]:
    """Names of the shown columns of a protocol of curves, one for each length of prefixes."""
    return [f"after_{n}_epochs" if n != 1 else "after_1_epoch" for n in epochs]


def _of_curves(protocol: ProtocolConfig, columns: Sequence[str]) -> Iterator[tuple[str, Priced]]:
    """Prefixes of each length, ranked against ends; runs that failed are left out."""
    table = load_curves(protocol.curves)
    cells, rows = cells_of(table)
    well = np.flatnonzero(~table.curves[rows].failed)
    if protocol.most:
        well = np.sort(np.random.default_rng(0).permutation(well)[: protocol.most])
    curves, cells = table.curves[rows[well]], cells[well]
    untrained, clock, end = int(curves.epochs[0] == 0), _clock(curves), curves.ends()
    side, seconds, space = _of_benchmark(table, rows[well], protocol.features)
    for name, epochs in zip(_after(protocol.epochs), protocol.epochs, strict=True):
        if name in columns:
            yield (
                name,
                Priced(
                    cells,
                    end,
                    {END: end},
                    side,
                    curves=curves if epochs else None,
                    prefix=epochs + untrained,
                    targets=protocol.targets,
                    drawing=protocol.drawing,
                    space=space,
                    seconds=seconds,
                    training=None if clock is None else clock[:, -1],
                    begun=None if clock is None else clock[:, epochs + untrained - 1] if epochs else 0 * clock[:, 0],
                ),
            )


def _clock(curves: Curves) -> np.ndarray | None:
    """(config, epoch): seconds from the start of a training; None where nobody measured them."""
    if CLOCK not in [quantity.name for quantity in curves.quantities]:
        return None
    return np.cumsum(np.nan_to_num(curves.values[:, curves.place(CLOCK)]), axis=1)


def _of_benchmark(
    table: CurveTable, rows: np.ndarray, names: Sequence[str]
) -> tuple[dict[str, np.ndarray], dict[str, float], str | None]:
    """Side features of some rows of a table of curves, the seconds of computing each, and their space: those of its
    benchmark.

    Raises:
        ValueError: a side feature that there is not.
    """
    if not table.benchmark:
        if names:
            raise ValueError(f"{table.name} has no side features such as {names[0]!r}, as it is of no benchmark")
        return {}, {}, None
    benchmark = load_benchmark(table.benchmark)
    place = benchmark_rows(table, benchmark)[rows]
    if unknown := set(names) - set(benchmark.features):
        raise ValueError(f"{benchmark.name} has no side feature {sorted(unknown)}; {benchmark.how_to_have_more}")
    side = {name: benchmark.features[name][place] for name in names}
    return side, _stored_seconds(benchmark, names, place), benchmark.space


def _stored_seconds(table: Table, names: Iterable[str], rows: np.ndarray) -> dict[str, float]:
    """What computing each side feature of these rows took, where the table knows."""
    stored = {name: table.features.get(f"{name}_seconds") for name in names}
    return {name: float(np.nansum(column[rows])) for name, column in stored.items() if column is not None}


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


def _upwards(table: Table, name: str) -> np.ndarray:
    column = table.mean(name)  # a missing column raises an error that says how to get its file
    return column if table.metrics[name].maximize else -column


def ceilings(setting: Setting) -> dict[str, float]:
    """For each scored column, the Kendall tau of ranking by the shown column itself."""
    return {name: round(kendall_tau(setting.score, truth), 4) for name, truth in setting.scored.items()}
