"""The rival strategies by name, each with a predictor small enough for a test."""

from typing import Any

from metanp.baselines.networks import BANANAS as PathEnsemble
from metanp.search import STRATEGIES, Strategy, make
from metanp.search.strategies.npenas import Ranker
from metanp.search.strategies.weak_predictors import WeakBoosting, WeakForest, WeakMLP
from tests.metanp.search.strategies.known_scores import brief, small

# where the published setting takes seconds an ask: the same strategy with a small predictor of the same kind
SHORT: dict[str, dict[str, Any]] = {
    "weak_nas": {"predictor": brief(WeakMLP, 60, width=30)},
    "weak_nas_forest": {"predictor": small(WeakForest)},
    "weak_nas_boosting": {"predictor": small(WeakBoosting)},
    "bananas": {"predictor": brief(PathEnsemble, 60, layers=2)},
    "npenas": {"predictor": brief(Ranker, 30)},
    "brp_nas": {"predictor": brief(Ranker, 60)},
}
RIVALS = [name for name in STRATEGIES if not name.startswith(("metanp", "pareto", "swap_nas"))]
NEED_SPACE = ["bananas", "npenas", "guided_evolution", "guided_evolution_metanp", "evolution", "local_search"]


def short(name: str) -> Strategy:
    return make(name, **SHORT.get(name, {}))
