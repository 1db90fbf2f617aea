"""The one table type: the cells of a benchmark, what was measured of them, and where each number comes from.

A table knows no model, no split and no task. It holds cells as the benchmark writes them (unpruned), measured metrics
with their seeds, computed side features, and for each of both a description (`Metric`) that names its source file,
the column in it and the file's sha256, so that every training on a column can record its source.

Axes (the glossary for all of `data`):
    cell   rows, in the benchmark's own order
    seed   independent trainings of one cell, padded with NaN to the longest

A value that failed or is missing is NaN, never a sentinel. Accuracy is in percent.

On disk: `data.parquet`, with cells as `data.stored_cells` writes them, and descriptions beside the columns.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float64

from data import parquet
from data.stored_cells import cells_of, columns_of
from metanp.cell_array import CellArray
from metanp.nearest import names_like


class Source(NamedTuple):
    """Where a column comes from: file or `package==version`, sha256 of the file, name of the column in it."""

    source: str
    sha256: str
    column: str


@dataclass(frozen=True)
class Metric:
    """What one column of a table means.

    Args:
        name: unique in its table, such as `cifar10_validation_accuracy_200`.
        dataset: what was trained on, such as `cifar10`, or the device of a latency; "" where neither applies.
        quantity: accuracy, latency, energy, time, parameters, proxy, ...
        split: train, validation, test, validation+test or none.
        epochs: length of the training; None where it has none or the source does not say.
        unit: percent, ms, mJ, s, million, ...; "" for a pure number.
        maximize: whether more is better.
        source: a file or `package==version`.
        sha256: of that source file, as it was read.
        column: its name inside the source.
    """

    name: str
    dataset: str
    quantity: str
    split: str
    epochs: int | None
    unit: str
    maximize: bool
    source: str
    sha256: str
    column: str = ""

    @classmethod
    def accuracy(cls, dataset: str, split: str, epochs: int | None, source: Source) -> Metric:
        """An accuracy in percent, named `<dataset>_<split>_accuracy_<epochs>`."""
        name = "_".join(map(str, filter(None, (dataset, split, "accuracy", epochs))))
        return cls(name, dataset, "accuracy", split, epochs, "percent", True, *source)


@dataclass(frozen=True, eq=False)
class Table:
    """Cells x metrics.

    Args:
        name: of the benchmark.
        space: name of the `metanp` space that the cells belong to; None where there is none.
        cells: as written, unpruned.
        ids: the benchmark's own string or hash, unique, one a cell.
        metrics: description of each measured column.
        scores: name -> float64 (cell, seed), for exactly the names in `metrics`; NaN where failed or missing.
        features: name -> float64 (cell,), side features, NaN where missing.
        feature_metrics: description of each side feature.
        classes: integer (cell,), the benchmark's own isomorphism class of each cell, where it has one.
        missing: source that is not available -> why; its columns are absent.
        absent: such a column, or side feature -> its missing source, where the benchmark knows it.

    Raises:
        ValueError: lengths that differ, a duplicate id, or an infinite value; names the column or the id.
    """

    name: str
    space: str | None
    cells: CellArray
    ids: list[str]
    metrics: dict[str, Metric]
    scores: dict[str, np.ndarray]
    features: dict[str, np.ndarray] = field(default_factory=dict)
    feature_metrics: dict[str, Metric] = field(default_factory=dict)
    classes: np.ndarray | None = None
    missing: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def from_columns(
        cls, name: str, cells: CellArray, ids: Sequence[str], columns: Iterable[tuple[Metric, np.ndarray]], **more: Any
    ) -> Table:
        """A table of columns and their descriptions: (cell, seed) is a measured metric, (cell,) a side feature.

        Args:
            more: `space`, `classes`, `missing` and `absent`, as in the table.
        """
        columns = list(columns)
        if len({m.name for m, _ in columns}) < len(columns):
            raise ValueError(f"{name}: two columns share a name: {sorted(m.name for m, _ in columns)}")
        measured = [(m, np.asarray(column, np.float64)) for m, column in columns if column.ndim == 2]
        computed = [(m, np.asarray(column, np.float64)) for m, column in columns if column.ndim == 1]
        return cls(
            name,
            more.pop("space", None),
            cells,
            list(ids),
            metrics={m.name: m for m, _ in measured},
            scores={m.name: column for m, column in measured},
            features={m.name: column for m, column in computed},
            feature_metrics={m.name: m for m, _ in computed},
            **more,
        )

    @classmethod
    def joined(cls, name: str, tables: Sequence[Table]) -> Table:
        """All cells of several tables, one after the other; `<table>_<column>` is NaN for cells of the others."""
        lengths = [len(table) for table in tables]
        columns = []
        for table, start in zip(tables, np.cumsum([0, *lengths[:-1]]), strict=True):
            both = {**table.metrics, **table.feature_metrics}
            for short, values in {**table.scores, **table.features}.items():
                whole = np.full((sum(lengths), *values.shape[1:]), np.nan)
                whole[start : start + len(table)] = values
                columns.append((replace(both[short], name=f"{table.name}_{short}"), whole))
        cells = CellArray.from_cells([cell for table in tables for cell in table.cells.to_cells()])
        return cls.from_columns(name, cells, [f"{t.name} {own}" for t in tables for own in t.ids], columns)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        columns = f"{len(self.metrics)} metrics, {len(self.features)} features"
        return f"Table({self.name[:100]!r}: {len(self):,} cells, {columns})"

    def values(self, metric: str) -> Float64[np.ndarray, "cell seed"]:
        """Every run of `metric`, NaN where a run failed or is missing.

        Raises:
            ValueError: no such metric; names the nearest ones, and the files whose columns are absent.
        """
        if metric not in self.scores:
            raise ValueError(self._unknown(metric))
        return self.scores[metric]

    def mean(self, metric: str) -> Float64[np.ndarray, " cell"]:
        """Mean of `metric` over the seeds that gave a number; NaN where none did. Raises like `values`."""
        runs = self.values(metric)
        count = np.isfinite(runs).sum(axis=1)
        return np.where(count > 0, np.nansum(runs, axis=1) / np.maximum(count, 1), np.nan)

    def sources(self) -> dict[str, Source]:
        """Where each metric and each side feature comes from."""
        both = {**self.metrics, **self.feature_metrics}
        return {name: Source(m.source, m.sha256, m.column) for name, m in both.items()}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write one Parquet file, whole or not at all."""
        parquet.write(Path(path), _columns(self), _description(self))

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Table:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: no such file.
            ValueError: truncated, damaged, not a table of ours, or of another format; names the file.
        """
        return parquet.read(Path(path), _table)

    @property
    def how_to_have_more(self) -> str:
        """How to get the columns of files that are missing."""
        if not self.missing:
            return "all its files are at hand, and none has more"
        return f"for more, set METANP_MIRROR or call load_benchmark({self.name!r}, download=True)"

    def _unknown(self, metric: str) -> str:
        if metric in self.absent:
            return f"{self.name} has no metric {metric!r} without {self.absent[metric]}; {self.how_to_have_more}"
        near = names_like(metric, self.metrics) or list(self.metrics)[:6]
        text = f"{self.name} has no metric {metric!r}; nearest: {', '.join(near)}"
        if metric in self.features:
            text += f"; {metric!r} is a side feature: table.features[{metric!r}]"
        if self.missing:
            text += f"; columns of these files are absent: {', '.join(map(os.path.basename, self.missing))}"
            text += f"; {self.how_to_have_more}"
        return text


def _check(table: Table) -> None:
    n = len(table.ids)
    if len(table.cells) != n:
        raise ValueError(f"{table.name}: {n} ids, but {len(table.cells)} cells")
    if len(set(table.ids)) != n:
        seen: set[str] = set()
        again = next(i for i in table.ids if i in seen or seen.add(i))  # type: ignore[func-returns-value]
        raise ValueError(f"{table.name}: id {again!r} is given twice")
    for described, columns, ndim in ((table.metrics, table.scores, 2), (table.feature_metrics, table.features, 1)):
        if odd := set(described) ^ set(columns):
            raise ValueError(f"{table.name}: {min(odd)!r} has values without a description, or the other way round")
        for name, column in columns.items():
            if column.ndim != ndim or len(column) != n or column.dtype != np.float64:
                raise ValueError(f"{table.name}: {name!r} is {column.dtype}{list(column.shape)}, expected {n} float64")
            if np.isinf(column).any():
                row = int(np.nonzero(np.isinf(column))[0][0])
                raise ValueError(f"{table.name}: {name!r} is infinite at {table.ids[row]!r}; a failed value is NaN")
    if table.classes is not None and len(table.classes) != n:
        raise ValueError(f"{table.name}: {n} ids, but {len(table.classes)} classes")


def _columns(table: Table) -> dict[str, Any]:
    """The columns as stored on disk."""
    columns: dict[str, Any] = {"id": list(table.ids), **columns_of(table.cells)[0]}
    if table.classes is not None:
        columns["class"] = np.asarray(table.classes, np.int64)
    columns |= {f"metric/{name}": runs for name, runs in table.scores.items()}
    return columns | {f"feature/{name}": column for name, column in table.features.items()}


def _description(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "space": table.space,
        "metrics": [asdict(m) for m in table.metrics.values()],
        "features": [asdict(m) for m in table.feature_metrics.values()],
        "missing": table.missing,
        "absent": table.absent,
        "classes": table.classes is not None,
        **columns_of(table.cells)[1],
    }


def _table(columns: Mapping[str, Any], description: Mapping[str, Any]) -> Table:
    """A table from its `_columns` and `_description`."""
    metrics, features = ({m["name"]: Metric(**m) for m in description[kind]} for kind in ("metrics", "features"))
    return Table(
        name=description["name"],
        space=description["space"],
        cells=cells_of(columns, description),
        ids=columns["id"],
        metrics=metrics,
        scores={name: columns[f"metric/{name}"] for name in metrics},
        features={name: columns[f"feature/{name}"] for name in features},
        feature_metrics=features,
        classes=columns["class"] if description["classes"] else None,
        missing=description["missing"],
        absent=description.get("absent", {}),
    )
