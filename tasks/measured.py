"""Measured tasks: columns of benchmark tables, sometimes mixed with one another and transformed monotonically.

A column is a measured function from cells to a score. Two columns of one table, ranked and added with random weights,
are another; a monotone transform makes a third of either. Costs (latency, energy, time) are drawn less often than
scores: they rank most cells the other way round.

Axes: cell. Which tables may be used for what is decided in `tasks.sources`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from data.table import Table
from metanp.graphs import Graphs
from metanp.side import Side
from tasks.task import Task

Values = Float[np.ndarray, " cell"]


@dataclass
class MeasuredConfig:
    """How columns become tasks."""

    mixed: float = 0.3  # share of tasks that mix two columns of the table
    bent: float = 0.5  # share of tasks with a random monotone transform
    one_seed: float = 0.5  # share of tasks that use one run instead of the mean
    costs: float = 0.05  # share of tasks that start from a cost, where the table has costs and scores


COSTS = ("latency", "energy", "time")  # quantities


class MeasuredTasks:
    """Tasks from some columns of one table; a task has only cells with a number in its columns.

    Args:
        table: the benchmark.
        metrics: names of its columns.
        config: how columns become tasks.
        rows: cells that may be drawn; without it all.

    Raises:
        ValueError: no metric, an unknown one, or one with fewer than ten numbers among `rows`; names it.
    """

    def __init__(self, table: Table, metrics: Sequence[str], config: MeasuredConfig, rows: np.ndarray | None = None):
        if not metrics:
            raise ValueError(f"no metric of {table.name} to draw tasks from")
        self.table, self.metrics, self.config = table, list(metrics), config
        self.rows = np.arange(len(table)) if rows is None else np.asarray(rows)
        self.graphs, self.graph = Graphs.distinct(table.cells)
        self.side = Side.of(None, len(table)).of_cells(table.cells).with_derived().values
        for name in self.metrics:
            if (known := int(np.isfinite(table.mean(name)[self.rows]).sum())) < 10:
                raise ValueError(f"{table.name}: {name!r} has only {known} numbers among the cells to draw from")
        costs = [name for name in self.metrics if table.metrics[name].quantity in COSTS]
        scores = [name for name in self.metrics if name not in costs]
        self.groups = (scores or costs, costs or scores)

    @property
    def sources(self) -> list[dict[str, Any]]:
        """Table, column, file and sha256 of every metric that can be drawn."""
        found = self.table.sources()
        return [
            {"table": self.table.name, "metric": name, "cells": len(self.rows), **found[name]._asdict()}
            for name in self.metrics
        ]

    def draw(self, n: int, rng: np.random.Generator) -> Task:
        group = self.groups[int(rng.random() < self.config.costs)]
        first = group[rng.integers(len(group))]
        score = self._column(first, rng)
        if len(group) > 1 and rng.random() < self.config.mixed:
            second = group[rng.integers(len(group))]
            score = _mixed(score, self._column(second, rng), rng.uniform())
        known = np.flatnonzero(np.isfinite(score))
        chosen = rng.choice(known, size=min(n, len(known)), replace=False)
        values = score[chosen]
        if rng.random() < self.config.bent:
            values = bend(values, rng)
        rows = self.rows[chosen]
        return Task(self.graphs[self.graph[rows]], values, self.side[rows])

    def _column(self, name: str, rng: np.random.Generator) -> Values:
        """Of `rows` alone: later ranks and mixtures must not depend on held-out cells."""
        one = rng.random() < self.config.one_seed
        score = (self.table.values(name)[:, 0] if one else self.table.mean(name))[self.rows]
        return score if self.table.metrics[name].maximize else -score


def bend(score: Values, rng: np.random.Generator) -> Values:
    """A monotone map of scores: a mixture of the scores and a power of their ranks, which stretches either end."""
    z = (score - score.mean()) / max(score.std(), 1e-9)
    rank = (rankdata(score) - 0.5) / len(score)
    power = np.exp(rng.normal(0, 0.7))
    share = rng.uniform()
    return share * z + (1 - share) * np.where(rng.random() < 0.5, rank**power, 1 - (1 - rank) ** power)


def _mixed(a: Values, b: Values, share: float) -> Values:
    """Weighted sum of the ranks of both; NaN where either is."""
    ranks = [rankdata(x, nan_policy="omit") / len(x) for x in (a, b)]
    return share * ranks[0] + (1 - share) * ranks[1]
