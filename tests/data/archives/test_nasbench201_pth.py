"""NAS-Bench-201's .pth as a table, with the package `nas-bench-201` reading the same file as the oracle."""

import hashlib
import os
import pickle
from typing import Any

import numpy as np
import pytest
import torch

from data.archives import ArchiveError, convert
from data.unpickle import ForbiddenGlobal
from tests.archive_writers import (
    architectures,
    nasbench201_strings,
    save_pth,
    write_nasbench201_pth,
    write_nats_bench,
)
from tests.data.archives.test_nats_bench import MORE_INFO, run_of

N = 8
NAME = "NAS-Bench-201-v1_1-096897.pth"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same archive in both of torch's containers."""
    folder = tmp_path_factory.mktemp("archive")
    for name, legacy in (("legacy", True), ("zip", False)):
        (folder / name).mkdir()
        write_nasbench201_pth(folder / name / NAME, N, legacy)
    return {name: folder / name / NAME for name in ("legacy", "zip")}


@pytest.fixture(scope="module", params=["legacy", "zip"])
def table(files, request):
    return convert(files[request.param])


@pytest.fixture(scope="module")
def api(files):
    package = pytest.importorskip("nas_201_api")
    numpy_scalars: list[Any] = [type(np.dtype(float)), np.dtype, np.float64(0).__reduce__()[0]]
    with torch.serialization.safe_globals(numpy_scalars):
        return package.NASBench201API(torch.load(files["legacy"], weights_only=True), verbose=False)


@pytest.mark.parametrize("epochs", ["12", "200"])
@pytest.mark.parametrize("dataset", MORE_INFO)
def test_every_number_is_the_one_that_the_official_api_gives(api, table, dataset, epochs):
    for row in range(N):
        for seed in api.query_meta_info_by_index(row, hp=epochs).get_dataset_seeds(dataset):
            info = api.get_more_info(row, dataset, hp=epochs, is_random=seed)
            for theirs, ours in MORE_INFO[dataset].items():
                for quantity in ("accuracy", "loss"):
                    value = run_of(table, f"{ours}_{quantity}_{epochs}", row, seed, epochs)
                    assert value == info[f"{theirs}-{quantity}"], (row, seed, ours)
            time = run_of(table, f"{MORE_INFO[dataset]['train']}_time_{epochs}", row, seed, epochs)
            assert time == pytest.approx(info["train-all-time"], rel=1e-12)
        costs = api.get_cost_info(row, dataset, hp="200")
        assert table.features[f"{dataset.lower()}_parameters"][row] == pytest.approx(costs["params"], rel=1e-12)
        assert table.features[f"{dataset.lower()}_flops"][row] == pytest.approx(costs["flops"], rel=1e-12)
        assert table.mean(f"{dataset.lower()}_latency")[row] == pytest.approx(costs["latency"], rel=1e-12)


def test_the_same_results_as_a_nats_bench_folder_make_the_same_table(table, tmp_path):
    write_nats_bench(tmp_path / "NATS-tss-v1_0-3ffb9-simple", N)
    other = convert(tmp_path / "NATS-tss-v1_0-3ffb9-simple")
    assert table.ids == other.ids
    assert table.metrics.keys() == other.metrics.keys()
    for name in table.metrics:
        np.testing.assert_array_equal(table.values(name), other.values(name))
    np.testing.assert_array_equal(table.classes, other.classes)


def test_rows_are_architecture_indices_though_the_file_has_them_in_another_order(table):
    assert table.ids == nasbench201_strings(N)


def test_the_sources_are_the_file_and_its_sha256(files):
    digest = hashlib.sha256(files["legacy"].read_bytes()).hexdigest()
    assert {(m.source, m.sha256) for m in convert(files["legacy"]).metrics.values()} == {(NAME, digest)}


def test_progress_never_goes_back_and_ends_at_its_total(files):
    for file in files.values():
        seen: list[tuple[int, int]] = []
        convert(file, lambda *report, seen=seen: seen.append(report))
        assert seen == sorted(seen)
        assert seen[-1][0] == seen[-1][1]


