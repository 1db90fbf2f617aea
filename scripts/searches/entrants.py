"""The entrants of simulated searches, strategies of `configs/search_strategies/`, and one run of each.

    strategies, checkpoints -> entrants -> fits, one for each repeat -> rows

A strategy that uses MetaNP has an entrant for each checkpoint: repeat i uses checkpoint i modulo their number. A
checkpoint that was trained on data that the table does not allow is refused (`scripts.results.entrants.trained`). The
strategy is always made with a checkpoint that was checked, whatever its settings say.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.utils import get_class, instantiate
from omegaconf import OmegaConf

from metanp.predictor import MetaNP
from metanp.search.strategies import find
from metanp.search.strategy import Strategy
from metanp.search.surrogate import maker
from scripts.results.entrants import Attempt, Described, Entrant, Fit, chosen, trained
from scripts.results.provenance import checkpoint_digest, code_digest, settings_digest
from scripts.results.rows import Row
from scripts.searches.simulation import Problem, SearchConfig, problem, simulate

JUDGE = "scripts.searches.simulation"  # the code that rows of all strategies depend on
PATH = Path(__file__).parent.parent.parent / "configs" / "search_strategies" / "all.yaml"
NAMED = "label-free"  # checkpoint in the settings whose digest marks rows; a run replaces it


@dataclass
class Rival:
    """One strategy; see `configs/search_strategies/`.

    make: class and settings in the format of `hydra`; given, or filled in by `named`. front: searches for a front, and
    needs a cost. strategy: a name of `metanp.search.strategies.STRATEGIES`, or its class as `a.b:C`; "": the name of
    the entry. settings: those that differ from the settings of that name. here: settings for this benchmark, which are
    part of `make`.
    """

    make: dict[str, Any] = field(default_factory=dict)
    family: str = ""
    title: str = ""
    batch: int = 0
    slow: bool = False
    front: bool = False
    strategy: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    here: dict[str, Any] = field(default_factory=dict)

    def made(self) -> Strategy:
        """The strategy before a run."""
        return instantiate(self.make, **({"cost": float} if self.front else {}))

    def described(self) -> Described:
        """What a page says of it."""
        strategy, predictor = self.made(), _predictor(self.make)
        title = self.title or strategy.title
        reads = "nothing" if predictor is None and not holds_metanp(self.make) else "cells"
        here = ", ".join(f"{name} {value}" for name, value in self.here.items())
        return Described(title, self.family, (reads,), strategy.source, f"Here: {here}." if here else "")

    def with_settings(self, settings: Mapping[str, Any]) -> Rival:
        """With the settings for one benchmark."""
        return replace(self, make={**self.make, **settings}, here=dict(settings))

    def named(self, name: str) -> Rival:
        """With `make` in the one form by whose digest rows are marked, however the strategy is named.

        Raises:
            ValueError: no such strategy.
        """
        if self.make:
            return self
        path, own = find(self.strategy or name)
        make = {"_target_": path.replace(":", "."), **own, **self.settings}
        return replace(self, make={"checkpoint": NAMED, **make} if holds_metanp(make) else make)


def read_strategies() -> dict[str, Rival]:
    """All entries, without composing a configuration."""
    entries: Any = OmegaConf.to_container(OmegaConf.load(PATH))
    return {name: Rival(**entry).named(name) for name, entry in entries.items()}


def select(known: Mapping[str, Rival], names: Sequence[str], slow: bool, front: bool) -> dict[str, Rival]:
    """The strategies called `names`; if none are named, all fast ones, or with `slow` all.

    Raises:
        ValueError: an unknown name, with the nearest ones; a strategy that needs a cost where there is none.
    """
    for name, one in chosen(known, names, "strategy").items():
        if one.front and not front:
            raise ValueError(f"{name} searches for a front, and this benchmark has no cost; try nasbench201_latency")
    every = [name for name, one in known.items() if (slow or not one.slow) and one.front <= front]
    return {name: known[name].named(name) for name in names or every}


def entrants(
    rivals: Mapping[str, Rival], kind: str, checkpoints: Sequence[str], benchmark: str, repeats: int, batch: int = 0
) -> Iterator[Entrant]:
    """Strategies as entrants; one that uses MetaNP is an entrant for each checkpoint.

    Args:
        batch: cells at once, of all strategies; 0: each strategy's own.

    Raises:
        ValueError: a checkpoint that the table does not allow, or repeats that checkpoints do not share evenly.
    """
    held = [rival for rival in rivals.values() if holds_metanp(rival.make)]
    models = trained(kind, checkpoints, benchmark) if held else {}
    if models and repeats % len(models):
        raise ValueError(f"{repeats} repeats are not shared evenly by {len(models)} checkpoints; ask for a multiple")
    for name, rival in rivals.items():
        at_once = batch or rival.batch or rival.made().batch
        settings = settings_digest([rival.make, at_once])
        marks: Row = {"predictor": name, "code": code_digest(JUDGE, *_modules(rival.make))}
        if not holds_metanp(rival.make):
            yield Entrant(name, rival.make, 0, range(repeats), {**marks, "seed": 0, "config": settings}, at_once)
            continue
        for place, (seed, checkpoint) in enumerate(models.items()):
            mine = range(place, repeats, len(models))
            make = {**rival.make, "checkpoint": checkpoint}
            config = {"seed": seed, "config": f"{settings}-{checkpoint_digest(checkpoint)}"}
            yield Entrant(f"{name}-{kind}-{seed}", make, seed, mine, {**marks, **config}, at_once)


def settings_of(make: Mapping[str, Any]) -> set[str]:
    """Names of the settings of a strategy's class, such as `checkpoint`."""
    return set(inspect.signature(get_class(make["_target_"])).parameters)


