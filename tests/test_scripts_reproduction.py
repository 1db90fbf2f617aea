"""Ours beside what was published: the right line of the right family, and a reason where they are far apart."""

from scripts.protocols import Compared, ProtocolConfig
from scripts.report.published import read_published
from scripts.reproduction import compare
from tests.test_scripts_leaderboard import composed

PROTOCOL = ProtocolConfig(
    benchmark="nasbench201", family="A", compared={"gcn": Compared("Neural Predictor", "it was trained better")}
)


def row(labels: int, tau: float, **more: str) -> dict:
    where = {"predictor": "gcn", "shown": "cifar10_validation_accuracy_200", "labels": labels}
    return {**where, "kendall_tau": tau, "kendall_tau_half": 0.01, **more}


def test_ours_is_held_against_the_line_of_the_same_method_data_set_and_number_of_labels():
    found = compare(
        PROTOCOL, [row(78, 0.5), row(156, 0.42), row(50, 0.4), row(78, 0.4, predictor="nao")], {"gcn": "GCN"}
    )
    assert [(r["labels"], r["published"], r["difference"], r["because"]) for r in found] == [
        (78, 0.343, 0.157, "it was trained better"),
        (156, 0.413, 0.007, ""),
    ]
    assert found[0]["grade"] == "P"
    assert not compare(PROTOCOL, [row(78, 0.5, shown="cifar100_validation_accuracy_200")], {"gcn": "GCN"})


def test_every_published_protocol_names_methods_that_were_published_at_its_numbers_of_labels():
    for name in ("published/pinat", "published/graf"):
        protocol = composed(f"protocol={name}").protocol
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
