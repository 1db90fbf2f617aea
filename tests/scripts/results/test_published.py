"""Our numbers beside published ones: the right line of the right family, and a reason where they differ much."""

import numpy as np
import pytest

from data.table import Metric, Source, Table
from metanp.spaces import get_space
from scripts.leaderboards.protocols import settings
from scripts.results.published import Compared, compare, read_published
from tests.scripts.test_leaderboard import composed

COMPARED = {"gcn": Compared("Neural Predictor", "it was trained better")}
PUBLISHED = [line for line in read_published("nasbench201") if line["protocol"] == "A"]


def row(labels: int, tau: float, **more: str) -> dict:
    where = {"predictor": "gcn", "shown": "cifar10_validation_accuracy_200", "labels": labels}
    return {**where, "kendall_tau": tau, "kendall_tau_half": 0.01, "sets": 20, **more}


def test_ours_is_compared_with_the_line_of_the_same_method_data_set_and_number_of_labels():
    table = [row(78, 0.5), row(156, 0.42), row(50, 0.4), row(78, 0.4, predictor="nao")]
    found = compare(table, {"gcn": "GCN"}, COMPARED, PUBLISHED, target="")
    assert [(r["labels"], r["published"], r["difference"], r["because"]) for r in found] == [
        (78, 0.343, 0.157, "it was trained better"),
        (156, 0.413, 0.007, ""),
    ]
    assert found[0]["grade"] == "P"
    other = [row(78, 0.5, shown="cifar100_validation_accuracy_200")]
    assert compare(other, {"gcn": "GCN"}, COMPARED, PUBLISHED, target="") == []
    assert compare(other, {"gcn": "GCN"}, COMPARED, PUBLISHED, target="something else") == []


def test_where_targets_differ_rows_have_places_and_no_difference():
    table = [row(78, 0.5), row(78, 0.6, predictor="nao"), row(156, 0.5), row(156, 0.4, predictor="nao")]
    compared = {**COMPARED, "nao": Compared("NAO")}
    found = compare(table, {"gcn": "GCN", "nao": "NAO"}, compared, PUBLISHED, target="something else")
    # NAO is published ahead at both, .467 over .343 and .493 over .413
    assert [(r["labels"], r["predictor"], r["place here"], r["place published"]) for r in found] == [
        (78, "gcn", 2, 2),
        (78, "nao", 1, 1),
        (156, "gcn", 1, 2),
        (156, "nao", 2, 1),
    ]
    assert "difference" not in found[0]
    assert all(isinstance(value, str | int | float) for r in found for value in r.values())


def test_a_protocol_on_a_whole_archive_says_what_is_missing_and_runs_where_it_is_there(tmp_path, monkeypatch):
    cells = get_space("nasbench101").arrays()[:3]  # listed once a machine, which an empty cache would do again
    monkeypatch.setenv("METANP_CACHE", str(tmp_path))
    protocol = composed("protocol=published/pinat_nb101_full").protocol
    with pytest.raises(ValueError, match=r"nasbench_only108.tfrecord.parquet is not there: run `python"):
        next(settings(protocol))
    source = Source("a", "0" * 64, "b")
    columns = [
        (Metric.accuracy("cifar10", part, 108, source), 90 + np.arange(3.0)[:, None]) for part in ("validation", "test")
    ]
    folder = tmp_path / "archives"
    folder.mkdir()
    whole = Table.from_columns("nasbench101", cells, list("abc"), columns, space="nasbench101")
    whole.save(folder / "nasbench_only108.tfrecord.parquet")
    shown, setting = next(settings(protocol))
    assert shown == "cifar10_validation_accuracy_108"
    assert setting.scored["cifar10_test_accuracy_108"].tolist() == [90, 91, 92]
    assert setting.everywhere


def test_every_published_protocol_names_methods_that_were_published_at_its_numbers_of_labels():
    for name in ("pinat", "graf", "pinat_nb101", "pinat_nb101_full"):
        protocol = composed(f"protocol=published/{name}").protocol
        known = {
            (line["method"], int(line["budget"]))
            for line in read_published(protocol.benchmark)
            if line["protocol"] == protocol.family and line["budget"]
        }
        for predictor, other in protocol.compared.items():
            assert predictor in composed().catalogue
            assert {(other.method, budget) for budget in protocol.budgets} <= known


def test_published_numbers_have_a_source_and_a_grade():
    lines = read_published("nasbench201")
    assert len(lines) > 50
    assert all(line["source"] and line["grade"] for line in lines)