def holds_metanp(make: Mapping[str, Any]) -> bool:
    """Whether the strategy uses MetaNP: it has a setting `checkpoint`, and its predictor, if it has one, is MetaNP.

    Raises:
        ValueError: its predictor is MetaNP, and it has no setting for the checkpoint.
    """
    known, predictor = settings_of(make), _predictor(make)
    inside = predictor is not None and maker(predictor) is MetaNP
    if inside and "checkpoint" not in known:
        raise ValueError(f"{make['_target_']} has MetaNP as its predictor and no setting for its checkpoint")
    return inside or ("checkpoint" in known and "predictor" not in known)


def _modules(make: Mapping[str, Any]) -> list[str]:
    """Modules of the strategy's class and of its predictor."""
    modules, predictor = [get_class(make["_target_"]).__module__], _predictor(make)
    return modules if predictor is None else [*modules, maker(predictor).__module__]


def _predictor(make: Mapping[str, Any]) -> Any:
    """The setting `predictor`; None where the class has none."""
    known = inspect.signature(get_class(make["_target_"])).parameters
    return make.get("predictor", known["predictor"].default) if "predictor" in known else None


@dataclass(frozen=True)
class Searches:
    """A study (`scripts.results.entrants.Study`): repeats of strategies on one data set. seed: of random choices."""

    config: SearchConfig
    dataset: str
    proxies: bool
    seed: int

    def open(self) -> Attempt:
        """The function from a fit to its one row."""
        here = problem(self.config, self.dataset, self.proxies)
        made = lru_cache(maxsize=1)(lambda make: strategy(make, here))  # one for all repeats, as it has no state

        def run(fit: Fit) -> list[Row]:
            found = simulate(made(fit.make), here, fit.number, fit.batch, fit.budget, self.seed)
            return fit.rows([{"scored": fit.shown, **found, "batch": fit.batch}])

        return run


def strategy(make: str, here: Problem) -> Strategy:
    """The strategy from its JSON, with the problem's cost and reference point where it has settings for them."""
    settings = json.loads(make)
    takes = settings_of(settings)
    known = {"cost": here.cost_of, "reference": here.reference} if here.cost is not None else {}
    made: Any = instantiate(settings, _partial_=True)  # hydra would turn the other arguments into configurations
    return made(**{name: value for name, value in known.items() if name in takes})
