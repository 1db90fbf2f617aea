"""Strategies that choose what to evaluate next, one file each, and their names.

A new one is a class with `propose`: in a file here, with a line in `STRATEGIES`, or anywhere else, and then its name is
`my.module:Mine`. How tables of simulated searches describe each is in `configs/search_strategies/all.yaml`. Those that
train a predictor import it when they are made; its libraries are in the extra `[research]`.
"""

from __future__ import annotations

from typing import Any

from metanp.named import class_at
from metanp.nearest import nearest_one
from metanp.search.strategy import Strategy

__all__ = ["STRATEGIES", "find", "make"]

WEAK = "metanp.search.strategies.weak_predictors"

# name: where its class is, settings other than the class's own
STRATEGIES: dict[str, tuple[str, dict[str, Any]]] = {
    "metanp": ("metanp.search.strategies.bayesian:Bayesian", {}),
    "metanp_thompson": ("metanp.search.strategies.bayesian:Bayesian", {"acquisition": "thompson"}),
    "metanp_improvement": ("metanp.search.strategies.bayesian:Bayesian", {"acquisition": "improvement"}),
    "metanp_noisy_improvement": ("metanp.search.strategies.bayesian:Bayesian", {"acquisition": "noisy_improvement"}),
    "metanp_ucb": ("metanp.search.strategies.bayesian:Bayesian", {"acquisition": "ucb"}),
    "metanp_mean": ("metanp.search.strategies.bayesian:Bayesian", {"acquisition": "mean"}),
    "pareto": ("metanp.search.strategies.pareto:Pareto", {}),  # needs cost=
    "one_shot": ("metanp.search.strategies.one_shot:OneShot", {}),
    "weak_nas": ("metanp.search.strategies.weak_nas:WeakNAS", {}),
    "weak_nas_forest": ("metanp.search.strategies.weak_nas:WeakNAS", {"predictor": f"{WEAK}:WeakForest"}),
    "weak_nas_boosting": ("metanp.search.strategies.weak_nas:WeakNAS", {"predictor": f"{WEAK}:WeakBoosting"}),
    "weak_nas_metanp": ("metanp.search.strategies.weak_nas:WeakNAS", {"predictor": "metanp"}),
    "bananas": ("metanp.search.strategies.bananas:BANANAS", {}),
    "nas_bowl": ("metanp.search.strategies.nas_bowl:NASBOWL", {}),
    "npenas": ("metanp.search.strategies.npenas:NPENAS", {}),
    "brp_nas": ("metanp.search.strategies.brp_nas:BRPNAS", {}),
    "brp_nas_metanp": ("metanp.search.strategies.brp_nas:BRPNAS", {"predictor": "metanp"}),
    "guided_evolution": ("metanp.search.strategies.guided_evolution:GuidedEvolution", {}),
    "guided_evolution_metanp": (
        "metanp.search.strategies.guided_evolution:GuidedEvolution",
        {"predictor": "metanp"},
    ),
    "evolution": ("metanp.search.strategies.evolution:RegularisedEvolution", {}),
    "swap_nas": ("metanp.search.strategies.swap_nas:SwapNAS", {}),
    "local_search": ("metanp.search.strategies.local_search:LocalSearch", {}),
    "random": ("metanp.search.strategies.random_search:RandomSearch", {}),
}


def find(name: str) -> tuple[str, dict[str, Any]]:
    """The class of a strategy as `a.b:C`, and its settings: by a name of `STRATEGIES`, or by `a.b:C` itself.

    Raises:
        ValueError: no such strategy; names the nearest.
    """
    if name in STRATEGIES:
        path, settings = STRATEGIES[name]
        return path, dict(settings)
    if ":" in str(name):
        return name, {}
    known = f"known: {', '.join(STRATEGIES)}, or a class of your own, as my.module:Mine"
    raise ValueError(f"unknown strategy {name!r}; {nearest_one(str(name), STRATEGIES)}; {known}")


def make(name: str, **settings: Any) -> Strategy:
    """The strategy of this name, or of this class, as `a.b:C`; `settings` override those of the name.

    Raises:
        ValueError: no such strategy; names the nearest.
        TypeError: it has no such setting.
        ImportError: a library that it needs is missing; says how to install it.
    """
    path, own = find(name)
    try:
        kind = class_at(path)
    except ValueError as error:
        raise ValueError(f"unknown strategy {name!r}: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Strategy)):
        raise ValueError(f"unknown strategy {name!r}: what is there is no class of metanp.search.Strategy")
    return kind(**{**own, **settings})
