"""One simulated search: a strategy asks for cells of a table, and gets the scores that the table has of them.

    table -> problem -> propose, look up, propose, ... -> trajectory

Candidates are all cells that have a value in every column used here. Other cells are left out: a missing value means
that it was not measured, as no table marks failed trainings. Of cells that compute the same, the first represents all,
with its own values (`metanp.search.candidates`). A run ends when nothing is left to find: it has the best candidate, or
the whole front of score against cost.

Axes: row, of the table, where scores of cells that are left out are NaN; candidate; evaluation, in the order of a run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from data import load_benchmark
from data.table import Table
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.search.history import Evaluated, History
from metanp.search.listed import Listed
from metanp.search.pareto import Reference, hypervolume, on_front
from metanp.search.strategy import Strategy
from metanp.spaces import get_space

NOTHING_LEFT = 1e-12  # of the hypervolume: the order of a sum
OF_FRONT = 0.01  # of the hypervolume, what may be missing when a front counts as found
Column = Float[np.ndarray, " row"]
Rows = Sequence[int]


@dataclass
class SearchConfig:
    """A benchmark to search in; see `configs/search/`. Columns are named with {dataset} for the data set's name."""

    title: str = ""
    about: str = ""  # the score that is searched, and what is reported beside it, in a sentence
    benchmark: str = ""  # of `data.load_benchmark`
    datasets: list[str] = field(default_factory=list)
    told: str = ""  # column of the score: strategies get its values, and search for its best
    reported: str = ""  # column that is reported of the incumbent, if any
    seconds: str = ""  # column of the training time, if known
    cost: str = ""  # column of a known cost, if any: the search is then for the front of score against cost
    floor: float = 0.0  # lowest score that counts on a front
    tops: list[int] = field(
        default_factory=lambda: [1]
    )  # numbers n: a goal is reached with one of the n best; the first is the main goal
    limit: int = 500  # evaluations of a run
    proxies: list[str] = field(default_factory=list)  # side features
    strategies: list[str] = field(default_factory=list)  # run unless others are named; empty: all fast ones
    settings: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # by strategy: those of its authors for this benchmark
    development: list[str] = field(
        default_factory=list
    )  # data sets on which MetaNP's search was chosen: never published


@dataclass(frozen=True)
class Goal:
    """What a run is to reach: a gap of at most this."""

    key: str
    title: str
    gap: float


@dataclass(frozen=True)
class Problem:
    """A table as a search. score: higher is better; `sign` times it is the column `told`. rows: of the candidates."""

    told: str
    sign: int
    rows: Int[np.ndarray, " candidate"]
    candidates: Listed
    score: Column
    tops: Sequence[int] = (1,)
    reported: Column | None = None
    seconds: Column | None = None
    cost: Column | None = None
    floor: float = 0.0
    cost_title: str = "cost"

    def row(self, cell: Cell) -> int:
        """The row of a candidate in the table."""
        found = self.candidates.rows(cell)
        if not len(found):
            raise ValueError(f"asked for a cell that is no candidate: {cell.to_json()}")
        return int(self.rows[found[0]])

    def cost_of(self, cell: Cell) -> float:
        """The cost of a candidate, which is known without evaluating it."""
        return self._costs[cell.key]

    @cached_property
    def _costs(self) -> dict[str, float]:
        """By key: calling `row` for every candidate would be slow."""
        assert self.cost is not None
        places = np.searchsorted(self.rows, self.standing).tolist()
        return {self.candidates.cell(i).key: float(self.cost[self.rows[i]]) for i in places}

    @cached_property
    def standing(self) -> Int[np.ndarray, " standing"]:
        """Rows of the distinct candidates: the first of those that compute the same."""
        return self.rows[np.unique(_first_alike(self.candidates.cells))]

    @cached_property
    def goals(self) -> list[Goal]:
        """All goals, the main one first."""
        if self.cost is not None:
            return [Goal("front", f"{100 * (1 - OF_FRONT):.0f} % of the front", OF_FRONT)]
        best = np.sort(self.score[self.standing])[::-1]
        several = {n: ("best", "the best") if n == 1 else (f"top_{n}", f"one of the {n} best") for n in self.tops}
        return [Goal(*words, float(best[0] - best[n - 1])) for n, words in several.items()]

    def gap(self, rows: Rows) -> Float[np.ndarray, " evaluation"]:
        """Regret of the incumbent after each evaluation; for a front, the share of its area that is still missing."""
        score = self.score[list(rows)]
        if self.cost is None:
            return self.score[self.standing].max() - np.maximum.accumulate(score)
        return 1 - np.array([self._area(rows[: n + 1]) for n in range(len(rows))]) / self._whole

    def finished(self, rows: Rows) -> bool:
        """Whether nothing is left to find."""
        if not len(rows):
            return False
        if self.cost is None:
            return bool(self.gap(rows)[-1] <= 0)
        return self._area(rows) >= (1 - NOTHING_LEFT) * self._whole

    @cached_property
    def reference(self) -> Reference:
        """Corner of the front's area: the floor, and a cost above that of all candidates."""
        assert self.cost is not None
        return replace(Reference.beyond(self.score[self.rows], self.cost[self.rows]), score=self.floor)

    @cached_property
    def front(self) -> Int[np.ndarray, " front"]:
        """Rows of the true front."""
        assert self.cost is not None
        return self.standing[on_front(self.score[self.standing], self.cost[self.standing])]

    @cached_property
    def _whole(self) -> float:
        return self._area(self.front)

    def _area(self, rows: Rows | np.ndarray) -> float:
        """The area that these rows dominate."""
        assert self.cost is not None
        return hypervolume(self.score[list(rows)], self.cost[list(rows)], self.reference)


