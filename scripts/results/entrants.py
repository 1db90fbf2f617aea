"""Entrants, the predictors or strategies of a study, and their fits: one for each label set (or repeat) and budget.

    checkpoints, catalogue -> entrants -> fits -> rows

A study says what a fit does (`Study`); which fits are run, and where, is decided in `running.py` and `executors.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from hydra.utils import get_class

from metanp.checkpoint import load_model
from metanp.nearest import nearest
from scripts.results.rows import Key, Row
from tasks.sources import KINDS, check_honest

OURS = "metanp"  # the entrant that all others are compared with
LONGEST_MESSAGE = 300
TOO_FEW = "too few labels"  # for this predictor; a row's status


@dataclass(frozen=True)
class Described:
    """What a page says of an entrant; `tuning` is a sentence."""

    title: str
    family: str
    needs: tuple[str, ...]
    source: str
    tuning: str
    slow: bool = False


@dataclass(frozen=True)
class Fit:
    """One piece of work: a predictor on a label set at a budget, or one repeat of a strategy's search.

    make: the class and its settings, as JSON. seed: the training seed; None: `number` is the predictor's seed. shown:
    the column whose scores it is given. scored: the columns that its ranking is compared with, a row each. number: of
    the label set, or of the repeat. budget: labels, or the most evaluations. batch: cells in each ask of a search.
    """

    entrant: str
    make: str
    seed: int | None
    shown: str
    scored: tuple[str, ...]
    number: int
    budget: int
    batch: int = 1

    @property
    def key(self) -> Key:
        """The key of its rows in the entrant's file."""
        return self.shown, self.number, self.budget

    def rows(self, found: Sequence[Mapping]) -> list[Row]:
        """`found`, with the columns that identify the fit."""
        where = {"shown": self.shown, "set": self.number, "labels": self.budget}
        return [{**where, "status": "ok", **row} for row in found]

    def failed(self, status: str, message: str) -> list[Row]:
        """The rows of a fit that failed, one for each scored column."""
        why = {"status": status, "message": message[:LONGEST_MESSAGE]}
        return self.rows([{"scored": scored, **why} for scored in self.scored])


Attempt = Callable[[Fit], list[Row]]


class Study(Protocol):
    """What all fits of a run share; it is pickled, and opened once in each process."""

    def open(self) -> Attempt:
        """The function from a fit to its rows. An exception that it raises becomes the row of a failed fit."""
        ...


@dataclass(frozen=True)
class Entrant:
    """A predictor or a strategy of one table, with one checkpoint if it uses any.

    file: name of the file of its rows. make: its class and settings. seed: the training seed; None: the number of the
    label set is its seed. numbers: label sets, or repeats. marks: columns of its rows; `predictor` is its name.
    """

    file: str
    make: dict[str, Any]
    seed: int | None
    numbers: Sequence[int]
    marks: Row
    batch: int = 1

    def fits(self, shown: str, scored: Sequence[str], budgets: Sequence[int]) -> Iterator[Fit]:
        """Every number at every budget."""
        name, make = self.marks["predictor"], json.dumps(self.make)
        for number in self.numbers:
            for budget in budgets:
                yield Fit(name, make, self.seed, shown, tuple(scored), number, budget, self.batch)


def trained(kind: str, checkpoints: Sequence[str], benchmark: str) -> dict[int, str]:
    """MetaNP's checkpoints (names or paths) by training seed; the shipped one of this kind if none are given.

    Raises:
        ValueError: a checkpoint that a table of this kind does not allow, or that was trained on the benchmark; two
            checkpoints of one training seed.
    """
    seeds: dict[int, str] = {}
    for name in checkpoints or [shipped_name(kind, benchmark)]:
        card = load_model(name)[1]
        check_honest(card, kind, benchmark)
        seed = card["training"]["seed"]
        if seed in seeds:
            raise ValueError(f"{seeds[seed]} and {name} are both of training seed {seed}; a table has one a seed")
        seeds[seed] = name
    return seeds


def shipped_name(kind: str, benchmark: str) -> str:
    """The shipped checkpoint of a kind of meta-training for a benchmark."""
    return kind if kind == "label-free" else f"{kind}-{benchmark}"


def check_known(name: str, known: Iterable[str], what: str) -> None:
    """Raise a ValueError with the nearest names where `name` is not among `known`."""
    known = list(known)
    if name not in known:
        raise ValueError(f"unknown {what} {name!r}; {nearest(name, known)}")


def check_kind(kind: str) -> None:
    """Raise a ValueError with the nearest names where there is no such kind of meta-training."""
    check_known(kind, KINDS, "kind of meta-training")


def chosen(known: Mapping[str, Any], names: Sequence[str], what: str) -> dict[str, Any]:
    """The entries called `names`; a ValueError where one does not exist."""
    for name in names:
        check_known(name, known, what)
    return {name: known[name] for name in names}


def modules_of(make: Mapping[str, Any]) -> list[str]:
    """The modules that define the classes named in `make`, its nested settings included."""
    found = [get_class(make["_target_"]).__module__] if "_target_" in make else []
    return found + [module for part in make.values() if isinstance(part, Mapping) for module in modules_of(part)]
