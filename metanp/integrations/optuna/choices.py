"""Cells as parameters of Optuna's trials, and back.

    a space whose cells share one graph   operation_1, operation_2, ...: a category each, in the benchmark's names
    a `ProductSpace`                      its own names: a category each, lists and mappings as JSON
    nasbench_graph                        links, and operation_1 to operation_4
    any other space, and a list of cells  cell: a whole number, the position in the space or the list

Spaces that are not listed and have none of these forms, such as DARTS, are refused.

So every sampler of Optuna can search the same space. Cells that compute the same are one candidate for MetaNP, written
as the first of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from optuna import Trial
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from metanp.brief import called
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.given.settings import shown
from metanp.search.candidates import Candidates
from metanp.search.listed import Listed
from metanp.search.search import candidates_of
from metanp.spaces import ProductSpace, Space, nasbench_graph
from metanp.spaces.coded import known_one
from metanp.spaces.graph_space import GraphSpace
from metanp.spaces.product import plain_value

Values = dict[str, Any]


class Form(NamedTuple):
    """Parameters by name, how their values are read, and how a cell is written as values."""

    distributions: dict[str, BaseDistribution]
    read: Callable[[Mapping[str, Any]], Cell]
    write: Callable[[Cell], Values]


class Choices:
    """The cells of a space or a list, as parameters.

    Args:
        where: a space, a list of cells, or `Candidates`, which may say what is feasible.

    Raises:
        ValueError: no candidates, candidates that are neither listed nor of a space with a form of its own, or two
            choices that are one category.
    """

    def __init__(self, where: Space | Sequence[Cell] | CellArray | Candidates):
        self.candidates = candidates_of(where)
        self._form = _form(self.candidates)

    def __repr__(self) -> str:
        return called(self, candidates=self.candidates, parameters=list(self.distributions))

    def __getstate__(self) -> dict[str, Any]:
        return {"candidates": self.candidates}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.candidates = state["candidates"]
        self._form = _form(self.candidates)

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Optuna's distribution of each parameter."""
        return dict(self._form.distributions)

    def suggest(self, trial: Trial) -> Cell:
        """The cell of a trial: asks it for every parameter."""
        return self.cell({name: _ask(trial, name, kind) for name, kind in self._form.distributions.items()})

    def cell(self, values: Mapping[str, Any]) -> Cell:
        """The cell of these values, as in `trial.params`; other names are ignored.

        Raises:
            ValueError: a parameter is missing or has no such value (names the nearest), or there is no such cell.
        """
        if missing := [name for name in self._form.distributions if name not in values]:
            raise ValueError(f"the parameters lack {missing[0]!r}; they are those of Choices.suggest(trial)")
        return self._form.read(
            {name: _known(name, values[name], kind) for name, kind in self._form.distributions.items()}
        )

    def values(self, cell: Cell) -> Values:
        """The values of a candidate, for `study.enqueue_trial` or a finished trial.

        Raises:
            ValueError: it is none; names it.
        """
        return self._form.write(self.candidates.find(cell))


def _form(candidates: Candidates) -> Form:
    space = candidates.space
    if isinstance(space, GraphSpace):
        return _shared_graph(space)
    if isinstance(space, ProductSpace):
        return _combinations(space)
    if isinstance(space, nasbench_graph.NASBenchGraph):
        return _graph()
    if isinstance(candidates, Listed):
        return _positions(candidates)
    raise ValueError(
        f"{candidates!r} is not listed, and has no parameters; give a list of cells or another space, or search it "
        "with metanp.search.Search or metanp search"
    )


def _ask(trial: Trial, name: str, kind: BaseDistribution) -> Any:
    if isinstance(kind, CategoricalDistribution):
        return trial.suggest_categorical(name, kind.choices)
    assert isinstance(kind, IntDistribution)
    return trial.suggest_int(name, kind.low, kind.high)


def _known(name: str, value: Any, kind: BaseDistribution) -> Any:
    if not isinstance(kind, CategoricalDistribution):
        return value
    category = _category(plain_value(value))
    return category if category in kind.choices else known_one(category, kind.choices, f"the parameter {name!r:.80}")


def _operations(count: int) -> list[str]:
    return [f"operation_{i}" for i in range(1, count + 1)]


def _shared_graph(space: GraphSpace) -> Form:
    names = _operations(space.slots)

    def read(values: Mapping[str, Any]) -> Cell:
        return space.cell([space.own_digit(values[name]) for name in names])

    def write(cell: Cell) -> Values:
        return {name: space.own_names[digit] for name, digit in zip(names, space.digits(cell), strict=True)}

    return Form({name: CategoricalDistribution(space.own_names) for name in names}, read, write)


def _combinations(space: ProductSpace) -> Form:
    written = {name: _categories(name, values) for name, values in space.choices.items()}

    def read(values: Mapping[str, Any]) -> Cell:
        return space.parse_text(json.dumps({name: known[values[name]] for name, known in written.items()}))

    def write(cell: Cell) -> Values:
        return {name: _category(value) for name, value in space.values(cell).items()}

    return Form({name: CategoricalDistribution(tuple(known)) for name, known in written.items()}, read, write)


def _categories(name: str, values: Sequence[Any]) -> Values:
    found: Values = {}
    for value in values:
        if (other := found.setdefault(_category(value), value)) is not value:
            raise ValueError(
                f"the choices {shown(other)} and {shown(value)} of {name!r:.80} are one category in Optuna; change one"
            )
    return found


def _category(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else json.dumps(value, default=repr)


def _graph() -> Form:
    names = _operations(nasbench_graph.LAYERS)

    def read(values: Mapping[str, Any]) -> Cell:
        links = [int(link) for link in values["links"].split(",")]
        key = nasbench_graph.table_key(links, [values[name] for name in names])  # of the one that stands for it
        return nasbench_graph.from_table_key(key)

    def write(cell: Cell) -> Values:
        links, operations = nasbench_graph.write(cell)
        return {"links": ",".join(map(str, links)), **dict(zip(names, operations, strict=True))}

    links = CategoricalDistribution([",".join(map(str, links)) for links in nasbench_graph.LINKS])
    return Form(
        {"links": links, **{name: CategoricalDistribution(nasbench_graph.OWN_NAMES) for name in names}}, read, write
    )


def _positions(candidates: Listed) -> Form:
    def write(cell: Cell) -> Values:
        return {"cell": int(candidates.rows(cell)[0])}

    return Form(
        {"cell": IntDistribution(0, len(candidates.cells) - 1)}, lambda values: candidates.cell(values["cell"]), write
    )
