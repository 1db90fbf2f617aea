"""Prior tasks over chains: macro skeletons, in which what an operation brings depends on its place.

A space has chains of some length, or of up to it, whose places choose among a few operations. The score is a weighted
sum of random functions: each operation's quality weighed by place, a table of places and operations, neighbours that
get on or do not, and one of the cell's graph. Columns are those that `metanp.places` gives.

Axes: cell; place; choice, one of the operations.
"""

from __future__ import annotations

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
VARIABLE = 0.3  # share of spaces whose chains differ in length

Digits = Int[np.ndarray, "cell place"]  # -1 behind the end of a chain


class ChainTasks:
    """Random functions over random spaces of chains."""

    def __init__(self, config: PriorConfig):
        self.config = config

    @property
    def sources(self) -> list[dict[str, Any]]:
        return [{"cells": "chains", "count": None, "labels": None}]

    def draw(self, n: int, rng: np.random.Generator) -> Task:
        length, choices = rng.integers(LENGTHS[0], LENGTHS[1] + 1), rng.integers(CHOICES[0], CHOICES[1] + 1)
        words = SKIP + rng.choice(len(VOCABULARY) - SKIP, size=choices, replace=False)
        if rng.random() < 0.5:
            words[0] = SKIP  # as where blocks may be left out
        digits = rng.integers(choices, size=(n, length))
        if rng.random() < VARIABLE:
            digits[np.arange(length) >= rng.integers(2, length + 1, size=n)[:, None]] = -1
        graphs = Graphs.of(_cells(np.where(digits < 0, -1, words[digits])))
        score = standardise(self._score(graphs, digits, words, rng))
        score, hint, side = bend(score, self.config, rng), None, _columns(digits)
        if rng.random() < self.config.hints:
            other = standardise(self._score(graphs, digits, words, rng))
            hint = hints(score, other, standardise(cost(graphs, rng)), rng)
            side = np.concatenate([side, hint], axis=1)
        return Task(graphs, add_noise(score, self.config, rng), side, hint)

    def _score(self, graphs: Graphs, digits: Digits, words: Int[np.ndarray, " choice"], rng) -> Values:
        tilt = rng.gamma(3.0, self.config.tilt / 3) if rng.random() < self.config.tilted else 0.0
        quality = rng.normal(size=len(words)) + tilt * QUALITY[words]
        parts = [
            _sum(np.outer(_weights(digits.shape[1], rng), quality), digits),
            _sum(rng.normal(size=(digits.shape[1], len(words))) * _weights(digits.shape[1], rng)[:, None], digits),
            _neighbours(digits, len(words), rng),
            random_score(graphs, self.config, rng),
        ]
        shares = rng.dirichlet((2.0, 0.3, 0.2, 1.2))
        return sum(np.sqrt(share) * standardise(part) for share, part in zip(shares, parts, strict=True))


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


def _columns(digits: Digits) -> Float[np.ndarray, "cell column"]:
    """1 where a place has a choice; columns in which the cells differ."""
    flags = (digits[:, :, None] == np.arange(digits.max() + 1)).reshape(len(digits), -1).astype(float)
    return flags[:, flags.std(0) > 0]


def _weights(length: int, rng: np.random.Generator) -> Float[np.ndarray, " place"]:
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
    return np.where(both, brought, 0.0) @ _weights(digits.shape[1] - 1, rng)
