"""Prior tasks: random functions over unlabelled cells, drawn so that measured ones could have been among them.

A task is a weighted sum of a few random functions of the pruned cell, then bent as measured scores are: a ceiling,
cliffs where training fails, noise that is larger where the score is low. What is known of neural networks goes in as a
tilt: in most tasks (`tilted`) convolutions that see neighbours and more paths tend to help, pooling and paths without a
way around to harm, each task with its own exceptions; and where operations are those of image networks, of which most
is known, a share of the score is what one would expect without exceptions (`expected`). The signs are common knowledge;
the round numbers were set after a look at which graph features go with accuracy on measured benchmarks
(`docs/what-was-tried.md`).

Axes: cell, feature, bin, node as in `metanp`. A random function maps graphs to (cell,), unitless, and is standardised
over the task's cells before it is weighted.

Source: this project's; the idea of training on synthetic tasks alone follows Müller et al. 2022 (arXiv:2112.10510).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.features import CLASSES, FEATURE_NAMES, OPERATIONS
from metanp.graphs import Graphs
from metanp.operations import ATTRIBUTE_TABLE, SKIP, VOCABULARY
from tasks.task import Task

Values = Float[np.ndarray, " cell"]


@dataclass
class PriorConfig:
    """How tasks are drawn; every range is drawn from anew for each task."""

    tilted: float = 0.7  # share of tasks in which what usually helps does
    tilt: float = 3.0  # how much so, on average, against the task's own taste
    expected: float = 0.6  # largest share of a tilted task's variance that is what one expects of image networks
    relabelled: float = 0.2  # share of tasks in which operations change names
    parts: list[int] = field(default_factory=lambda: [1, 4])  # random functions in a sum, both ends included
    noise: list[float] = field(default_factory=lambda: [0.02, 0.5])  # standard deviation over the score's, log-uniform
    ceiling: float = 0.5  # share of tasks that saturate
    cliff: float = 0.4  # share of tasks in which some cells fail
    side: float = 0.25  # share of tasks with side features


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
        return Task(graphs, add_noise(clean, self.config, rng), _side_features(graphs, clean, self.config, rng))


def random_score(graphs: Graphs, config: PriorConfig, rng: np.random.Generator) -> Values:
    """One random function, without noise, about unit variance."""
    tilt = rng.gamma(3.0, config.tilt / 3) if rng.random() < config.tilted else 0.0
    makers = (_additive, _cuts, _subtrees, _propagation, _network, _smooth)
    shares = (0.2, 0.15, 0.1, 0.3, 0.15, 0.1)
    count = rng.integers(config.parts[0], config.parts[1] + 1)
    score = np.zeros(len(graphs))
    for weight in rng.dirichlet(np.ones(count)):
        part = makers[rng.choice(len(makers), p=shares)](graphs, tilt, rng)
        score += np.sqrt(weight) * standardise(part)
    score = standardise(score)
    if tilt:
        share = rng.uniform(0, config.expected) * _known(graphs) ** 2
        score = standardise(np.sqrt(1 - share) * score + np.sqrt(share) * _expected(graphs, rng))
    if rng.random() < config.ceiling:
        sharpness, level = np.exp(rng.normal(0.3, 0.7)), rng.normal(0, 1)
        score = standardise(-np.logaddexp(0, -sharpness * (score - level)))
    if rng.random() < config.cliff:
        score = _with_cliff(graphs, score, rng)
    return score


def add_noise(score: Values, config: PriorConfig, rng: np.random.Generator) -> Values:
    """What a training run adds: normal, larger for low scores in some tasks."""
    low, high = np.log(config.noise)
    scale = np.exp(rng.uniform(low, high))
    uneven = rng.uniform(0, 1.5) if rng.random() < 0.5 else 0.0
    rank = score.argsort().argsort() / max(len(score) - 1, 1)
    return score + scale * np.exp(uneven * (0.5 - rank)) * rng.normal(size=len(score))


def standardise(x: Values) -> Values:
    """Zero mean, unit variance; a constant becomes zero."""
    spread = x.std()
    return (x - x.mean()) / spread if spread > 1e-9 else np.zeros_like(x)


# How much an operation usually adds, of order one: most where it has weights and sees neighbours; a linear map of one
# pixel adds little, and pooling takes away.
_QUALITY = np.array(
    [
        {"convolution": 1.0 if o.kernel_size > 1 else 0.2, "aggregation": 0.5, "linear": 0.2, "pool": -0.4}.get(
            o.kind, 0
        )
        for o in VOCABULARY
    ]
)
# Operations of image networks, of which most is known.
_FAMILIAR = np.array([o.kind in ("convolution", "pool", "skip") for o in VOCABULARY])
# What helps of a cell's shape: more ways from input to output, side by side, and a wide view.
_SHAPES = {
    "log_paths": 0.5,
    "width": 0.5,
    "input_degree": 0.5,
    "output_degree": 0.3,
    "nodes": 0.3,
    "receptive_max": 0.5,
}


def _usual(name: str) -> float:
    """Which way a graph feature usually points, per unit of its own spread.

    More of what helps; and what every path must pass does harm, the more so where it does something: a way around it
    helps (residual networks, He et al. 2016).
    """
    part, _, subject = name.partition("_")
    members = CLASSES.get(subject) or [i for i in OPERATIONS if VOCABULARY[i].name == subject]
    if name in _SHAPES or not members:
        return _SHAPES.get(name, 0.0)
    quality = float(_QUALITY[list(members)].mean())
    if part == "fewest":
        return -1.0 if quality > 0 else -0.5
    return quality


_USUALLY = np.array([_usual(name) for name in FEATURE_NAMES])


def _known(graphs: Graphs) -> float:
    """Share of the cells' operations that are those of image networks."""
    operation = graphs.pruned.operation
    inner = operation[operation >= SKIP]
    return float(_FAMILIAR[inner].mean()) if len(inner) else 0.0


