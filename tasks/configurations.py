"""Prior tasks over configurations: random parameter spaces, alone or beside random cells.

A space has parameters with a few levels each: ordinal ones (widths, depths, kernel sizes, on a linear or a geometric
scale), often in stages that repeat them, and choices without an order. Its columns are those that
`metanp.descriptions` derives from architectures: a number for each ordinal parameter, a flag for each value of a
choice. The score is a weighted sum of random functions of the levels: additive, costs, bottlenecks, steps, smooth
ones, and, beside cells, one of the graph. Columns have no names here, so nothing can be known of a column before a
label.

Axes: cell; parameter; column, of the side features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.graphs import Graphs
from tasks.prior import PriorConfig, add_noise, bend, hints, random_score
from tasks.random_functions import Values, standardise
from tasks.task import Task

MOST_STAGES, MOST_KINDS = 8, 6  # parameters of a stage, and single ones
LEVELS = (2, 3, 3, 4, 4, 5, 6, 8)
UPWARDS = 0.65  # share of tasks in which more usually is better
WITH_GRAPHS = 0.4  # share of tasks in which cells differ too


@dataclass(frozen=True)
class _Space:
    """level: of each ordinal parameter, from 0 to 1; value: its number; choice: of each choice without an order."""

    level: Float[np.ndarray, "cell parameter"]
    value: Float[np.ndarray, "cell parameter"]
    choice: Int[np.ndarray, "cell choice"]
    stage: Int[np.ndarray, " parameter"]

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> _Space:
        stages, kinds = rng.integers(1, MOST_STAGES + 1), rng.integers(1, 4)
        single = rng.integers(0, MOST_KINDS)
        stage = np.concatenate([np.repeat(np.arange(stages), kinds), stages + np.arange(single)])
        counts = np.concatenate([np.tile(rng.choice(LEVELS, kinds), stages), rng.choice(LEVELS, single)])
        rank = rng.integers(0, counts, size=(n, len(counts)))
        if rng.random() < 0.3:  # a sample of a search: neighbours of a few configurations
            centre = rng.integers(0, counts, size=(rng.integers(1, 6), len(counts)))
            near = centre[rng.integers(0, len(centre), n)]
            rank = np.where(rng.random(rank.shape) < rng.uniform(0.2, 0.7), rank, near)
        level = rank / np.maximum(counts - 1, 1)
        value = np.where(rng.random(len(counts)) < 0.5, 1 + rank, 2.0**rank)
        choices = rng.integers(0, 4) if rng.random() < 0.5 else 0
        choice = rng.integers(0, rng.integers(2, 6, size=choices), size=(n, choices))
        return cls(level, value, choice, stage)

    def columns(self, rng: np.random.Generator) -> Float[np.ndarray, "cell column"]:
        """What a predictor sees."""
        parts = [self.value]
        for column in self.choice.T:
            parts.append((column[:, None] == np.arange(column.max(initial=0) + 1)).astype(float))
        if rng.random() < 0.3:  # totals of a kind of parameter over the stages, as for described operations
            total = np.stack([self.value.sum(1), self.value.max(1), self.level.mean(1)], axis=1)
            parts.append(total)
        columns = np.concatenate(parts, axis=1)
        return columns[:, columns.std(0) > 0]


class ConfigurationTasks:
    """Random functions over random parameter spaces; `pool`: the cells of those that have a graph too."""

    def __init__(self, pool: Graphs, config: PriorConfig):
        self.pool, self.config = pool, config
        self.constant = Graphs.of(CellArray.from_cells([Cell(("input", "output"), ((0, 1),))]).pruned())

    @property
    def sources(self) -> list[dict[str, Any]]:
        return [{"cells": "configurations", "count": None, "labels": None}]

    def draw(self, n: int, rng: np.random.Generator) -> Task:
        space = _Space.draw(n, rng)
        both = rng.random() < WITH_GRAPHS
        chosen = rng.choice(len(self.pool), size=n, replace=n > len(self.pool)) if both else np.zeros(n, dtype=int)
        graphs = (self.pool if both else self.constant)[chosen]
        score = standardise(_score(space, rng))
        if both:
            share = rng.uniform(0.1, 0.9)
            of_graph = random_score(graphs, self.config, rng)
            score = np.sqrt(1 - share) * score + np.sqrt(share) * of_graph
            if rng.random() < 0.3:
                score = score + rng.normal() * of_graph * space.level[:, rng.integers(space.level.shape[1])]
        score = bend(standardise(score), self.config, rng)
        side, hint = space.columns(rng), None
        if rng.random() < self.config.hints:
            hint = hints(score, _score(space, rng), standardise(_cost(space, 1.0, rng)), rng)
            side = np.concatenate([side, hint], axis=1)
        return Task(graphs, add_noise(score, self.config, rng), side, hint)


def _score(space: _Space, rng: np.random.Generator) -> Values:
    upwards = 1.0 if rng.random() < UPWARDS else -1.0
    makers = (_additive, _cost, _bottleneck, _cuts, _smooth)
    total = np.zeros(len(space.level))
    count = rng.integers(1, 4)
    for weight in rng.dirichlet(np.ones(count)):
        part = makers[rng.choice(len(makers), p=(0.35, 0.3, 0.1, 0.1, 0.15))](space, upwards, rng)
        total += np.sqrt(weight) * standardise(part)
    if space.choice.shape[1]:
        for column in space.choice.T:
            total += rng.exponential(0.4) * standardise(rng.normal(size=column.max(initial=0) + 1)[column])
    return total


def _usual(space: _Space, rng: np.random.Generator) -> Float[np.ndarray, " parameter"]:
    """How much each parameter matters: few ones much, or a trend over the stages."""
    parameters = space.level.shape[1]
    weight = rng.gamma(rng.choice([0.3, 1.0, 3.0]), size=parameters)
    return weight * np.exp(rng.normal(0, 0.7) * space.stage / max(space.stage.max(), 1))


def _additive(space: _Space, upwards: float, rng: np.random.Generator) -> Values:
    """A sum of monotone or peaked effects."""
    weight = _usual(space, rng) * np.where(rng.random(space.level.shape[1]) < 0.85, upwards, -upwards)
    power = np.exp(rng.normal(-0.3, 0.6, space.level.shape[1]))
    effect = space.level**power
    peak = rng.random(space.level.shape[1]) < 0.15
    best = rng.random(space.level.shape[1])
    effect = np.where(peak, -((space.level - best) ** 2), effect)
    return effect @ weight


def _cost(space: _Space, upwards: float, rng: np.random.Generator) -> Values:
    """A sum over stages of products of their parameters, as FLOPs and latencies are; some over a fixed overhead."""
    logs = np.log(space.value + rng.choice([0.0, 1.0])) * rng.choice([0.5, 1.0, 2.0], size=space.level.shape[1])
    total = np.zeros(len(space.level))
    for stage in np.unique(space.stage):
        total += rng.lognormal(0, 0.7) * np.exp(logs[:, space.stage == stage].sum(1))
    cost = total / max(total.mean(), 1e-9)
    if rng.random() < 0.7:
        cost = np.log(cost + rng.choice([0.0, 0.3, 1.0]) + 1e-6)
    return upwards * cost


def _bottleneck(space: _Space, upwards: float, rng: np.random.Generator) -> Values:
    """The narrowest of a few parameters decides."""
    few = rng.choice(space.level.shape[1], size=min(int(rng.integers(2, 6)), space.level.shape[1]), replace=False)
    return upwards * (space.level[:, few] * rng.uniform(0.5, 1.5, len(few))).min(1)


def _cuts(space: _Space, upwards: float, rng: np.random.Generator) -> Values:
    """Steps of one or two parameters."""
    total = np.zeros(len(space.level))
    for _ in range(rng.integers(1, 7)):
        few = rng.integers(0, space.level.shape[1], size=rng.integers(1, 3))
        above = (space.level[:, few] > rng.uniform(0, 0.95, len(few))).all(1)
        total += (rng.standard_t(4) + 0.7 * upwards) * above
    return total


def _smooth(space: _Space, upwards: float, rng: np.random.Generator) -> Values:
    """A draw from a Gaussian process with a length scale for each parameter."""
    direction = rng.normal(size=(space.level.shape[1], 64)) * (_usual(space, rng) * np.exp(rng.uniform(-1, 1)))[:, None]
    direction /= max(np.sqrt(space.level.shape[1]), 1)
    return np.cos(3 * space.level @ direction + rng.uniform(0, 2 * np.pi, 64)) @ rng.normal(size=64)
