"""Random functions of what a cell computes: the parts of a prior task.

Each takes graphs, the strength of the task's preference for what usually helps (`tilt`; `tasks.expectations`), and a
generator; each gives one number a cell, unitless, not yet standardised.

Axes: cell, feature, bin, node as in `metanp`; operation as in `metanp.operations`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.graphs import Graphs
from metanp.operations import ATTRIBUTE_TABLE, SKIP, VOCABULARY
from tasks.expectations import QUALITY, USUALLY

Values = Float[np.ndarray, " cell"]


def random_part(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """One of the functions below; those that follow the cell's graph are drawn most often."""
    makers = (additive, cuts, subtrees, propagation, network, smooth)
    shares = (0.2, 0.15, 0.1, 0.3, 0.15, 0.1)
    return makers[rng.choice(len(makers), p=shares)](graphs, tilt, rng)


def standardise(x: Values) -> Values:
    """Zero mean, unit variance; a constant becomes zero."""
    spread = x.std()
    return (x - x.mean()) / spread if spread > 1e-9 else np.zeros_like(x)


def expected(graphs: Graphs, rng: np.random.Generator) -> Values:
    """The score by the usual rules without exceptions: graph features, and partly all operations along all paths."""
    index, features = _varying(graphs.features)
    share = rng.uniform(0, 0.5)
    along_paths = _travel(graphs, QUALITY, np.ones(len(VOCABULARY)), "sum", "none", 0.0)
    expected = np.sqrt(1 - share) * standardise(features @ USUALLY[index])
    return standardise(expected + np.sqrt(share) * standardise(along_paths))


def additive(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A sparse sum of graph features."""
    index, values = _varying(graphs.features)
    weight = rng.standard_t(4, size=len(index)) + tilt * USUALLY[index]
    keep = rng.random(len(index)) < rng.choice([0.05, 0.15, 0.4])
    return values @ (weight * keep) + 1e-3 * values @ weight


def cuts(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A sum of a few steps: each tests whether one or two graph features are above a threshold."""
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
            usual += USUALLY[index[feature]]
        total += (rng.standard_t(4) + tilt * usual) * above
    return total


def subtrees(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A sparse sum of Weisfeiler-Lehman patterns."""
    index, values = _varying(_counts(graphs))
    weight = rng.standard_t(3, size=len(index)) * (rng.random(len(index)) < rng.choice([0.05, 0.2, 0.6]))
    return values @ weight


def propagation(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A number passed from input to output: operations scale it and add to it, nodes combine their inputs."""
    quality = rng.normal(0, 0.5, len(VOCABULARY)) + tilt * QUALITY
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
    """The value at the output when `start` is the value at the input."""
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


def network(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A random graph network along the cell: vectors are passed from input to output."""
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


def cost(graphs: Graphs, rng: np.random.Generator) -> Values:
    """What a cell costs, with an overhead for every node and edge.

    Each operation has a random price, more for weights and large kernels, summed over nodes or along the dearest path.
    """
    price = np.array([_work(operation) for operation in VOCABULARY]) ** rng.uniform(0.2, 1.0)
    price *= rng.lognormal(0, rng.choice([0.1, 0.5]), len(VOCABULARY))
    price += rng.choice([0.0, 0.1, 0.5]) * price[SKIP:].mean()
    operation = graphs.pruned.operation
    if rng.random() < 0.3:
        total = _travel(graphs, price, np.ones(len(VOCABULARY)), "max", "none", 0.0)
    else:
        total = np.where(operation >= SKIP, price[operation], 0).sum(1)
    total = total + rng.choice([0.0, 0.1, 0.3]) * price[SKIP:].mean() * graphs.pruned.adjacency.sum((1, 2))
    return np.log(total + rng.choice([0.05, 1.0]) * max(total.mean(), 1e-6)) if rng.random() < 0.4 else total


def _work(operation: Any) -> float:
    """Multiplications of an operation in units of a linear map's, roughly."""
    area = max(float(operation.largest_kernel) ** 2, 1.0)
    known = {"convolution": area, "pool": 0.1 * area, "linear": 1.0, "aggregation": 1.0, "skip": 0.02}
    return known.get(operation.kind, 0.1)


def smooth(graphs: Graphs, tilt: float, rng: np.random.Generator) -> Values:
    """A draw from a Gaussian process on graph features and patterns (random Fourier features)."""
    _, features = _varying(graphs.features)
    _, patterns = _varying(_counts(graphs))
    values = np.concatenate(
        [features / max(features.shape[1], 1) ** 0.5, patterns / max(patterns.shape[1], 1) ** 0.5], 1
    )
    direction = rng.normal(size=(values.shape[1], 64)) * np.exp(rng.uniform(-1.5, 1.0))
    return np.cos(values @ direction + rng.uniform(0, 2 * np.pi, 64)) @ rng.normal(size=64)


def _counts(graphs: Graphs) -> np.ndarray:
    """How often each Weisfeiler-Lehman pattern occurs in each cell; patterns of a single cell are dropped."""
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
