"""Training data of predictors that transfer: measured tasks, each in rows and columns of its own."""

import numpy as np

from data import load_benchmark
from scripts.leaderboards.transfer import MeasuredSources


def test_equal_sources_are_equal_and_give_scores_without_costs_in_blocks():
    sources = MeasuredSources(["nasbench_graph"], cells=50)  # type: ignore[arg-type]
    assert sources == MeasuredSources(("nasbench_graph",), cells=50)
    assert hash(sources) == hash(MeasuredSources(("nasbench_graph",), cells=50))
    cells, scores = sources.read(0)
    table = load_benchmark("nasbench_graph")
    kept = [name for name, metric in table.metrics.items() if metric.quantity not in ("latency", "energy", "time")]
    assert scores.shape == (len(cells), len(kept)) == (50, len(kept))
    two, both = MeasuredSources(("nasbench_graph", "nasbench201"), cells=50).read(0)
    assert len(two) == 100
    assert (both[:50, : len(kept)] == scores)[np.isfinite(scores)].all()
    assert np.isnan(both[50:, : len(kept)]).all()
    assert np.isnan(both[:50, len(kept) :]).all()
    assert np.isfinite(both[50:, len(kept) :]).any()