def problem(config: SearchConfig, dataset: str, proxies: bool = False) -> Problem:
    """A data set of a benchmark.

    Raises:
        ValueError: a column that the benchmark lacks; proxies where it has none.
    """
    table = load_benchmark(config.benchmark)
    told = config.told.format(dataset=dataset)
    table.values(told)  # raises an error with the nearest names where it is missing
    sign = 1 if table.metrics[told].maximize else -1
    names = {name: getattr(config, name).format(dataset=dataset) for name in ("reported", "seconds", "cost")}
    more: dict[str, Any] = {name: table.mean(column) if column else None for name, column in names.items()}
    score = sign * table.mean(told)
    known = np.all([np.isfinite(column) for column in (score, *more.values()) if column is not None], axis=0)
    rows = np.flatnonzero(known)
    features = _proxies(config, dataset, table, rows) if proxies else None
    candidates = Listed(table.cells[rows], get_space(table.space) if table.space else None, features)
    if config.cost:
        cost = table.metrics[names["cost"]]
        more["cost_title"] = f"{cost.name.replace('_', ' ')}, {cost.unit}"
    score = np.where(known, score, np.nan)
    return Problem(told, sign, rows, candidates, score, config.tops, **more, floor=config.floor)


def _proxies(
    config: SearchConfig, dataset: str, table: Table, rows: Int[np.ndarray, " candidate"]
) -> dict[str, Column]:
    names = [name.format(dataset=dataset) for name in config.proxies]
    if not names:
        raise ValueError(f"{config.title} has no zero-cost proxies here; leave proxies=true out")
    if unknown := [name for name in names if name not in table.features]:
        raise ValueError(f"{table.name} has no side feature {', '.join(unknown)}; {table.how_to_have_more}")
    first = _first_alike(table.cells[rows])
    return {name: _shared(table.features[name][rows], first) for name in names}


def _first_alike(cells: CellArray) -> Int[np.ndarray, " candidate"]:
    """The first candidate that computes the same, for each candidate."""
    _, first, alike = np.unique(cells.pruned().fingerprint(), return_index=True, return_inverse=True)
    return first[alike]


def _shared(values: Column, first: Int[np.ndarray, " candidate"]) -> Column:
    """Values, with missing ones replaced by that of the first cell that computes the same and has one."""
    known = pd.Series(values).groupby(first).transform("first")  # the first known value of each group
    return np.where(np.isfinite(values), values, known)


def simulate(strategy: Strategy, problem: Problem, repeat: int, batch: int, limit: int, seed: int) -> dict[str, Any]:
    """One run: `cells`, the rows in the order of their evaluation, and size and seconds of each ask.

    Raises:
        ValueError: the strategy proposes no cell, too many, one of them twice, or one that is no candidate.
    """
    evaluated: list[Evaluated] = []
    cells: list[int] = []
    asked: list[int] = []
    seconds: list[float] = []
    while len(cells) < limit and not problem.finished(cells):
        n = min(batch, limit - len(cells))
        rng = np.random.default_rng([seed, repeat, len(cells)])
        started = time.perf_counter()
        picks = strategy.propose(History(tuple(evaluated)), problem.candidates, n, rng)
        seconds.append(time.perf_counter() - started)
        asked.append(len(picks))
        if not picks:
            break
        fresh = [problem.row(pick.cell) for pick in picks]
        if len(picks) > n or len({*cells, *fresh}) < len(cells) + len(fresh):
            raise ValueError(f"asked for {n} new cells, it gave rows {fresh} after {cells[-20:]}")
        cells += fresh
        for pick, row in zip(picks, fresh, strict=True):  # notes as they are read from a journal
            note = json.loads(json.dumps(dict(pick.note)))
            evaluated.append(Evaluated(pick.cell, (float(problem.score[row]),), note))
    if not cells:
        raise ValueError("it asked for no cell")
    return {"cells": cells, "asked": asked, "seconds_ask": [round(one, 6) for one in seconds]}
