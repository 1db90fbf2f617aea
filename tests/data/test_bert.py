"""NAS-Bench-BERT: layers, two trainings of nine models, one failure, known scores."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from data.bert import TASKS, parse


@pytest.fixture(scope="module")
def table(more):
    return load_benchmark("bert")


def test_layers_become_described_operations():
    cell = parse("SA:WMA:4:1024:3 LT:DCT:2:512:1 DSC:9:2:512:1", 256)
    attention, transform, convolution = cell.operations[1:-1]
    assert (attention.kind, attention.heads, attention.variant) == ("attention", 4, "WMA")
    assert (transform.kind, transform.parametric, transform.variant) == ("linear", False, "DCT")
    assert (convolution.kind, convolution.kernel_size) == ("convolution", 9)
    parameters = dict(cell.parameters)
    assert (parameters["hidden_width"], parameters["depth"], parameters["0.feed_forward_layers"]) == (256, 3, 3)


@pytest.mark.parametrize("layers", ["SA:SDP:4:1024", "XX:SDP:4:1024:1"])
def test_a_layer_of_another_form_is_named(layers):
    with pytest.raises(ValueError, match=f"layer '{layers}'; expected SA, LT or DSC"):
        parse(layers, 128)


def test_nine_models_were_trained_twice_and_one_failed(table):
    assert len(table) == 491 == len({cell.key for cell in table.cells})
    assert np.isfinite(table.values("sst_score")).sum() == 500
    for task in ("glue", "rte"):
        assert np.isfinite(table.mean(f"{task}_score")).sum() == 490
    twice = table.values("glue_score")[np.isfinite(table.values("glue_score")).all(1)]
    assert len(twice) == 9
    assert spearmanr(*twice.T).statistic == pytest.approx(0.8)


def test_known_scores(table):
    assert table.ids[0] == "256: SA:WMA:4:1024:3 LT:DCT:2:512:3 SA:SDP:4:512:3 SA:SDP:4:1024:1"
    assert [table.mean(f"{task}_score")[0] for task in TASKS] == pytest.approx(
        [74.7338, 42.69, 72.57, 81.62, 82.96, 86.9, 62.82, 83.72, 84.59]
    )
    best = int(np.nanargmax(table.mean("glue_score")))
    assert table.ids[best] == "256: DSC:9:4:1024:1 LT:DCT:4:1024:3 LT:DFT:4:512:3 LT:DCT:2:512:3"
    assert table.mean("glue_score")[best] == pytest.approx(75.13)


def test_the_mean_is_that_of_the_eight_tasks(table):
    tasks = np.mean([table.values(f"{task}_score")[:, 0] for task in TASKS[1:]], axis=0)
    np.testing.assert_allclose(table.values("glue_score")[:, 0], tasks, atol=1e-3)


def test_larger_models_are_better(table):
    rank = spearmanr(table.features["glue_parameters"], table.mean("glue_score"), nan_policy="omit").statistic
    assert rank == pytest.approx(0.651, abs=1e-3)
