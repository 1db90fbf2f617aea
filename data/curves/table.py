"""The type of all tables of learning curves: curves, and where they come from.

Axes: config, rows in the order of the source; further ones as in `metanp.curves`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from data.benchmark import Input
from data.fetch import FileUnavailable, fetch, manifest
from data.table import Source
from metanp.brief import called
from metanp.curves import Curves

Inputs = Mapping[str, Input]


@dataclass(frozen=True, eq=False)
class CurveTable:
    """Curves of many configurations on one data set.

    name: as `data.curves.load_curves` takes it. dataset: what was trained on. ids: unique, one a configuration.
    architecture: of each configuration as the source writes it; none where the source says nothing of it, or where
    only numbers are known (`curves.architecture`). benchmark: the `data.load_benchmark` whose ids these are, "" if
    none. surrogate: whether a model drew the curves and nobody trained; tables of results say so. source: the files.
    """

    name: str
    dataset: str
    ids: tuple[str, ...]
    curves: Curves
    source: tuple[Source, ...]
    architecture: tuple[str, ...] = ()
    benchmark: str = ""
    surrogate: bool = False

    def __post_init__(self) -> None:
        n = len(self.curves)
        if len(self.ids) != n or len(set(self.ids)) != n or len(self.architecture) not in (0, n):
            raise ValueError(
                f"{self.name}: {len(set(self.ids))} ids, {len(self.architecture)} architectures, {n} curves"
            )

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        quantities = ", ".join(quantity.name for quantity in self.curves.quantities)
        return called(self, name=self.title, curves=len(self), epochs=self.curves.n_epochs, quantities=quantities)

    @property
    def title(self) -> str:
        """The name as tables of results show it: with a mark where a model drew the curves."""
        return f"{self.name} (surrogate)" if self.surrogate else self.name


@dataclass(frozen=True)
class CurveSource:
    """How a table of curves is read.

    name: of the table. build: the source files at hand -> table. needed: files of the manifest.
    """

    name: str
    build: Callable[[Inputs], CurveTable]
    needed: tuple[str, ...]

    def load(self, download: bool = False) -> CurveTable:
        """Raises as `data.curves.load_curves`."""
        return self.build(self.inputs(download))

    def inputs(self, download: bool = False) -> Inputs:
        """The source files. Raises as `data.curves.load_curves`."""
        inputs, missing = {}, []
        for name in self.needed:
            file = manifest()[name]
            try:
                inputs[name] = Input(fetch(file, download), name, file.sha256)
            except FileUnavailable as error:
                missing.append(str(error))
        if missing:
            raise FileUnavailable(f"{self.name} cannot be read without {'; '.join(missing)}")
        return inputs


def sources(inputs: Inputs, columns: str = "") -> tuple[Source, ...]:
    """Where the numbers of a table come from."""
    return tuple(one.column(columns) for one in inputs.values())
