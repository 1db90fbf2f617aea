"""Vision transformers: encodings, known accuracies, one table whose columns agree and one whose do not."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from data.vit import autoformer


@pytest.fixture(scope="module")
def pit(more):
    return load_benchmark("pit")


@pytest.fixture(scope="module")
def formers(more):
    return load_benchmark("autoformer")


def agreement(table, one, other):
    return spearmanr(table.mean(one), table.mean(other), nan_policy="omit").statistic


def test_a_layer_needs_heads_and_a_ratio():
    row = {"hidden_dim": "192", "depth": "3", "num_heads": "3 4 4", "mlp_ratio": "3.5 4.0"}
    with pytest.raises(ValueError, match="3 layers, but 3 numbers of heads and 2 ratios"):
        autoformer(row)


def test_rows_and_distinct_networks(pit, formers):
    assert len(pit) == 100 == len({cell.key for cell in pit.cells})
    assert len(formers) == 200 == len({cell.key for cell in formers.cells})
    assert np.isfinite(formers.mean("cifar100_accuracy_base")).sum() == 100
    assert np.isfinite(formers.mean("cifar100_accuracy_kd")).all()


def test_known_accuracies(pit, formers):
    row = pit.ids.index("base_dim=16 depth=2,8,4 num_heads=2,4,4 mlp_ratio=6")
    assert pit.mean("cifar100_accuracy_base")[row] == pytest.approx(68.33)
    assert pit.mean("chaoyang_accuracy_kd")[row] == pytest.approx(83.1697)
    best = int(pit.mean("cifar100_accuracy_base").argmax())
    assert pit.mean("cifar100_accuracy_base")[best] == pytest.approx(76.54)
    assert pit.ids[best] == "base_dim=32 depth=3,6,4 num_heads=8,8,8 mlp_ratio=4"
    assert formers.mean("cifar100_accuracy_kd")[0] == pytest.approx(76.06)
    assert formers.mean("imagenet_supernet_accuracy").max() == pytest.approx(75.51)


def test_wide_transformers_with_many_heads_are_better(pit):
    parameters = [dict(cell.parameters) for cell in pit.cells]
    width = [one["base_width"] * sum(one[f"num_heads.{stage}"] for stage in range(3)) for one in parameters]
    rank = spearmanr(width, pit.mean("cifar100_accuracy_base")).statistic
    assert rank == pytest.approx(0.950, abs=1e-3)


def test_columns_of_pit_agree_and_those_of_autoformer_do_not(pit, formers):
    assert agreement(pit, "cifar100_accuracy_base", "flowers_accuracy_base") == pytest.approx(0.917, abs=1e-3)
    assert agreement(formers, "cifar100_accuracy_base", "cifar100_accuracy_kd") == pytest.approx(-0.385, abs=1e-3)
    assert abs(agreement(formers, "cifar100_accuracy_kd", "chaoyang_accuracy_base")) < 0.1


@pytest.mark.parametrize(
    ("name", "dataset", "rank"), [("depth", "cifar100", 0.846), ("hidden_width", "flowers", 0.799)]
)
def test_size_ranks_two_columns_of_autoformer(formers, name, dataset, rank):
    size = [dict(cell.parameters)[name] for cell in formers.cells]
    found = spearmanr(size, formers.mean(f"{dataset}_accuracy_kd")).statistic
    assert found == pytest.approx(rank, abs=1e-3)


def test_both_are_one_table_with_columns_of_their_own(pit, formers):
    both = load_benchmark("vit")
    assert len(both) == len(pit) + len(formers)
    assert both.ids[len(pit)] == f"autoformer {formers.ids[0]}"
    here = both.mean("pit_cifar100_accuracy_kd")
    np.testing.assert_array_equal(here[: len(pit)], pit.mean("cifar100_accuracy_kd"))
    assert np.isnan(here[len(pit) :]).all()
    np.testing.assert_array_equal(
        both.mean("autoformer_flowers_accuracy_kd")[len(pit) :], formers.mean("flowers_accuracy_kd")
    )
    assert [cell.key for cell in both.cells] == [cell.key for cell in (*pit.cells, *formers.cells)]
