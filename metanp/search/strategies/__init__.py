"""Ways of choosing what to evaluate next, one file each, and the names that they are asked for by.

A new one is a class with `propose` in a file here, a line in `STRATEGIES`, and one in
`configs/search_strategies/all.yaml` for simulated searches. Those that train a predictor import it
when they are made; its libraries are in the extra `[research]`.
"""

from __future__ import annotations

import importlib
from typing import Any

from metanp.nearest import nearest_one
from metanp.search.strategy import Strategy

__all__ = ["STRATEGIES", "make"]

# name: module here, class, settings
STRATEGIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "metanp": ("bayesian", "Bayesian", {}),
    "metanp_thompson": ("bayesian", "Bayesian", {"acquisition": "thompson"}),
    "metanp_improvement": ("bayesian", "Bayesian", {"acquisition": "improvement"}),
    "metanp_noisy_improvement": ("bayesian", "Bayesian", {"acquisition": "noisy_improvement"}),
    "metanp_ucb": ("bayesian", "Bayesian", {"acquisition": "ucb"}),
    "metanp_mean": ("bayesian", "Bayesian", {"acquisition": "mean"}),
    "pareto": ("pareto", "Pareto", {}),  # needs cost=
    "one_shot": ("one_shot", "OneShot", {}),
    "weak_nas": ("weak_nas", "WeakNAS", {}),
    "weak_nas_forest": ("weak_nas", "WeakNAS", {"predictor": f"{__name__}.weak_predictors:WeakForest"}),
    "weak_nas_boosting": ("weak_nas", "WeakNAS", {"predictor": f"{__name__}.weak_predictors:WeakBoosting"}),
    "weak_nas_metanp": ("weak_nas", "WeakNAS", {"predictor": "metanp"}),
    "bananas": ("bananas", "BANANAS", {}),
    "npenas": ("npenas", "NPENAS", {}),
    "brp_nas": ("brp_nas", "BRPNAS", {}),
    "brp_nas_metanp": ("brp_nas", "BRPNAS", {"predictor": "metanp"}),
    "guided_evolution": ("guided_evolution", "GuidedEvolution", {}),
    "guided_evolution_metanp": ("guided_evolution", "GuidedEvolution", {"predictor": "metanp"}),
    "evolution": ("evolution", "RegularisedEvolution", {}),
    "local_search": ("local_search", "LocalSearch", {}),
    "random": ("random_search", "RandomSearch", {}),
}


def make(name: str, **settings: Any) -> Strategy:
    """The strategy of this name; `settings` go before its own.

    Raises:
        ValueError: no such strategy; names the nearest.
        TypeError: it has no such setting.
        ImportError: a library that it needs is missing; says how to install it.
    """
    if name not in STRATEGIES:
        near = nearest_one(name, STRATEGIES)
        raise ValueError(f"unknown strategy {name!r}; {near}; known: {', '.join(STRATEGIES)}")
    module, kind, own = STRATEGIES[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), kind)(**{**own, **settings})
