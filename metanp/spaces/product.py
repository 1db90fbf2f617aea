"""Spaces of plain parameters: choices by name, every combination an architecture.

    ProductSpace("widths", {"depth": [1, 2, 3], "width": [16, 32, 64], "kernel": ["3x3", "5x5"]})

An architecture is `Cell.from_parameters({"depth": 2, "width": 16, "kernel": "3x3"})`. Text is JSON, choices by name.
The index counts combinations up, the last name fastest.

A code of such a space is a row of positions, one a name, among the choices of that name.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from metanp.cell import Cell
from metanp.given.settings import read_text, shown
from metanp.nearest import nearest_one
from metanp.parameters import Parameters, plain_parameters
from metanp.spaces.coded import CodedSpace, either, known_one
from metanp.strict_json import parse_json

LISTED = 100_000  # combinations; more are not listed
Code = tuple[int, ...]


class ProductSpace(CodedSpace[Code]):
    """All combinations of choices.

    Args:
        name: of the space.
        choices: at least one for each name: numbers, texts, truth values, None, or lists and mappings of these, as
            `Cell.from_parameters` takes them.

    Raises:
        ValueError: no name, no choice, two that are the same, or one that is no parameter; names it.
    """

    def __init__(self, name: str, choices: Mapping[str, Iterable[Any]]):
        self.name = read_text(name, "the name of a space")
        if not isinstance(choices, Mapping) or not choices:
            raise ValueError(f"the choices are {shown(choices)}; give some by name, as {{'depth': [1, 2, 3]}}")
        self.choices = {str(key): _choices(str(key), values) for key, values in choices.items()}
        self._places = [
            {plain_parameters({key: value}): place for place, value in enumerate(values)}
            for key, values in self.choices.items()
        ]
        for (key, values), places in zip(self.choices.items(), self._places, strict=True):
            if len(places) < len(values):
                raise ValueError(f"two choices of {key!r:.80} are the same: {shown(values)}")

    def __len__(self) -> int:
        return math.prod(map(len, self.choices.values()))

    @property
    def is_listed(self) -> bool:
        return self.__len__() <= LISTED

    def values(self, cell: Cell) -> dict[str, Any]:
        """The choices that make a cell, by name; a copy.

        Raises:
            ValueError: it is no cell of the space.
        """
        return plain_value(self._values(self.code(cell)))

    def cell(self, code: Code) -> Cell:
        return Cell.from_parameters(self._values(code))

    def code(self, cell: Cell) -> Code:
        found: dict[str, list[tuple[str, Any]]] = {name: [] for name in self.choices}
        for key, value in cell.parameters:
            if owners := [name for name in self.choices if key == name or key.startswith(f"{name}.")]:
                found[max(owners, key=len)].append((key, value))
        try:
            code = tuple(places[tuple(own)] for own, places in zip(found.values(), self._places, strict=True))
        except KeyError:
            raise self._foreign(cell) from None
        if self.cell(code).key != cell.key:
            raise self._foreign(cell)
        return code

    def draw(self, rng: np.random.Generator) -> Code:
        """Each choice evenly, so that all combinations are equally likely."""
        return tuple(int(rng.integers(len(values))) for values in self.choices.values())

    def near(self, code: Code) -> Iterator[Code]:
        """Another choice for one name."""
        for i, values in enumerate(self.choices.values()):
            yield from ((*code[:i], new, *code[i + 1 :]) for new in range(len(values)) if new != code[i])

    def join(self, a: Code, b: Code, rng: np.random.Generator) -> Code:
        """Each choice from either, evenly."""
        return tuple(either(one, other, rng) for one, other in zip(a, b, strict=True))

    def read_code(self, text: str) -> Code:
        given = parse_json(read_text(text, f"a cell of {self.name}"))
        if not isinstance(given, dict):
            example = self.write_code((0,) * len(self._places))
            raise ValueError(f"not a cell of {self.name}: {shown(text)}; expected such as {example:.200}")
        for name in given:
            if name not in self.choices:
                near = nearest_one(name, self.choices)
                raise ValueError(f"{self.name} has no {name!r:.80}; {near}; known: {', '.join(self.choices)}")
        if missing := [name for name in self.choices if name not in given]:
            raise ValueError(f"{self.name}: {shown(text)} does not say {missing[0]!r:.80}")
        return tuple(self._place(name, given[name]) for name in self.choices)

    def write_code(self, code: Code) -> str:
        return json.dumps(self._values(code))

    def list_cells(self) -> Sequence[Cell]:
        return [self.cell(code) for code in product(*(range(len(values)) for values in self.choices.values()))]

    def _values(self, code: Code) -> dict[str, Any]:
        return {name: values[place] for place, (name, values) in zip(code, self.choices.items(), strict=True)}

    def _place(self, name: str, value: Any) -> int:
        places = self._places[list(self.choices).index(name)]
        plain: Parameters = plain_parameters({name: value})
        if plain in places:
            return places[plain]
        return self.choices[name].index(known_one(value, self.choices[name], f"{self.name}: {name!r:.80}"))


def _choices(name: str, values: Iterable[Any]) -> list[Any]:
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise ValueError(f"the choices of {name!r:.80} are {shown(values)}; give a list of them")
    listed = [plain_value(value) for value in values]
    if not listed:
        raise ValueError(f"there is no choice for {name!r:.80}; give one at least")
    return listed


def plain_value(value: Any) -> Any:
    """A copy of a value in which numpy's and PyTorch's numbers and arrays are Python's, so that JSON can write it."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, Mapping):
        return {key: plain_value(one) for key, one in value.items()}
    return type(value)(map(plain_value, value)) if type(value) in (list, tuple) else value
