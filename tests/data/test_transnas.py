"""TransNAS-Bench-101 micro: seven tasks, digits in the benchmark's own order, against a derived table."""

import gzip
from csv import DictReader

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from data.transnas import TASKS

BEST = {
    "class_scene": 54.9363,
    "class_object": 45.5862,
    "jigsaw": 95.3722,
    "room_layout": -0.601,
    "segmentsemantic": 94.6125,
    "normal": 0.5873,
    "autoencoder": 0.5772,
}
ALL_CONV3X3 = [53.6724, 42.1377, 85.9076, 94.4976, -0.7344, 0.552, 0.4599]


@pytest.fixture(scope="module")
def table(mirror):
    return load_benchmark("transnas")


@pytest.mark.parametrize("task", TASKS)
def test_every_cell_has_every_task_and_the_best_is_known(table, task):
    score = table.mean(f"{task}_validation")
    assert len(score) == 4_096
    assert np.isfinite(score).all()
    assert score.max() == pytest.approx(BEST[task], abs=1e-4)
    assert table.metrics[f"{task}_validation"].maximize


def test_the_cell_of_six_convolutions(table):
    row = table.ids.index("64-41414-3_33_333")
    assert [table.mean(f"{task}_validation")[row] for task in TASKS] == pytest.approx(ALL_CONV3X3, abs=1e-4)


def test_cells_without_a_path_all_score_the_same(table):
    dead = [i for i, text in enumerate(table.ids) if text.endswith("_000")]
    assert len(dead) == 64
    assert table.mean("class_scene_validation")[dead] == pytest.approx(7.4841, abs=5e-5)
    assert not any(cell.is_live for cell in table.cells[dead].to_cells())


def test_all_values_are_those_of_the_derived_table(table, mirror):
    path = mirror.parent / "derived" / "transnas_micro.csv.gz"
    if not path.is_file():
        pytest.skip(f"no derived table {path}")
    with gzip.open(path, "rt", newline="") as file:
        rows = {row["arch"]: row for row in DictReader(file)}
    for task in TASKS:
        theirs, zen = ([float(rows[text][name]) for text in table.ids] for name in (task, f"zen_{task}"))
        np.testing.assert_allclose(table.mean(f"{task}_validation"), theirs, atol=1e-9)
        computable = np.where(np.array(zen) > -1e8, zen, np.nan)
        np.testing.assert_allclose(table.features[f"{task}_zen"], computable, rtol=1e-6)


def test_zen_ranks_classification(table):
    zen = np.nan_to_num(table.features["class_object_zen"], nan=-1e8)  # as the file writes what cannot be computed
    rank = spearmanr(table.mean("class_object_validation"), zen).statistic
    assert rank == pytest.approx(0.5349, abs=1e-4)
