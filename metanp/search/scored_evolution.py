"""Evolution by a score that costs no evaluation: a population, tournaments, the best of a few mutants, the worst dies.

What an architecture is, how it is drawn, changed and joined with another one, the caller says; nothing here knows
cells. Every architecture that was met is kept with its score, and none is scored twice.

Source: Peng et al., "SWAP-NAS", ICLR 2024 (arXiv:2403.04161). Their settings and code of the evolution were never
released: sizes are this project's.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

T = TypeVar("T")


@dataclass(frozen=True)
class Sizes:
    """population: members. tournament: members of which the best is a parent. mutants: children drawn of a parent, of
    which the best joins. cycles: parents. crossover: the share of parents that are the best two joined.
    """

    population: int = 20
    tournament: int = 5
    mutants: int = 4
    cycles: int = 40
    crossover: float = 0.5


@dataclass(frozen=True)
class Moves(Generic[T]):
    """What evolution does to architectures.

    key: equal where two are the same. sample: any. mutate: one edit away; None where there is none. crossover: parts of
    both. score: higher is better.
    """

    key: Callable[[T], Hashable]
    sample: Callable[[np.random.Generator], T]
    mutate: Callable[[T, np.random.Generator], T | None]
    crossover: Callable[[T, T, np.random.Generator], T]
    score: Callable[[T], float]


def evolve(moves: Moves[T], sizes: Sizes, rng: np.random.Generator) -> list[tuple[T, float]]:
    """All architectures that were met and their scores, best first; what was met earlier goes before equals."""
    met: dict[Hashable, tuple[T, float]] = {}

    def scored(one: T) -> tuple[T, float]:
        key = moves.key(one)
        if key not in met:
            met[key] = one, moves.score(one)
        return met[key]

    members = [scored(moves.sample(rng)) for _ in range(sizes.population)]
    for _ in range(sizes.cycles):
        drawn = sorted(_draw(members, sizes.tournament, rng), key=lambda member: -member[1])
        parent = drawn[0][0]
        if len(drawn) > 1 and rng.random() < sizes.crossover:
            parent = moves.crossover(parent, drawn[1][0], rng)
        mutants = [moves.mutate(parent, rng) for _ in range(sizes.mutants)]
        if children := [scored(mutant) for mutant in mutants if mutant is not None]:
            members.append(max(children, key=lambda child: child[1]))
            members.remove(min(members, key=lambda member: member[1]))
    return sorted(met.values(), key=lambda one: -one[1])


def _draw(members: list[tuple[T, float]], n: int, rng: np.random.Generator) -> list[tuple[T, float]]:
    return [members[i] for i in rng.choice(len(members), min(n, len(members)), replace=False)]