@pytest.mark.parametrize("kind", ["legacy", "zip"])
@pytest.mark.parametrize("keep", [0.001, 0.25, 0.5, 0.75])
def test_a_file_cut_short_is_refused(files, tmp_path, kind, keep):
    whole = files[kind].read_bytes()
    cut = tmp_path / NAME
    cut.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(ArchiveError, match=rf"{NAME}: .*as torch\.save wrote it; download it again"):
        convert(cut)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x04N.", bytes(1000)])
def test_a_foreign_file_of_that_name_is_refused(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(ArchiveError, match="neither of torch's containers"):
        convert(tmp_path / NAME)


class Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("legacy", [True, False])
def test_a_planted_command_is_named_and_not_run(tmp_path, legacy):
    plant = Evil(f"touch {tmp_path / 'witness'}")
    torch.save({"arch2infos": {0: plant}}, tmp_path / NAME, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ForbiddenGlobal, match=rf"{NAME}: the pickle asks for posix\.system"):
        convert(tmp_path / NAME)
    assert not (tmp_path / "witness").exists()
    pickle.loads(pickle.dumps(plant))  # the plain unpickler does run it: the plant is live
    assert (tmp_path / "witness").exists()


@pytest.mark.parametrize("legacy", [True, False])
def test_trained_weights_are_refused(tmp_path, legacy):
    torch.save({"full": torch.zeros(3), "less": 0}, tmp_path / NAME, _use_new_zipfile_serialization=not legacy)
    with pytest.raises((ArchiveError, ForbiddenGlobal), match=r"persistent id|torch\._utils"):
        convert(tmp_path / NAME)


def states(n):
    return {i: {"full": long, "less": short} for i, (short, long) in enumerate(architectures(n, 0, epochs=(2, 3)))}


def test_an_architecture_without_results_is_named(tmp_path):
    found = states(3)
    del found[1]
    save_pth(tmp_path / NAME, nasbench201_strings(3), found)
    with pytest.raises(ArchiveError, match="2 of 3 architectures have results; the first without: 1"):
        convert(tmp_path / NAME)


def test_results_of_another_cell_than_the_list_says_are_named(tmp_path):
    save_pth(tmp_path / NAME, list(reversed(nasbench201_strings(2))), states(2))
    with pytest.raises(ArchiveError, match=r"architecture 0 is .* in its results, .* in the list"):
        convert(tmp_path / NAME)


def test_results_of_another_kind_are_refused(tmp_path):
    save_pth(tmp_path / NAME, nasbench201_strings(2), states(1) | {1: "nothing"})
    with pytest.raises(ArchiveError, match="something else than the results"):
        convert(tmp_path / NAME)


def test_one_object_that_stands_for_two_architectures_is_refused(tmp_path):
    found = states(1)
    save_pth(tmp_path / NAME, nasbench201_strings(2), found | {1: found[0]})
    with pytest.raises(ArchiveError, match="something else than the results"):
        convert(tmp_path / NAME)


@pytest.mark.parametrize("index", [-1, 15_625])
def test_an_index_beyond_the_space_is_refused_before_a_row_is_made_for_it(tmp_path, index):
    found = states(1)
    for state in found[0].values():
        state["arch_index"] = index
    save_pth(tmp_path / NAME, nasbench201_strings(1), found)
    with pytest.raises(ArchiveError, match=f"architecture {index} is given twice, as two cells, or beyond the 15625"):
        convert(tmp_path / NAME)


def test_a_cell_of_another_space_is_named_with_the_file(tmp_path):
    found = states(1)
    for state in found[0].values():
        state["arch_str"] = "8:8:8:8:8"
    save_pth(tmp_path / NAME, ["8:8:8:8:8"], found)
    with pytest.raises(ArchiveError, match=rf"{NAME}: .*not a NAS-Bench-201 string: '8:8:8:8:8'"):
        convert(tmp_path / NAME)
