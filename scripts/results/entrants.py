"""Who takes part in a study, what there is to say of it, and what marks its rows.

checkpoints, catalogue -> entrants -> fits, one a label set (or repeat) and budget
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.utils import get_class

from metanp.checkpoint import load_model
from metanp.nearest import nearest
from scripts.results.fits import Fit
from scripts.results.rows import Row
from tasks.sources import KINDS, check_honest

OURS = "metanp"  # the entrant that everything is held against


@dataclass(frozen=True)
class Described:
    """What is known of an entrant before it runs; `tuning` is a sentence."""

    title: str
    family: str
    needs: tuple[str, ...]
    source: str
    tuning: str
    slow: bool = False


@dataclass(frozen=True)
class Entrant:
    """A predictor or a strategy of one table, with one checkpoint if it holds any.

    file: name of the file of its rows. make: its class and settings. seed: of its training; None: it is seeded by the
    label set. numbers: label sets, or repeats. marks: of its rows; `predictor` among them is its name.
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
    """MetaNP's checkpoints by training seed: names or paths; without any the shipped one of this kind.

    Raises:
        ValueError: one that has no place in a table of this kind, or saw the benchmark; two of one training seed.
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
    """ValueError where there is no such thing; says which are nearest."""
    known = list(known)
    if name not in known:
        raise ValueError(f"unknown {what} {name!r}; {nearest(name, known)}")


def check_kind(kind: str) -> None:
    """ValueError where there is no such kind of meta-training; names the nearest."""
    check_known(kind, KINDS, "kind of meta-training")


def chosen(known: Mapping[str, Any], names: Sequence[str], what: str) -> dict[str, Any]:
    """Those called `names`; ValueError where one is not known."""
    for name in names:
        check_known(name, known, what)
    return {name: known[name] for name in names}


def modules_of(make: Mapping[str, Any]) -> list[str]:
    """Where the classes are defined that it names, those within its settings too."""
    found = [get_class(make["_target_"]).__module__] if "_target_" in make else []
    return found + [module for part in make.values() if isinstance(part, Mapping) for module in modules_of(part)]
