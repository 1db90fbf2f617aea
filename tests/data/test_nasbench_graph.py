"""NAS-Bench-Graph: nine data sets over 26,206 cells, against published best scores."""

import numpy as np
import pytest

from data import load_benchmark
from data.benchmark import gather
from data.nasbench_graph import BENCHMARK, DATASETS
from data.unpickle import load
from metanp.cell import Cell


@pytest.fixture(scope="module")
def table():
    return load_benchmark("nasbench_graph")


def test_every_data_set_has_validation_test_latency_and_parameters(table):
    assert len(table) == 26_206
    for dataset in DATASETS:
        score = "auc" if dataset == "proteins" else "accuracy"
        assert {f"{dataset}_validation_{score}", f"{dataset}_test_{score}", f"{dataset}_latency"} <= set(table.metrics)
        assert f"{dataset}_parameters" in table.features
    assert len(table.metrics) == 27


@pytest.mark.parametrize(
    ("dataset", "best"), [("cora", 83.13), ("citeseer", 71.57), ("pubmed", 78.6), ("arxiv", 72.39)]
)
def test_best_test_accuracy_in_percent(table, dataset, best):
    assert table.mean(f"{dataset}_test_accuracy").max() == pytest.approx(best, abs=0.005)


def test_all_cells_are_measured_but_for_proteins(table):
    for dataset in DATASETS:
        validation = next(name for name in table.metrics if name.startswith(f"{dataset}_validation"))
        assert np.isfinite(table.mean(validation)).sum() == (2_021 if dataset == "proteins" else 26_206)


def test_proteins_knows_five_operations_only(table):
    present = np.flatnonzero(np.isfinite(table.mean("proteins_validation_auc")))
    used = {operation for cell in table.cells[present].to_cells() for operation in cell.operations[1:-1]}
    assert used == {"gcn", "sage", "arma", "fc", "skip"}


def test_a_key_is_tree_then_operations(table):
    record = load(gather(BENCHMARK)[0]["cora"].path)[10000]  # tree 1: layer 4 behind layer 1; four times gat
    row = table.ids.index("0,0,0,1|gat,gat,gat,gat")
    assert table.mean("cora_validation_accuracy")[row] == pytest.approx(100 * record["valid_perf"])
    assert table.mean("cora_test_accuracy")[row] == pytest.approx(100 * record["perf"])
    assert table.cells[[row]].to_cells() == [Cell.from_nasbench_graph([0, 0, 0, 1], ["gat"] * 4)]


def test_more_parameters_where_gat_has_two_heads_than_where_layers_are_skipped(table):
    parameters = table.features["cora_parameters"]
    heavy, light = (table.ids.index(f"0,1,2,3|{text}") for text in ("gat,gat,gat,gat", "skip,skip,skip,gat"))
    assert parameters[heavy] > parameters[light]
    assert table.feature_metrics["cora_parameters"].unit == "million"
