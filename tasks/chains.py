"""Prior tasks over chains: macro skeletons and lists of blocks, in which what a block brings depends on its place.

A space has chains of some length, or of up to it, whose places choose among a few operations. In half of the spaces a
block has numbers as well (kernel size, expansion, width), and some numbers do not show in the graph. The score is a
weighted sum of random functions: each block's quality weighed by place, a table of places and operations, neighbours
that get on or do not, a cost, and a function of the cell's graph. Columns are those that `metanp.places` gives,
and of blocks with numbers those that `Cell.from_blocks` gives beside them.

Axes: cell; place; choice, one of the operations; kind, of a block's numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metanp.cell_array import CellArray
from metanp.graphs import Graphs
from metanp.operations import INPUT, OUTPUT, SKIP, VOCABULARY
from tasks.expectations import QUALITY
from tasks.prior import PriorConfig, add_noise, bend, hints, random_score
from tasks.random_functions import Values, cost, standardise
from tasks.task import Task

LENGTHS = (3, 20)  # places, both ends included
CHOICES = (2, 6)
KINDS = (1, 3)
LEVELS = (2, 4)
NUMBERED = 0.5  # share of spaces whose blocks have numbers
VARIABLE = 0.3  # share of spaces whose chains differ in length

Digits = Int[np.ndarray, "cell place"]  # -1 behind the end of a chain


@dataclass(frozen=True)
class _Space:
    """digits: the operation at each place. words: their places in the vocabulary. level: of each number, from 0 to 1;
    no kind where blocks have none."""

    digits: Digits
    words: Int[np.ndarray, " choice"]
    level: Float[np.ndarray, "cell place kind"]

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> _Space:
        length, choices = (int(rng.integers(low, high + 1)) for low, high in (LENGTHS, CHOICES))
        numbered = rng.random() < NUMBERED
        if numbered:
            choices = min(choices, 3)
        words = SKIP + 1 + rng.choice(len(VOCABULARY) - SKIP - 1, size=choices, replace=False)
        if rng.random() < 0.5:
            words[0] = SKIP  # as where blocks may be left out
        digits = rng.integers(choices, size=(n, length))
        kinds = rng.integers(KINDS[0], KINDS[1] + 1) if numbered else 0
        counts = rng.integers(LEVELS[0], LEVELS[1] + 1, size=kinds)
        level = rng.integers(0, counts, size=(n, length, kinds)) / np.maximum(counts - 1, 1)
        if rng.random() < VARIABLE:
            digits[np.arange(length) >= rng.integers(2, length + 1, size=n)[:, None]] = -1
        return cls(digits, words, np.where(digits[..., None] < 0, 0.0, level))

    def graphs(self) -> Graphs:
        """Chains of the operations; numbers do not show in them."""
        return Graphs.of(_cells(np.where(self.digits < 0, -1, self.words[self.digits])))

    def columns(self) -> Float[np.ndarray, "cell column"]:
        """What a predictor derives: operations by place, numbers by place, and numbers over places, where they vary."""
        flags = self.digits[:, :, None] == np.arange(len(self.words))
        parts = [flags.reshape(len(flags), -1).astype(float)]
        if self.level.shape[2]:
            there = self.digits >= 0
            reached = there.any(0)
            number = np.where(there[..., None], 1 + self.level, np.nan)[:, reached]
            parts += [number.reshape(len(number), -1), there.sum(1)[:, None].astype(float)]
            parts += [np.nansum(number, 1), np.nanmean(number, 1), np.nanmax(number, 1), np.nanmin(number, 1)]
        columns = np.concatenate(parts, axis=1)
        return columns[:, np.nanmax(columns, 0) > np.nanmin(columns, 0)]


class ChainTasks:
    """Random functions over random spaces of chains."""

    def __init__(self, config: PriorConfig):
        self.config = config

    @property
    def sources(self) -> list[dict[str, Any]]:
        return [{"cells": "chains", "count": None, "labels": None}]

    def draw(self, n: int, rng: np.random.Generator) -> Task:
        space = _Space.draw(n, rng)
        graphs = space.graphs()
        score = standardise(self._score(space, graphs, rng))
        score, hint, side = bend(score, self.config, rng), None, space.columns()
        if rng.random() < self.config.hints:
            other = standardise(self._score(space, graphs, rng))
            hint = hints(score, other, standardise(cost(graphs, rng)), rng)
            side = np.concatenate([side, hint], axis=1)
        return Task(graphs, add_noise(score, self.config, rng), side, hint)

    def _score(self, space: _Space, graphs: Graphs, rng: np.random.Generator) -> Values:
        digits, words, length = space.digits, space.words, space.digits.shape[1]
        tilt = rng.gamma(3.0, self.config.tilt / 3) if rng.random() < self.config.tilted else 0.0
        quality = rng.normal(size=len(words)) + tilt * QUALITY[words]
        upwards = 1.0 if rng.random() < 0.7 else -1.0
        brought = quality[np.maximum(digits, 0)]
        if kinds := space.level.shape[2]:
            effect = rng.exponential(size=kinds) * np.where(rng.random(kinds) < 0.85, 1, -1)
            power = np.exp(rng.normal(-0.3, 0.5, kinds))
            brought = rng.uniform() * brought + upwards * (space.level**power) @ effect
        by_place = rng.normal(size=(length, len(words))) * weights(length, rng)[:, None]
        parts = [
            np.where(digits < 0, 0.0, brought) @ weights(length, rng),
            _sum(by_place, digits),
            _neighbours(digits, len(words), rng),
            random_score(graphs, self.config, rng),
        ]
        shares = list(rng.dirichlet((2.0, 0.3, 0.2, 1.0)))
        if rng.random() < 0.2:
            size = _sum(np.tile(rng.lognormal(0, 0.7, len(words)), (length, 1)) * weights(length, rng)[:, None], digits)
            if kinds:
                size = np.where(digits < 0, 0.0, np.prod(1 + 2 * space.level, axis=2)) @ weights(length, rng)
            parts.append(upwards * np.log(size + rng.choice([0.01, 1.0]) * size.mean() + 1e-9))
            shares.append(rng.exponential(2.0))
        return sum((np.sqrt(share) * standardise(part) for share, part in zip(shares, parts, strict=True)), np.zeros(1))


def _cells(operation: Digits) -> CellArray:
    """Chains of these operations, from an input to an output."""
    n, length = operation.shape
    inner = (operation >= 0).sum(1)
    whole = np.full((n, length + 2), -1, dtype=np.int16)
    whole[:, 0], whole[:, 1:-1] = INPUT, operation
    whole[np.arange(n), inner + 1] = OUTPUT
    step = np.arange(length + 1)
    adjacency = np.zeros((n, length + 2, length + 2), dtype=bool)
    adjacency[:, step, step + 1] = step <= inner[:, None]
    return CellArray(whole, adjacency)


def weights(length: int, rng: np.random.Generator) -> Float[np.ndarray, " place"]:
    """How much each place matters: a trend along the chain, stages, exceptions."""
    place = np.linspace(-1, 1, length)
    trend = np.exp(rng.normal(0, 0.6) * place + rng.normal(0, 0.3) * place**2)
    stage = np.repeat(np.exp(rng.normal(0, rng.choice([0.0, 0.3, 0.8]), 1 + length // 2)), 2)[:length]
    return trend * stage * rng.gamma(rng.choice([1.0, 4.0, 40.0]), size=length)


def _sum(table: Float[np.ndarray, "place choice"], digits: Digits) -> Values:
    """What the choices bring, added up; nothing behind the end."""
    brought = np.take_along_axis(table[None], np.maximum(digits, 0)[..., None], axis=2)[..., 0]
    return np.where(digits < 0, 0.0, brought).sum(1)


def _neighbours(digits: Digits, choices: int, rng: np.random.Generator) -> Values:
    """What a choice brings depends on the one before it."""
    table = rng.normal(size=(choices, choices))
    both = (digits[:, 1:] >= 0) & (digits[:, :-1] >= 0)
    brought = table[np.maximum(digits[:, :-1], 0), np.maximum(digits[:, 1:], 0)]
    return np.where(both, brought, 0.0) @ weights(digits.shape[1] - 1, rng)
