"""Which children of a supernet a step trains: one of some, in some order, or all operations at once.

A regime is a function of the number of the step alone, so that a training that was interrupted goes on as it would
have. `None` stands for all operations, added up.

    Summed     every step trains everything (one shot)
    Uniform    an architecture at random (RSWS)
    Fair       at random, but in every round each operation of a place is trained equally often
    InTurn     some children one after the other: in a fixed order, shuffled once, or shuffled anew for each pass

Sources: Bender et al. 2018 (summed); Li and Talwalkar, "Random search and reproducibility for NAS", UAI 2019 (RSWS);
Chu et al., "FairNAS", ICCV 2021 (arXiv:1907.01845), which adds up the gradients of a round, where here each is a step;
Zhang et al. 2020 (arXiv:2001.01431; orders).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from metanp.brief import brief
from metanp.nearest import nearest
from metanp.networks.choices import Choices, Picks

Order = Literal["fixed", "shuffled", "reshuffled"]
ORDERS: tuple[Order, ...] = get_args(Order)


class Regime(Protocol):
    """What each step trains."""

    def at(self, step: int) -> Picks | None:
        """The child of this step, from 0 on; None for all operations."""
        ...


@dataclass(frozen=True)
class Summed:
    """Everything, in every step."""

    def at(self, step: int) -> Picks | None:
        return None


@dataclass(frozen=True)
class Uniform:
    """An architecture of the space at random in every step."""

    choices: Choices
    seed: int

    def at(self, step: int) -> Picks | None:
        return self.choices.draw(np.random.default_rng([self.seed, step]))


@dataclass(frozen=True)
class Fair:
    """Rounds in which every operation of a place is trained equally often, in an order of its own.

    Places with as many alternatives have rounds of as many steps. Where architectures leave places out, as genotypes
    do, those of one round leave out the same ones, drawn at random.
    """

    choices: Choices
    seed: int

    def at(self, step: int) -> Picks | None:
        length = math.lcm(*(len(place) for place in self.choices.places))
        rng = np.random.default_rng([self.seed, step // length])
        used = self.choices.draw(rng)
        orders = [rng.permutation(np.arange(length) % len(place)) for place in self.choices.places]
        here = step % length
        return tuple(None if one is None else int(order[here]) for one, order in zip(used, orders, strict=True))


@dataclass(frozen=True)
class InTurn:
    """Every child once in a pass.

    order: `fixed` is the order in which they are given.

    Raises:
        ValueError: no child, or no such order.
    """

    children: tuple[Picks, ...]
    order: Order = "fixed"
    seed: int = 0

    __repr__ = brief

    def __post_init__(self) -> None:
        if not self.children:
            raise ValueError("a group without children cannot be trained; give it one or more")
        if self.order not in ORDERS:
            raise ValueError(f"no order {self.order!r:.80}; {nearest(self.order, ORDERS)}")

    def at(self, step: int) -> Picks | None:
        n = len(self.children)
        return self.children[int(self._order(step // n)[step % n])]

    def _order(self, turn: int) -> Sequence[int] | np.ndarray:
        if self.order == "fixed":
            return range(len(self.children))
        rng = np.random.default_rng([self.seed, turn if self.order == "reshuffled" else 0])
        return rng.permutation(len(self.children))
