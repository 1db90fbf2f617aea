"""NAS-Bench-101's TFRecord as a table: every number that was written, and every way in which a file can be wrong."""

import base64
import hashlib
import json

import numpy as np
import pytest

from data.archives import ArchiveError, convert
from data.archives.tfrecord import records
from metanp.spaces.nasbench101 import graph_hash
from tests.archive_writers import evaluation_data, model_metrics, tfrecord, write_nasbench101


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """(path, what was written, table) of 30 cells with four budgets."""
    path = tmp_path_factory.mktemp("archive") / "nasbench_full.tfrecord"
    truth = write_nasbench101(path, 30, budgets=(4, 12, 36, 108))
    return path, truth, convert(path)


def test_every_number_of_every_repeat_is_what_was_written(archive):
    _, truth, table = archive
    assert len(truth) == 30 * 4
    for (md5, epochs), repeats in truth.items():
        row = table.ids.index(md5)
        for run, (_, half, final) in enumerate(repeats):
            for prefix, written in (("halfway_", half), ("", final)):
                _, time, train, validation, test = written
                assert table.values(f"cifar10_train_{prefix}time_{epochs}")[row, run] == time
                for split, fraction in (("train", train), ("validation", validation), ("test", test)):
                    percent = table.values(f"cifar10_{split}_{prefix}accuracy_{epochs}")[row, run]
                    assert percent == pytest.approx(100 * fraction, abs=1e-12)
        assert table.features["cifar10_parameters"][row] == (1_000_000 + int(md5[:4], 16)) / 1e6


def test_rows_follow_the_md5_and_each_cell_is_the_one_that_its_md5_names(archive):
    _, truth, table = archive
    assert table.ids == sorted({md5 for md5, _ in truth})
    assert [graph_hash(cell) for cell in table.cells.to_cells()] == table.ids


def test_columns_say_what_they_are_and_which_file_they_come_from(archive):
    path, _, table = archive
    metric = table.metrics["cifar10_validation_accuracy_108"]
    assert (metric.dataset, metric.quantity, metric.split, metric.epochs) == ("cifar10", "accuracy", "validation", 108)
    assert (metric.unit, metric.maximize, metric.column) == ("percent", True, "final_validation_accuracy")
    assert (metric.source, metric.sha256) == (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    half = table.metrics["cifar10_validation_halfway_accuracy_108"]
    assert (half.quantity, half.column) == ("halfway_accuracy", "halfway_validation_accuracy")
    time = table.metrics["cifar10_train_time_36"]
    assert (time.unit, time.maximize, time.quantity) == ("s", False, "time")
    assert table.space == "nasbench101"


def test_the_smaller_archive_has_108_epochs_only(tmp_path):
    path = tmp_path / "nasbench_only108.tfrecord"
    write_nasbench101(path, 5)
    table = convert(path)
    assert {metric.epochs for metric in table.metrics.values()} == {108}
    assert table.values("cifar10_test_accuracy_108").shape == (5, 3)


def test_progress_ends_at_the_size_of_the_file(archive):
    path, _, _ = archive
    seen: list[tuple[int, int]] = []
    convert(path, lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (path.stat().st_size,) * 2


def test_an_archive_cut_in_half_is_refused(archive, tmp_path):
    whole = archive[0].read_bytes()
    cut = tmp_path / "nasbench_full.tfrecord"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(
        ArchiveError, match=r"nasbench_full\.tfrecord: the file ends within record \d+.*download it again"
    ):
        convert(cut)


def test_a_cut_between_two_records_is_refused_for_the_trainings_that_are_missing(archive, tmp_path):
    with open(archive[0], "rb") as file:
        all_but_one = list(records(file, archive[0]))[:-1]
    cut = tmp_path / "nasbench_full.tfrecord"
    cut.write_bytes(b"".join(map(tfrecord, all_but_one)))
    with pytest.raises(ArchiveError, match=r"[0-9a-f]{32} has 2 trainings of \d+ epochs, another cell has 3"):
        convert(cut)


def test_a_damaged_byte_is_refused(archive, tmp_path):
    damaged = bytearray(archive[0].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path = tmp_path / "nasbench_full.tfrecord"
    path.write_bytes(damaged)
    with pytest.raises(ArchiveError, match="wrong checksum"):
        convert(path)


def record(**changes) -> bytes:
    metrics = model_metrics([evaluation_data(e, 1.0, 0.5, 0.5, 0.5) for e in range(3)], 10, 1.0)
    good = {"md5": "ab" * 16, "epochs": 108, "matrix": "011001000", "operations": "input,maxpool3x3,output"}
    written = good | {"metrics": base64.b64encode(metrics).decode()} | changes
    return json.dumps(list(written.values())).encode()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"\x0a\x03abc", "foreign"),  # a TFRecord of something else
        (b'{"a": 1}', "expected .md5, epochs, matrix, operations, metrics., found"),
        (b'["ab", 108]', "expected .md5, epochs"),
        (record(md5="cd" * 16, operations="input,conv7x7-bn-relu,output"), "no operation 'conv7x7-bn-relu'"),
        (record(md5="cd" * 16, matrix="0110010"), "foreign"),
        (record(md5="cd" * 16, matrix="000100000"), "only above the diagonal"),
        (record(metrics=base64.b64encode(b"\x0a\x00").decode()), "1 evaluations instead of 3"),
        (record(metrics="&&&"), "foreign"),
    ],
)
def test_a_foreign_record_is_named_with_what_is_wrong(tmp_path, content, complaint):
    path = tmp_path / "some.tfrecord"
    path.write_bytes(tfrecord(record()) + tfrecord(content))
    with pytest.raises(ArchiveError, match=f"record 1 is .*{complaint}"):
        convert(path)


def test_a_real_archive_of_a_relative_is_refused_by_name(mirror):
    with pytest.raises(
        ArchiveError, match=r"energy_4V9E\.tfrecord: record 0 is foreign .EvaluationData has the field 7"
    ):
        convert(next(mirror.rglob("energy_4V9E.tfrecord")))


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "nasbench_only108.tfrecord").touch()
    with pytest.raises(ArchiveError, match="no record"):
        convert(tmp_path / "nasbench_only108.tfrecord")


def test_the_table_survives_its_file(archive, tmp_path):
    table = archive[2]
    table.save(tmp_path / "table.parquet")
    again = type(table).open(tmp_path / "table.parquet")
    assert again.metrics == table.metrics
    for name in table.metrics:
        np.testing.assert_array_equal(again.values(name), table.values(name))
