"""NAS-Bench-Suite-Zero's trainings: the order of digits, known accuracies, what they agree with."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark

SVHN, NINAPRO, SCIFAR = (f"{name}_validation_accuracy" for name in ("svhn", "ninapro", "scifar100"))
SHAPE = {"suite_zero_nb201": (199, 164), "suite_zero_nb301": (199, 199), "suite_zero_transnas": (192, 132)}
BEST = {
    "suite_zero_nb201": (96.7502, 93.1715, 36.51),
    "suite_zero_nb301": (97.5069, 93.9302, 52.60),
    "suite_zero_transnas": (96.4659, 94.0819, 37.53),
}


@pytest.fixture(scope="module", params=SHAPE)
def table(more, request):
    return load_benchmark(request.param)


def same_cells(name, other, metric):
    """SVHN's accuracies of a table, and a metric of another one of the same cells."""
    ours, theirs = load_benchmark(name), load_benchmark(other)
    row = {text: i for i, text in enumerate(theirs.ids)}
    return ours, theirs.mean(metric)[[row[text] for text in ours.ids]]


def test_rows_distinct_cells_and_the_best_of_each_data_set(table):
    assert (len(table), len({cell.key for cell in table.cells})) == SHAPE[table.name]
    best = [table.mean(metric).max() for metric in (SVHN, NINAPRO, SCIFAR)]
    assert best == pytest.approx(BEST[table.name], abs=1e-4)
    assert len(table.features) == 3 * 13


def test_known_accuracies(more):
    table = load_benchmark("suite_zero_nb201")
    row = table.ids.index(  # NASLib's (3, 3, 3, 0, 1, 4), the first line of the file
        "|nor_conv_1x1~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|"
    )
    assert table.mean(NINAPRO)[row] == pytest.approx(89.2261)
    assert table.features["ninapro_synflow"][row] == pytest.approx(48.1048)


@pytest.mark.parametrize("name", ["suite_zero_nb201", "suite_zero_transnas"])
def test_the_cells_without_a_path_are_those_at_chance(more, name):
    table = load_benchmark(name)
    dead = np.array([not cell.is_live for cell in table.cells])
    assert dead.sum() == 2
    for metric, chance in ((SVHN, 19.5874), (NINAPRO, 64.7951), (SCIFAR, 1.0)):
        assert table.mean(metric)[dead] == pytest.approx([chance, chance], abs=1e-3)
    assert (table.mean(SCIFAR) < 2).sum() == 2


def test_svhn_ranks_the_cells_of_nasbench201_as_cifar10_does(more):
    table, cifar = same_cells("suite_zero_nb201", "nasbench201", "cifar10_validation_accuracy_200")
    assert spearmanr(table.mean(SVHN), cifar).statistic == pytest.approx(0.895, abs=1e-3)
    _, parameters = same_cells("suite_zero_nb201", "nasbench201", "cifar10_validation_accuracy_200")
    assert abs(spearmanr(table.mean(SCIFAR), parameters).statistic) < 0.25  # noise


def test_svhn_ranks_the_cells_of_transnas_as_scenes_do(more):
    """With another order of edges or digits it is .22."""
    table, scenes = same_cells("suite_zero_transnas", "transnas", "class_scene_validation")
    assert spearmanr(table.mean(SVHN), scenes).statistic == pytest.approx(0.740, abs=1e-3)


def test_larger_genotypes_are_better_on_svhn(more):
    table = load_benchmark("suite_zero_nb301")
    rank = spearmanr(table.features["svhn_parameters"], table.mean(SVHN)).statistic
    assert rank == pytest.approx(0.702, abs=1e-3)


def test_the_three_spaces_are_one_table(more):
    whole = load_benchmark("suite_zero")
    parts = [load_benchmark(name) for name in SHAPE]
    assert len(whole) == sum(map(len, parts))
    for name, part in zip(SHAPE, parts, strict=True):
        column = whole.mean(f"{name.removeprefix('suite_zero_')}_svhn_validation_accuracy")
        np.testing.assert_array_equal(column[np.isfinite(column)], part.mean("svhn_validation_accuracy"))
    assert np.isfinite(whole.features["transnas_svhn_synflow"]).sum() == len(parts[-1])
