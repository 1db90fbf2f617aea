"""Learning curves: what was measured of each configuration after each epoch of its training.

A configuration is an architecture with its hyper-parameters. Curves are ragged: `lengths` says how many epochs each
was trained, or was to be trained; behind that everything is NaN. A run that failed is NaN from the failure on. Between
numbers there is no NaN.

Axes (the glossary for all of `metanp.curves`):
    config    configurations, rows
    quantity  what was measured; the first is the one whose end counts
    epoch     columns; `epochs` has their numbers, which begin with 0 where the untrained network was evaluated

Scores are higher is better everywhere here: a loss is negated when it is read as a score (`scores`, `ends`).
Nothing here predicts, and nothing reads files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from metanp.brief import brief, listed
from metanp.curves.checks import check_curves
from metanp.given import read_count

Scores = Float64[np.ndarray, " config"]


@dataclass(frozen=True)
class Quantity:
    """What was measured.

    name: `<split>_<what>`, such as validation_accuracy, train_loss. unit: percent, fraction, nats, perplexity, s, ...
    """

    name: str
    unit: str
    maximize: bool


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves of several configurations.

    quantities: the first is the one whose end is to be predicted. values: NaN behind `lengths` and from a failure on.
    architecture, hyperparameters: numbers by name, (config,) each; NaN where not known.

    Raises:
        ValueError: shapes that differ, epochs that go backwards or are missing, NaN between numbers, an infinite
            value, two quantities of one name; names the configuration and the epoch.
    """

    quantities: tuple[Quantity, ...]
    values: Float64[np.ndarray, "config quantity epoch"]
    epochs: Int64[np.ndarray, " epoch"]
    lengths: Int64[np.ndarray, " config"]
    architecture: Mapping[str, Scores] = field(default_factory=dict)
    hyperparameters: Mapping[str, Scores] = field(default_factory=dict)

    __repr__ = brief

    def __post_init__(self) -> None:
        check_curves(self)

    @classmethod
    def of(cls, values: Any, quantity: Quantity, first_epoch: int = 1, **features: Any) -> Curves:
        """Curves of one quantity: a matrix, or one list of numbers a configuration, of any lengths.

        Args:
            features: `architecture` and `hyperparameters`, as in the class.
        """
        rows = [np.asarray(row, np.float64) for row in values]
        lengths = np.array([len(row) for row in rows], np.int64)
        padded = np.full((len(rows), 1, max([1, *lengths])), np.nan)
        for row, one in zip(rows, padded, strict=True):
            one[0, : len(row)] = row
        epochs = np.arange(first_epoch, first_epoch + padded.shape[2])
        return cls((quantity,), padded, epochs, lengths, **features)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> Curves:
        """Some configurations: a slice, a mask or an array of positions."""
        index = np.arange(len(self))[rows]
        if index.ndim != 1:
            raise ValueError(f"curves[{rows!r}] is no collection of configurations; give [{rows!r}]")
        architecture = {name: column[index] for name, column in self.architecture.items()}
        hyperparameters = {name: column[index] for name, column in self.hyperparameters.items()}
        values, lengths = self.values[index], self.lengths[index]
        return Curves(self.quantities, values, self.epochs, lengths, architecture, hyperparameters)

    @property
    def n_epochs(self) -> int:
        """Columns, an untrained one included."""
        return len(self.epochs)

    @property
    def main(self) -> Quantity:
        """The quantity whose end counts."""
        return self.quantities[0]

    @property
    def failed(self) -> np.ndarray:
        """(config,) bool: broke off before its last epoch."""
        return (self.observed < self.lengths) | (self.lengths == 0)

    @property
    def observed(self) -> Int64[np.ndarray, " config"]:
        """How many columns of the main quantity are numbers."""
        return np.isfinite(self.values[:, 0]).sum(1)

    def place(self, name: str) -> int:
        """The position of a quantity.

        Raises:
            ValueError: there is none of that name; says which there are.
        """
        names = [quantity.name for quantity in self.quantities]
        if name not in names:
            raise ValueError(f"these curves have no {name!r}; they have {listed(names)}")
        return names.index(name)

    def scores(self, name: str | None = None) -> Float64[np.ndarray, "config epoch"]:
        """A quantity with higher is better: a loss is negated. Without a name the main one. Raises as `place`."""
        place = 0 if name is None else self.place(name)
        return self.values[:, place] if self.quantities[place].maximize else -self.values[:, place]

    def ends(self, name: str | None = None) -> Scores:
        """The score after the last epoch of each configuration; NaN where it failed. Raises as `place`."""
        last = np.maximum(self.lengths - 1, 0)
        return self.scores(name)[np.arange(len(self)), last]

    def prefix(self, n: int) -> Curves:
        """The first `n` columns.

        Raises:
            ValueError: there are not so many.
        """
        n = read_count(n, "the length of a prefix")
        if n > self.n_epochs:
            raise ValueError(f"a prefix of {n} epochs, but the longest curve has {self.n_epochs}; give at most that")
        lengths = np.minimum(self.lengths, n)
        return replace(self, values=self.values[:, :, :n], epochs=self.epochs[:n], lengths=lengths)

    def check_like(self, other: Curves) -> None:
        """Refuse curves that cannot stand beside these.

        Raises:
            ValueError: another main quantity, unit, direction or first epoch.
        """
        mine, theirs = self.main, other.main
        if mine.maximize != theirs.maximize:
            up, down = (mine, theirs) if mine.maximize else (theirs, mine)
            raise ValueError(
                f"two directions: of {up.name!r} more is better, of {down.name!r} less; convert one of them"
            )
        if (mine.name, mine.unit) != (theirs.name, theirs.unit):
            raise ValueError(
                f"{theirs.name!r} in {theirs.unit} beside {mine.name!r} in {mine.unit}; convert one of them"
            )
        if self.epochs[0] != other.epochs[0]:
            raise ValueError(
                f"the first epoch is {other.epochs[0]} beside {self.epochs[0]}: leave out the untrained epoch 0"
            )


def concatenate(several: Iterable[Curves]) -> Curves:
    """All configurations in one, such as of two data sets; what only some of them have is left out.

    Raises:
        ValueError: none at all, or what `Curves.check_like` refuses.
    """
    several = list(several)
    if not several:
        raise ValueError("no curves to put together; give at least one")
    first = several[0]
    for other in several[1:]:
        first.check_like(other)
    names = [q for q in first.quantities if all(q in other.quantities for other in several)]
    n = max(other.n_epochs for other in several)
    values = np.full((sum(map(len, several)), len(names), n), np.nan)
    start = 0
    for one in several:
        places = [one.place(q.name) for q in names]
        values[start : start + len(one), :, : one.n_epochs] = one.values[:, places]
        start += len(one)
    epochs = np.arange(first.epochs[0], first.epochs[0] + n)
    lengths = np.concatenate([one.lengths for one in several])
    kinds = ("architecture", "hyperparameters")
    architecture, hyperparameters = (_shared([getattr(one, kind) for one in several]) for kind in kinds)
    return Curves(tuple(names), values, epochs, lengths, architecture, hyperparameters)


def _shared(several: Sequence[Mapping[str, Scores]]) -> dict[str, Scores]:
    names = [name for name in several[0] if all(name in one for one in several)]
    return {name: np.concatenate([one[name] for one in several]) for name in names}