def _expected(graphs: Graphs, rng: np.random.Generator) -> Values:
    """What is expected without exceptions: of graph features, and in part of all operations along all paths."""
    index, features = _varying(graphs.features)
    share = rng.uniform(0, 0.5)
    along_paths = _travel(graphs, _QUALITY, np.ones(len(VOCABULARY)), "sum", "none", 0.0)
    expected = np.sqrt(1 - share) * standardise(features @ _USUALLY[index])
    return standardise(expected + np.sqrt(share) * standardise(along_paths))


def _additive(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A sparse sum of graph features."""
    features = _varying(graphs.features)
    index, values = features
    weight = rng.standard_t(4, size=len(index)) + tilt * _USUALLY[index]
    keep = rng.random(len(index)) < rng.choice([0.05, 0.15, 0.4])
    return values @ (weight * keep) + 1e-3 * values @ weight


def _cuts(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A few steps: each asks one or two graph features whether they are above a threshold."""
    index, values = _varying(graphs.features)
    total = np.zeros(len(graphs))
    if not len(index):
        return total
    few = rng.choice(len(index), size=min(int(rng.integers(1, 5)), len(index)), replace=False)
    for _ in range(rng.integers(1, 7)):
        above = np.ones(len(graphs), dtype=bool)
        usual = 0.0
        for feature in rng.choice(few, size=rng.integers(1, 3)):
            above &= values[:, feature] > np.quantile(values[:, feature], rng.uniform(0, 0.95))
            usual += _USUALLY[index[feature]]
        total += (rng.standard_t(4) + tilt * usual) * above
    return total


def _subtrees(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A sparse sum of Weisfeiler-Lehman patterns."""
    index, values = _varying(_counts(graphs))
    weight = rng.standard_t(3, size=len(index)) * (rng.random(len(index)) < rng.choice([0.05, 0.2, 0.6]))
    return values @ weight


def _propagation(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A number that travels from input to output: operations scale it and add to it, nodes join what arrives."""
    quality = rng.normal(0, 0.5, len(VOCABULARY)) + tilt * _QUALITY
    gain = np.clip(1 + rng.normal(0, rng.choice([0.02, 0.2, 0.5]), len(VOCABULARY)), 0, 1.6)
    join = rng.choice(["sum", "mean", "max", "log"])
    bend = rng.choice(["none", "tanh", "root"])
    return _travel(graphs, quality, gain, join, bend, rng.choice([0.0, 1.0]))


def _travel(
    graphs: Graphs,
    quality: Float[np.ndarray, " operation"],
    gain: Float[np.ndarray, " operation"],
    join: str,
    bend: str,
    start: float,
) -> Values:
    """What arrives at the output when `start` leaves the input."""
    operation, edge = graphs.pruned.operation, graphs.pruned.adjacency
    state = np.zeros(operation.shape)
    state[:, 0] = start
    for v in range(1, operation.shape[1]):
        joined = _join(state[:, :v], edge[:, :v, v], join)
        own = operation[:, v]
        value = joined * gain[own] + quality[own] * (own >= SKIP)
        state[:, v] = np.where(own >= 0, _bend(value, bend), 0)
    return state[np.arange(len(state)), graphs.pruned.size - 1]


def _join(state: np.ndarray, arrives: np.ndarray, how: str) -> np.ndarray:
    count = np.maximum(arrives.sum(1), 1)
    if how == "max":
        return np.where(arrives.any(1), np.where(arrives, state, -np.inf).max(1, initial=-np.inf), 0)
    total = (state * arrives).sum(1)
    return {"sum": total, "mean": total / count, "log": total / count + 0.5 * np.log(count)}[how]


def _bend(x: np.ndarray, how: str) -> np.ndarray:
    return {"none": lambda: x, "tanh": lambda: 2 * np.tanh(x / 2), "root": lambda: np.sign(x) * np.sqrt(np.abs(x))}[
        how
    ]()


def _network(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A random graph network along the cell: vectors travel from input to output."""
    width = 8
    by_attribute = ATTRIBUTE_TABLE @ rng.normal(size=(ATTRIBUTE_TABLE.shape[1], width))
    embedding = rng.normal(size=(len(VOCABULARY), width)) + rng.uniform(0, 1) * by_attribute
    carry = rng.normal(size=(width, width)) / np.sqrt(width) * rng.uniform(0.5, 1.3)
    share = rng.choice([0.0, 0.5, 1.0])
    operation, edge = graphs.pruned.operation, graphs.pruned.adjacency
    state = np.zeros((*operation.shape, width))
    state[:, 0] = np.tanh(embedding[operation[:, 0]])
    for v in range(1, operation.shape[1]):
        arrives = edge[:, :v, v]
        joined = np.einsum("cu,cud->cd", arrives, state[:, :v])
        joined /= np.maximum(arrives.sum(1), 1)[:, None] ** share
        state[:, v] = np.tanh(joined @ carry + 0.7 * embedding[operation[:, v]]) * (operation[:, v] >= 0)[:, None]
    final = state[np.arange(len(state)), graphs.pruned.size - 1]
    pooled = state.sum(1) / 3
    return final @ rng.normal(size=width) + rng.choice([0, 1]) * pooled @ rng.normal(size=width)


def _smooth(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A draw from a Gaussian process on graph features and patterns (random Fourier features)."""
    _, features = _varying(graphs.features)
    _, patterns = _varying(_counts(graphs))
    values = np.concatenate(
        [features / max(features.shape[1], 1) ** 0.5, patterns / max(patterns.shape[1], 1) ** 0.5], 1
    )
    direction = rng.normal(size=(values.shape[1], 64)) * np.exp(rng.uniform(-1.5, 1.0))
    return np.cos(values @ direction + rng.uniform(0, 2 * np.pi, 64)) @ rng.normal(size=64)


def _counts(graphs: Graphs) -> np.ndarray:
    """How often each Weisfeiler-Lehman pattern occurs in each cell; patterns of one cell alone say nothing and go."""
    cell, step, node = np.nonzero(graphs.patterns)
    _, pattern = np.unique(graphs.patterns[cell, step, node], return_inverse=True)
    counts = np.zeros((len(graphs), pattern.max(initial=-1) + 1), dtype=np.float32)
    np.add.at(counts, (cell, pattern), 1)
    return counts[:, (counts > 0).sum(0) > 1]


def _varying(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns that are not constant, standardised, and which they are."""
    spread = x.std(0)
    index = np.flatnonzero(spread > 1e-6)
    return index, (x[:, index] - x[:, index].mean(0)) / spread[index]


def _with_cliff(graphs: Graphs, score: Values, rng: np.random.Generator) -> Values:
    """Some cells fail: those with no live path, and the lowest of another random function."""
    danger = standardise(_propagation(graphs, 0.5, rng)) + 0.5 * score
    fails = danger < np.quantile(danger, rng.uniform(0, 0.25))
    fails |= graphs.features[:, 0] == 0
    floor = score.min() - rng.exponential(2.0)
    return np.where(fails, floor + rng.uniform(0, 0.5) * (score - floor), score)


def _relabelled(graphs: Graphs, rng: np.random.Generator) -> Graphs:
    """Operations between input and output under other names, so that what a name means is read off the context."""
    names = np.arange(len(VOCABULARY), dtype=np.int16)
    present = np.unique(graphs.pruned.operation[graphs.pruned.operation >= SKIP])
    names[present] = rng.choice(np.arange(SKIP, len(VOCABULARY)), size=len(present), replace=False)
    return Graphs.of(graphs.pruned.relabelled(names))


def _side_features(graphs: Graphs, score: Values, config: PriorConfig, rng: np.random.Generator) -> np.ndarray:
    """Numbers that know something of the score: mixtures of it with other random functions, some missing."""
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
