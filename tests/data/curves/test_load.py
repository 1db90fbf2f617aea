"""All tables of curves: names, marks of surrogates, and what is said of what is absent."""

import numpy as np
import pytest

from data import FileUnavailable
from data.curves import CURVES, CurveTable, load_curves
from data.fetch import manifest
from tests.made_up_curves import rising


def test_every_table_names_files_of_the_manifest():
    assert {"metaqnn_cifar10", "nasbench_nlp", "nasbench301_surrogate", "nats_tss_cifar10"} <= set(CURVES)
    for source in CURVES.values():
        assert set(source.needed) <= set(manifest())


def test_a_surrogate_carries_a_mark_into_tables():
    curves = rising(2)
    tables = [CurveTable("x", "cifar10", ("0", "1"), curves, (), surrogate=drawn) for drawn in (False, True)]
    assert [table.title for table in tables] == ["x", "x (surrogate)"]
    assert "x (surrogate)" in repr(tables[1])
    assert all("surrogate" in name for name in CURVES if "nasbench301" in name or "lcbench" in name)


def test_ids_are_unique_and_as_many_as_curves():
    with pytest.raises(ValueError, match="x: 1 ids, 0 architectures, 2 curves"):
        CurveTable("x", "cifar10", ("0", "0"), rising(2), ())


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="nearest: metaqnn_cifar10"):
        load_curves("metaqnn_cifar_10")


def test_without_its_file_a_table_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.delenv("METANP_MIRROR", raising=False)
    monkeypatch.setenv("METANP_CACHE", str(tmp_path))
    with pytest.raises(FileUnavailable, match=r"lstm_ptb cannot be read without lstm_ptb.csv: .*download=True"):
        load_curves("lstm_ptb")
    with pytest.raises(FileUnavailable, match=r"expected in more/curves/ beside the folder METANP_MIRROR"):
        load_curves("taskset_32_gru128_bs128")


@pytest.mark.parametrize("name", ["metaqnn_svhn", "resnet_cifar10", "alexnet_imagenet"])
def test_accuracies_are_percent_and_rise(mirror, name):
    curves = load_curves(name).curves
    assert curves.main.unit == "percent"
    assert not curves.failed.any()
    start, end = np.median(curves.values[:, 0, 0]), np.median(curves.ends())
    assert 0 <= start < end <= 100
