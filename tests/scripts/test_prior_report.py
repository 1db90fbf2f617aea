"""Statistics of tasks, on scores made to have known ones."""

import numpy as np
import pytest

from data import load_benchmark
from metanp.graphs import Graphs
from metanp.spaces import get_space
from scripts.prior_report import COUNTS, explained, measured_scores, statistics
from tasks.task import Task


@pytest.fixture(scope="module")
def graphs() -> Graphs:
    return Graphs.distinct(get_space("transnas").arrays())[0][:600]


def test_what_is_linear_is_explained_and_noise_is_not():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    assert explained(x, x @ [1.0, -2.0, 0.5, 0.0]) > 0.99
    assert explained(x, rng.normal(size=500)) < 0.02
    # signal and noise of one variance each
    assert explained(x, x[:, 0] + rng.normal(size=500)) == pytest.approx(0.5, abs=0.1)


def test_a_sum_of_operation_counts_is_explained_by_them(graphs):
    counts = graphs.features[:, COUNTS].sum(1)
    found = statistics(task(graphs, counts), -(counts**3.0))
    assert found["rank correlation with the mean of prior tasks"] == pytest.approx(-1)
    assert found["explained by operation counts"] > 0.97
    assert found["rank correlation with the best feature"] > 0.8


def test_failures_and_leads_are_counted(graphs):
    score = np.random.default_rng(1).normal(size=len(graphs))
    spread = np.subtract(*np.quantile(score, [0.75, 0.25]))
    plain = statistics(task(graphs, score), score)
    score[:60] = -100.0
    score[100] = 100.0
    found = statistics(task(graphs, score), score)
    assert plain["failures"] == 0
    assert found["failures"] == pytest.approx(0.1)
    assert found["skewness"] < -1 < plain["skewness"]
    assert found["lead of the best over the top 1 %, in interquartile ranges"] > 40 / spread


def task(graphs: Graphs, score: np.ndarray) -> Task:
    return Task(graphs, np.asarray(score, dtype=np.float64), np.zeros((len(graphs), 0)))


def test_measured_scores_are_of_distinct_graphs_without_costs_and_unknown_where_not_measured():
    graphs, columns = measured_scores("nasbench_graph", np.random.default_rng(0))
    table = load_benchmark("nasbench_graph")
    assert len(np.unique(graphs.pruned.fingerprint())) == len(graphs) == 1000
    assert set(columns) == {name for name, metric in table.metrics.items() if metric.quantity != "latency"}
    fingerprint = table.cells.pruned().fingerprint()
    for i in range(0, 1000, 100):
        row = np.flatnonzero(fingerprint == graphs.pruned.fingerprint()[i])[0]
        assert columns["cora_test_accuracy"][i] == table.mean("cora_test_accuracy")[row]
