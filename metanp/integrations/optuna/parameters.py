"""A space of plain parameters, as Optuna describes them: whole numbers, numbers, categories.

A configuration becomes a cell of parameters alone (`Cell.from_parameters`). Numbers on a logarithmic scale are read as
their logarithm to base 10, so that 1e-4 lies between 1e-5 and 1e-3. Categories that are all numbers are read as
numbers, which have an order; all others as texts.

Such a space is not listed. Neighbours are one parameter changed: another category, or a number moved by `STEPS`.

Axes: none; one configuration at a time, as values by name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from metanp.cell import Cell
from metanp.integrations.optuna.choices import Values
from metanp.spaces import Space

Number = FloatDistribution | IntDistribution
STEPS = (1 / 4, 1 / 16, 1 / 64)  # of the range, on the parameter's own scale, each up and down
MOST = 2**62  # what a space of numbers that are not counted says of its size


class ParameterSpace(Space):
    """All configurations of some parameters.

    Args:
        distributions: Optuna's, by name.

    Raises:
        ValueError: no parameter, or a distribution of another kind.
    """

    name = "parameters"

    def __init__(self, distributions: Mapping[str, BaseDistribution]):
        if not distributions:
            raise ValueError("a space of no parameter; give Optuna's distributions by name")
        for name, kind in distributions.items():
            if not isinstance(kind, CategoricalDistribution | FloatDistribution | IntDistribution):
                raise ValueError(
                    f"parameter {name!r} is a {type(kind).__name__}; give a float, an int or a categorical distribution"
                )
        self.distributions = dict(distributions)
        self._values: dict[str, Values] = {}

    def __len__(self) -> int:
        return min(math.prod(map(_count, self.distributions.values())), MOST)

    def cell(self, values: Mapping[str, Any]) -> Cell:
        """The cell of a configuration; names that the space does not have are ignored.

        Raises:
            ValueError: a parameter is missing; names it.
        """
        if missing := [name for name in self.distributions if name not in values]:
            raise ValueError(f"the configuration lacks the parameter {missing[0]!r}")
        own = {name: values[name] for name in self.distributions}
        cell = Cell.from_parameters({name: _read(self.distributions[name], value) for name, value in own.items()})
        self._values.setdefault(cell.key, own)
        return cell

    def values(self, cell: Cell) -> Values:
        """The configuration of a cell that this space made.

        Raises:
            ValueError: it made no such cell.
        """
        if cell.key not in self._values:
            raise ValueError(f"no configuration of these parameters was made into {cell.to_json()}")
        return dict(self._values[cell.key])

    def sample(self, rng: np.random.Generator) -> Cell:
        """Each parameter evenly on its own scale."""
        return self.cell({name: _at(kind, float(rng.random())) for name, kind in self.distributions.items()})

    def neighbours(self, cell: Cell) -> list[Cell]:
        values = self.values(cell)
        near = [{**values, name: one} for name, value in values.items() for one in self._others(name, value)]
        return list({one.key: one for one in map(self.cell, near) if one.key != cell.key}.values())

    def crossover(self, a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
        """Each parameter from either, evenly."""
        first, second = self.values(a), self.values(b)
        return self.cell({name: (first if rng.random() < 0.5 else second)[name] for name in first})

    def parse_text(self, text: str) -> Cell:
        """From JSON, values by name; ValueError names what is wrong."""
        values = json.loads(text)
        if not isinstance(values, dict):
            raise ValueError(f"{text!r:.80} is no JSON object of parameters")
        return self.cell(values)

    def write_text(self, cell: Cell) -> str:
        return json.dumps(self.values(cell))

    def _others(self, name: str, value: Any) -> list[Any]:
        kind = self.distributions[name]
        if isinstance(kind, CategoricalDistribution):
            return [choice for choice in kind.choices if choice != value]
        assert isinstance(kind, Number)
        place = _place(kind, value)
        moved = [_at(kind, min(max(place + sign * step, 0.0), 1.0)) for step in STEPS for sign in (-1, 1)]
        if kind.step is not None:  # the next ones, which a share of the range may pass over
            nearest = round((value - kind.low) / kind.step)
            moved += [_nth(kind, i) for i in (nearest - 1, nearest + 1) if 0 <= i < _count(kind)]
        return [one for one in dict.fromkeys(moved) if one != value]


def _count(kind: BaseDistribution) -> int:
    if isinstance(kind, CategoricalDistribution):
        return len(kind.choices)
    assert isinstance(kind, Number)
    return MOST if kind.step is None else math.floor((kind.high - kind.low) / kind.step + 1e-9) + 1


def _read(kind: BaseDistribution, value: Any) -> Any:
    """What the cell holds."""
    if isinstance(kind, CategoricalDistribution):
        numbers = all(isinstance(choice, int | float) and not isinstance(choice, bool) for choice in kind.choices)
        return value if numbers else str(value)
    assert isinstance(kind, Number)
    return math.log10(value) if kind.log else value


def _place(kind: Number, value: float) -> float:
    """Where a number lies in its range, 0 to 1, on its own scale."""
    low, high, value = (math.log(x) if kind.log else x for x in (kind.low, kind.high, value))
    return (value - low) / (high - low) if high > low else 0.0


def _at(kind: BaseDistribution, place: float) -> Any:
    """The value at a place, 0 to 1."""
    if isinstance(kind, CategoricalDistribution):
        return kind.choices[min(int(place * len(kind.choices)), len(kind.choices) - 1)]
    assert isinstance(kind, Number)
    half = 0.5 if isinstance(kind, IntDistribution) and kind.log else 0.0  # the ends are as likely as what is between
    if kind.step is not None and not kind.log:
        return _nth(kind, min(int(place * _count(kind)), _count(kind) - 1))
    low, high = (math.log(x) if kind.log else x for x in (kind.low - half, kind.high + half))
    value = low + place * (high - low)
    value = min(max(math.exp(value) if kind.log else value, kind.low), kind.high)
    return round(value) if isinstance(kind, IntDistribution) else float(value)


def _nth(kind: Number, i: int) -> float:
    """The i-th value of a parameter that has steps, from 0."""
    assert kind.step is not None
    return min(kind.low + i * kind.step, kind.high)
