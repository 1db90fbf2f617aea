"""Prior tasks: random functions over unlabelled cells, made to resemble measured tasks.

A task is a weighted sum of a few random functions of the pruned cell (`tasks.random_functions`), then distorted like
measured scores: a ceiling, cliffs where training fails, noise that is larger for low scores. Common knowledge of neural
networks (`tasks.expectations`) enters as a tilt: in most tasks (`tilted`) convolutions that see neighbours and more
paths tend to help, pooling and paths without a way around tend to harm, each task with its own exceptions. Where
operations are those of image networks, about which most is known, a share of the score follows these rules without
exceptions (`expected`).

Axes: cell as in `metanp`. A score is unitless, of about unit variance over the task's cells.

Source: this project's; the idea of training on synthetic tasks alone follows Müller et al. 2022 (arXiv:2112.10510).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.graphs import Graphs
from metanp.operations import SKIP, VOCABULARY
from tasks.expectations import known
from tasks.random_functions import Values, cost, expected, propagation, random_part, standardise
from tasks.task import Task


@dataclass
class PriorConfig:
    """How tasks are drawn; every range is drawn from anew for each task."""

    tilted: float = 0.7  # share of tasks that favour what usually helps
    tilt: float = 3.0  # mean strength of that preference, against the task's own random preferences
    expected: float = 0.6  # largest share of a tilted task's variance that follows the usual rules without exceptions
    relabelled: float = 0.2  # share of tasks in which operations are renamed
    parts: list[int] = field(default_factory=lambda: [1, 4])  # random functions in a sum, both ends included
    noise: list[float] = field(default_factory=lambda: [0.02, 0.5])  # standard deviation over the score's, log-uniform
    ceiling: float = 0.5  # share of tasks that saturate
    cliff: float = 0.4  # share of tasks in which some cells fail
    side: float = 0.25  # share of tasks with side features
    hints: float = 0.0  # share of tasks with side features whose role is known
    costs: float = 0.0  # share of tasks that are costs, fewer is better for most


class PriorTasks:
    """Random functions over the cells of one pool."""

    def __init__(self, name: str, pool: Graphs, config: PriorConfig):
        self.name, self.pool, self.config = name, pool, config

    @property
    def sources(self) -> list[dict[str, Any]]:
        return [{"cells": self.name, "count": len(self.pool), "labels": None}]

    def draw(self, n: int, rng: np.random.Generator) -> Task:
        chosen = rng.choice(len(self.pool), size=min(n, len(self.pool)), replace=False)
        graphs = self.pool[chosen]
        if rng.random() < self.config.relabelled:
            graphs = _relabelled(graphs, rng)
        clean = random_score(graphs, self.config, rng)
        side = _side_features(graphs, clean, self.config, rng)
        score, hint = add_noise(clean, self.config, rng), None
        if rng.random() < self.config.hints:
            other = random_score(graphs, self.config, rng)
            hint = hints(clean, other, standardise(cost(graphs, rng)), rng)
            side = np.concatenate([side, hint], axis=1)
        return Task(graphs, score, side, hint)


def random_score(graphs: Graphs, config: PriorConfig, rng: np.random.Generator) -> Values:
    """One random function, without noise, about unit variance."""
    if config.costs and rng.random() < config.costs:
        return random_cost(graphs, config, rng)
    tilt = rng.gamma(3.0, config.tilt / 3) if rng.random() < config.tilted else 0.0
    count = rng.integers(config.parts[0], config.parts[1] + 1)
    score = np.zeros(len(graphs))
    for weight in rng.dirichlet(np.ones(count)):
        score += np.sqrt(weight) * standardise(random_part(graphs, tilt, rng))
    score = standardise(score)
    if tilt:
        share = rng.uniform(0, config.expected) * known(graphs) ** 2
        score = standardise(np.sqrt(1 - share) * score + np.sqrt(share) * expected(graphs, rng))
    score = bend(score, config, rng)
    if rng.random() < config.cliff:
        score = _with_cliff(graphs, score, rng)
    return score


def bend(score: Values, config: PriorConfig, rng: np.random.Generator) -> Values:
    """In some tasks a ceiling, near which differences become small."""
    if rng.random() >= config.ceiling:
        return score
    sharpness, level = np.exp(rng.normal(0.3, 0.7)), rng.normal(0, 1)
    return standardise(-np.logaddexp(0, -sharpness * (score - level)))


def random_cost(graphs: Graphs, config: PriorConfig, rng: np.random.Generator) -> Values:
    """A cost, alone or beside other functions; negated in most tasks, as fewer milliseconds are better."""
    sign = -1 if rng.random() < 0.7 else 1
    share = rng.beta(1, 5)
    other = standardise(random_part(graphs, 0.0, rng))
    return standardise(np.sqrt(1 - share) * sign * standardise(cost(graphs, rng)) + np.sqrt(share) * other)


def add_noise(score: Values, config: PriorConfig, rng: np.random.Generator) -> Values:
    """Noise of a training run: normal, larger for low scores in some tasks."""
    low, high = np.log(config.noise)
    scale = np.exp(rng.uniform(low, high))
    uneven = rng.uniform(0, 1.5) if rng.random() < 0.5 else 0.0
    rank = score.argsort().argsort() / max(len(score) - 1, 1)
    return score + scale * np.exp(uneven * (0.5 - rank)) * rng.normal(size=len(score))


def hints(score: Values, other: Values, size: Values, rng: np.random.Generator) -> Float[np.ndarray, "cell kind"]:
    """Side features with a role: an early score, mostly right, a size, as right as sizes are, or both."""
    columns = np.full((len(score), 2), np.nan)
    which = rng.choice(3, p=[0.4, 0.4, 0.2])
    if which != 1:
        right = rng.beta(5, 1.2)
        wrong = other if rng.random() < 0.5 else rng.normal(size=len(score))
        columns[:, 0] = right * standardise(score) + np.sqrt(1 - right**2) * standardise(wrong)
    if which != 0:
        columns[:, 1] = size + rng.choice([0.0, 0.1]) * rng.normal(size=len(score))
    return columns


def _with_cliff(graphs: Graphs, score: Values, rng: np.random.Generator) -> Values:
    """Some cells fail: those without a live path, and the lowest of another random function."""
    danger = standardise(propagation(graphs, 0.5, rng)) + 0.5 * score
    fails = danger < np.quantile(danger, rng.uniform(0, 0.25))
    fails |= graphs.features[:, 0] == 0
    floor = score.min() - rng.exponential(2.0)
    return np.where(fails, floor + rng.uniform(0, 0.5) * (score - floor), score)


def _relabelled(graphs: Graphs, rng: np.random.Generator) -> Graphs:
    """Operations between input and output under other names, so that a name's meaning is inferred from the context."""
    names = np.arange(len(VOCABULARY), dtype=np.int16)
    present = np.unique(graphs.pruned.operation[graphs.pruned.operation >= SKIP])
    names[present] = rng.choice(np.arange(SKIP, len(VOCABULARY)), size=len(present), replace=False)
    return Graphs.of(graphs.pruned.relabelled(names))


def _side_features(graphs: Graphs, score: Values, config: PriorConfig, rng: np.random.Generator) -> np.ndarray:
    """Side features that are informative of the score: mixtures of it with other random functions, some missing."""
    if rng.random() >= config.side:
        return np.zeros((len(graphs), 0))
    columns = []
    for _ in range(rng.integers(1, 9)):
        share = rng.beta(1, 2) * rng.choice([-1, 1], p=[0.2, 0.8])
        other = random_score(graphs, config, rng) + 0.2 * rng.normal(size=len(graphs))
        column = share * score + (1 - abs(share)) * other
        column[rng.random(len(graphs)) < rng.choice([0, 0, 0.1, 0.5])] = np.nan
        columns.append(column)
    return np.stack(columns, axis=1)
