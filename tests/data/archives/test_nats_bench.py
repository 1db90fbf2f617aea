"""The NATS-Bench folder as a table, with the package `nats_bench` reading the same folder as the oracle."""

import hashlib
import os
import pickle
import shutil

import numpy as np
import pytest

from data.archives import ArchiveError, convert
from data.archives.nats_bench import META
from data.unpickle import ForbiddenGlobal
from metanp.spaces.nasbench201 import parse
from tests.archive_writers import SETS, architectures, nasbench201_strings, write_nats_bench, write_pbz2

N = 12
NAME = "NATS-tss-v1_0-3ffb9-simple"
# How our metrics are called, by what was trained on, and what `get_more_info` calls them.
MORE_INFO = {
    "cifar10-valid": {"valid": "cifar10_validation", "test": "cifar10-valid_test", "train": "cifar10-valid_train"},
    "cifar10": {"test": "cifar10_test", "train": "cifar10_train"},
    "cifar100": {
        "valid": "cifar100_validation",
        "test": "cifar100_test",
        "valtest": "cifar100_validation+test",
        "train": "cifar100_train",
    },
    "ImageNet16-120": {
        "valid": "imagenet16-120_validation",
        "test": "imagenet16-120_test",
        "valtest": "imagenet16-120_validation+test",
        "train": "imagenet16-120_train",
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive") / NAME
    write_nats_bench(folder, N)
    return folder


@pytest.fixture(scope="module")
def table(folder):
    return convert(folder)


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / NAME)


@pytest.mark.parametrize("epochs", ["12", "200"])
@pytest.mark.parametrize("dataset", MORE_INFO)
def test_every_accuracy_loss_and_time_is_the_one_that_nats_bench_gives(folder, table, dataset, epochs):
    api = pytest.importorskip("nats_bench").create(str(folder), "tss", fast_mode=True, verbose=False)
    compared = 0
    for row in range(N):
        for seed in api.query_meta_info_by_index(row, hp=epochs).get_dataset_seeds(dataset):
            info = api.get_more_info(row, dataset, hp=epochs, is_random=seed)
            for theirs, ours in MORE_INFO[dataset].items():
                for quantity in ("accuracy", "loss"):
                    value = run_of(table, f"{ours}_{quantity}_{epochs}", row, seed, epochs)
                    assert value == info[f"{theirs}-{quantity}"], (row, seed, ours)
                    compared += 1
            time = run_of(table, f"{MORE_INFO[dataset]['train']}_time_{epochs}", row, seed, epochs)
            assert time == pytest.approx(info["train-all-time"], rel=1e-12)
    assert compared >= N * 2 * len(MORE_INFO[dataset])


def run_of(table, metric: str, row: int, seed: int, epochs: str) -> float:
    """The run of one seed: runs stand in the order of the seeds that the metric has anywhere."""
    seeds = (
        [777, 888, 999] if epochs == "200" else [111, 777] if "cifar10-valid" in table.metrics[metric].column else [777]
    )
    return table.values(metric)[row, seeds.index(seed)]


@pytest.mark.parametrize("dataset", SETS)
def test_costs_and_latency_are_those_that_nats_bench_gives(folder, table, dataset):
    api = pytest.importorskip("nats_bench").create(str(folder), "tss", fast_mode=True, verbose=False)
    for row in range(N):
        info = api.get_cost_info(row, dataset, hp="200")
        name = dataset.lower()
        assert table.features[f"{name}_parameters"][row] == pytest.approx(info["params"], rel=1e-12)
        assert table.features[f"{name}_flops"][row] == pytest.approx(info["flops"], rel=1e-12)
        assert table.mean(f"{name}_latency")[row] == pytest.approx(info["latency"], rel=1e-12)


def test_the_best_cell_and_the_mean_over_runs_are_those_of_nats_bench(folder, table):
    api = pytest.importorskip("nats_bench").create(str(folder), "tss", fast_mode=True, verbose=False)
    for dataset, split, ours in (("cifar10", "valid", "validation"), ("cifar100", "test", "test")):
        best, accuracy = api.find_best(dataset, split, hp="200")
        mean = table.mean(f"{dataset}_{ours}_accuracy_200")
        assert mean.argmax() == best
        assert mean.max() == pytest.approx(accuracy, rel=1e-12)


def test_rows_are_architecture_indices_and_a_run_that_is_missing_is_nan(table):
    assert table.ids == nasbench201_strings(N)
    assert table.cells.to_cells() == [parse(text) for text in table.ids]
    runs = table.values("cifar10_test_accuracy_200")
    assert runs.shape == (N, 3)
    assert np.isfinite(runs[:, 0]).all()
    assert np.isnan(runs[:, 2]).any()
    assert table.values("cifar10_test_accuracy_12").shape == (N, 1)


def test_classes_join_cells_that_compute_the_same(tmp_path):
    same = [
        "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
        "|skip_connect~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
    ]
    texts = [*same, "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"]
    write_nats_bench(tmp_path / NAME, 3, alike=True)
    write_pbz2(tmp_path / NAME / META, {"meta_archs": texts, "total_archs": 3})
    for i, (short, long) in enumerate(architectures(3, 0, alike=True)):
        states = {"12": short | {"arch_str": texts[i]}, "200": long | {"arch_str": texts[i]}}
        write_pbz2(tmp_path / NAME / f"{i:06d}.pickle.pbz2", states)
    np.testing.assert_array_equal(convert(tmp_path / NAME).classes, [0, 0, 1])


def one(tmp_path, change):
    """The table of one architecture whose states after the long schedule were changed."""
    write_nats_bench(tmp_path / NAME, 1)
    short, long = next(architectures(1, 0))
    for state in long["all_results"].values():
        change(state)
    write_pbz2(tmp_path / NAME / "000000.pickle.pbz2", {"12": short, "200": long})
    return convert(tmp_path / NAME)


def test_where_seeds_disagree_about_parameters_the_seed_888_is_trusted_as_the_official_api_does(tmp_path):
    table = one(tmp_path, lambda state: state.update(params=float(state["seed"])))
    seeds = next(architectures(1, 0))[1]["dataset_seed"]
    for dataset, each in seeds.items():
        expected = 888.0 if 888 in each else float(each[0]) if len(each) == 1 else np.nan
        np.testing.assert_equal(table.features[f"{dataset.lower()}_parameters"][0], expected)


def test_a_loss_that_diverged_and_a_latency_that_was_not_measured_are_nan_or_absent(tmp_path):
    def change(state):
        state["eval_losses"] = dict.fromkeys(state["eval_losses"], np.inf)
        state["latency"] = [-1.0]

    table = one(tmp_path, change)
    assert np.isnan(table.values("cifar10_test_loss_200")).all()
    assert np.isfinite(table.values("cifar10_test_loss_12")).all()
    assert "cifar10_latency" not in table.metrics


def test_the_sources_are_the_folder_and_the_sha256_of_its_files(folder, table):
    digest = hashlib.sha256()
    for file in (folder / META, *(folder / f"{i:06d}.pickle.pbz2" for i in range(N))):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    assert {(m.source, m.sha256) for m in table.metrics.values()} == {(NAME, digest.hexdigest())}


def test_files_without_leading_zeros_are_found_as_the_official_api_finds_them(copy, table):
    (copy / "000003.pickle.pbz2").rename(copy / "3.pickle.pbz2")
    np.testing.assert_array_equal(convert(copy).values("cifar10_latency"), table.values("cifar10_latency"))


def test_a_folder_cut_in_half_names_the_first_file_that_is_absent(copy):
    for i in range(N // 2, N):
        (copy / f"{i:06d}.pickle.pbz2").unlink()
    with pytest.raises(ArchiveError, match=rf"000006\.pickle\.pbz2 is absent; expected {N} such files; unpack"):
        convert(copy)


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("name", [META, "000007.pickle.pbz2"])
def test_a_file_cut_in_half_is_named(copy, name, keep):
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(ArchiveError, match=rf"{name}: .*expected a whole bz2-compressed pickle"):
        convert(copy)


def test_a_folder_without_its_list_of_cells_is_refused(copy):
    (copy / META).unlink()
    with pytest.raises(ArchiveError, match=r"a folder without meta\.pickle\.pbz2"):
        convert(copy)


class Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("name", [META, "000007.pickle.pbz2"])
def test_a_planted_command_is_named_and_not_run(copy, tmp_path, name):
    plant = Evil(f"touch {tmp_path / 'witness'}")
    write_pbz2(copy / name, {"meta_archs": plant, "12": plant})
    with pytest.raises(ForbiddenGlobal, match=rf"{name}: the pickle asks for posix\.system.*nothing was run"):
        convert(copy)
    assert not (tmp_path / "witness").exists()
    pickle.loads(pickle.dumps(plant))  # the plain unpickler does run it: the plant is live
    assert (tmp_path / "witness").exists()


def swapped(copy):
    (copy / "000001.pickle.pbz2").write_bytes((copy / "000002.pickle.pbz2").read_bytes())


def of_another_set(copy):
    short, long = next(architectures(1, 0))
    long["all_results"]["cifar10", 777]["eval_names"] = ["y-test"]
    long["all_results"]["cifar10", 777]["eval_acc1es"] = {"y-test@199": 1.0}
    long["all_results"]["cifar10", 777]["eval_losses"] = {"y-test@199": 1.0}
    write_pbz2(copy / "000000.pickle.pbz2", {"12": short, "200": long})


def without_a_curve(copy):
    short, long = next(architectures(1, 0))
    del long["all_results"]["cifar10", 777]["train_losses"]
    write_pbz2(copy / "000000.pickle.pbz2", {"12": short, "200": long})


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (swapped, r"000001.*not the results of architecture 1, .*it is of architecture 2"),
        (of_another_set, r"000000.*cifar10 was evaluated on 'y-test'; known: train, x-valid"),
        (without_a_curve, r"000000.*KeyError: 'train_losses'"),
        (lambda copy: write_pbz2(copy / "000004.pickle.pbz2", [1, 2]), "000004.*AttributeError"),
        (lambda copy: write_pbz2(copy / META, {"archs": []}), "no list 'meta_archs' of strings"),
    ],
)
def test_contents_of_another_kind_are_named(copy, spoil, complaint):
    spoil(copy)
    with pytest.raises(ArchiveError, match=complaint):
        convert(copy)


def test_the_size_space_is_refused_by_name(copy):
    write_pbz2(copy / META, {"meta_archs": ["8:8:8:8:8"], "total_archs": 1})
    states = [state | {"arch_str": "8:8:8:8:8"} for state in next(architectures(1, 0))]
    write_pbz2(copy / "000000.pickle.pbz2", {"12": states[0], "90": states[1]})
    with pytest.raises(ArchiveError, match=r"the size space .sss. does not convert"):
        convert(copy)
