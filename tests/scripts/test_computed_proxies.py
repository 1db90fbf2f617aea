"""Proxies that are computed for leaderboards: once, in a journal; what they cost, and who reads them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from data import FileUnavailable, load_benchmark
from metanp import Cell
from metanp.baselines.proxies import Proxy, ProxyXGBoost
from metanp.baselines.trees import XGBoost
from metanp.proxies import vote
from metanp.proxies.pool import Plan, journal_path
from scripts import computed_proxies, proxy_gain
from scripts.computed_proxies import Computing, batch_of, computed, drawn
from scripts.leaderboard import leaderboard
from scripts.leaderboards.entrants import read_catalogue, taking_part
from scripts.leaderboards.protocols import ProtocolConfig, settings
from scripts.leaderboards.reading import Reading, read_by
from scripts.results.rows import read_rows
from tests.conftest import ROOT

SHOWN = "cifar10_validation_accuracy_200"
HOW = Computing(["params", "snip", "synflow", "jacov", "vote"], "small", True, "digits", 16, cells=24, workers=1)
PROTOCOL = ProtocolConfig(
    "small", benchmark="nasbench201", budgets=[0, 8], columns={SHOWN: [SHOWN]}, computing=HOW, features=HOW.proxies
)


@pytest.fixture(autouse=True)
def journals(tmp_path, monkeypatch):
    """A folder of this test; the cache, which has the tables too, stays where it is."""
    monkeypatch.setattr(computed_proxies, "journal_path", lambda *of: tmp_path / "journals" / journal_path(*of).name)
    return tmp_path / "journals"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """For processes of their own."""
    monkeypatch.setenv("METANP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(computed_proxies, "journal_path", journal_path)


@pytest.fixture(scope="module")
def cells():
    return load_benchmark("nasbench201").cells[[5, 700, 9000, 15000]].to_cells()


def test_values_are_those_of_the_library_and_seconds_are_kept_with_them(cells, journals):
    found = computed(cells, HOW)
    batch, classes = batch_of(HOW)
    plan = Plan("small", classes, ("params", "snip", "synflow", "jacov"), prune=True)
    again = [plan.measure(cell, batch) for cell in cells]
    assert found.values["snip"].tolist() == [one.values["snip"] for one in again]
    assert found.values["vote"].tolist() == vote(found.values).tolist()
    assert (found.seconds["params"] > 0).all()
    assert (found.together < sum(found.seconds[name] for name in ("params", "snip", "synflow", "jacov"))).all()
    assert list(found.values) == HOW.proxies
    (journal,) = journals.glob("*.jsonl")
    assert json.loads(journal.read_text().splitlines()[0])["together"] > 0


def test_nothing_is_measured_twice(cells, monkeypatch):
    first = computed(cells[:2], HOW)
    measured: list[object] = []
    monkeypatch.setattr(Plan, "measure", lambda self, cell, batch: measured.append(cell) or real(self, cell, batch))
    second = computed(cells, HOW)
    assert measured == cells[2:]
    assert second.values["snip"][:2].tolist() == first.values["snip"].tolist()
    assert second.together[:2].tolist() == pytest.approx(first.together.tolist(), abs=1e-5)


real = Plan.measure


def test_images_are_the_first_ones_to_learn_from(cells):
    few, _ = batch_of(replace(HOW, train=40))
    other, _ = batch_of(replace(HOW, train=40, seed=1))
    assert few.images.shape == (32, 1, 16, 16)
    assert len({tuple(image.flatten().tolist()) for image in (*few.images, *other.images)}) <= 40
    with pytest.raises(ValueError, match="a batch of 32 of 20 images"):
        computed(cells, replace(HOW, train=20))


def test_fewer_cells_are_some_of_those_that_more_would_be():
    more, fewer = drawn(100, replace(HOW, cells=60)), drawn(100, replace(HOW, cells=20))
    assert set(fewer) < set(more)
    assert sorted(more) == list(more)
    assert len(drawn(100, replace(HOW, cells=0))) == 100


def test_a_proxy_that_fails_for_some_is_missing_there_and_one_that_always_does_is_refused(cells, capsys, monkeypatch):
    monkeypatch.setattr(computed_proxies, "FIRST", True)
    dead = Cell.from_nasbench201("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    found = computed([*cells, dead], replace(HOW, proxies=["params", "synflow"]))
    assert np.isnan(found.values["synflow"]).tolist()[-1]
    assert np.isfinite(found.values["params"]).all()
    said = capsys.readouterr().err
    assert "synflow failed for 1 of 5 cells, first cell 4: 0 gets through the network" in said
    with pytest.raises(ValueError, match=r"synflow failed for 1 of 1 cells.*; leave it out of the proxies"):
        computed([dead], replace(HOW, proxies=["synflow"]))


BAD = {
    "no skeleton 'smal' to compute proxies of; nearest: small": {"skeleton": "smal"},
    "unknown proxy 'synflo'; nearest: synflow": {"proxies": ["synflo"]},
    "no images 'digit'; nearest: digits": {"images": "digit"},
}


@pytest.mark.parametrize("said", BAD)
def test_what_was_mistyped_is_named(cells, said):
    with pytest.raises(ValueError, match=said):
        computed(cells, replace(HOW, **BAD[said]))


def test_a_space_without_networks_is_refused_with_the_cell_and_the_operation(mirror):
    of_graphs = load_benchmark("nasbench_graph").cells[:3]
    with pytest.raises(ValueError, match=r"no proxies without networks: cell 0: the operation .* has no module here"):
        computed(of_graphs, HOW)


def test_images_that_are_not_at_hand_are_a_line_with_the_remedy(cells, monkeypatch):
    monkeypatch.delenv("METANP_MIRROR", raising=False)
    with pytest.raises(FileUnavailable, match=r"cifar10_jpeg.*download=True"):
        computed(cells, replace(HOW, images="cifar10_jpeg"))


# --- leaderboards ---


def test_a_protocol_has_what_is_computed_beside_what_the_table_has(mirror):
    features = ["vote", "snip", "cifar10_params"]
    _, setting = next(settings(replace(PROTOCOL, features=features)))
    assert set(setting.features) == set(features)
    assert len(setting.cells) == 24
    assert setting.cost(["snip"]) == pytest.approx(setting.seconds["snip"])
    assert setting.cost(["cifar10_params"]) == 0
    assert setting.cost(HOW.proxies) == setting.together
    with pytest.raises(
        ValueError, match=r"no side feature \['zen'\], and small computes params, snip, synflow, jacov, vote alone"
    ):
        next(settings(replace(PROTOCOL, features=["zen"])))


def test_predictors_read_what_they_are_charged_for():
    names = ["cifar10_snip", "vote"]
    assert read_by(Proxy("snip"), names) == ["cifar10_snip"]
    assert read_by(Proxy("zen"), names) == []
    assert read_by(ProxyXGBoost(), names) == names
    assert read_by(Reading(XGBoost(), ["vote"]), names) == ("vote",)


def test_what_is_withheld_changes_nothing(cells):
    features = {"a": np.arange(4.0), "b": np.array([3.0, 1.0, 2.0, 0.0])}
    score = np.array([1.0, 2.0, 3.0, 4.0])

    def predicted(model, features):
        return model.fit(cells, score, features).predict(model.encode(cells, features)).tolist()

    assert predicted(Reading(XGBoost(), ["a"]), features) == predicted(XGBoost(), {"a": features["a"]})
    assert predicted(Reading(XGBoost(), []), features) == predicted(XGBoost(), None)
    assert Reading(XGBoost(), []).fewest_labels == XGBoost().fewest_labels


def test_proxies_that_a_protocol_has_not_take_no_part():
    entries = {name: read_catalogue()[name] for name in ("snip", "zen", "vote", "proxies_xgboost")}
    assert list(taking_part(entries, "label-free", PROTOCOL, [])) == ["snip", "vote", "proxies_xgboost"]
    with pytest.raises(ValueError, match="zen is the side feature 'zen', which protocol small has not"):
        taking_part(entries, "label-free", PROTOCOL, ["zen"])


def composed(name: str, *overrides: str):
    made = [f"protocol.computing.{name}={value}" for name, value in vars(HOW).items() if name != "proxies"]
    proxies = f"[{','.join(HOW.proxies)}]"
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        options = ["protocol=nb201_computed", f"protocol.computing.proxies={proxies}", f"protocol.features={proxies}"]
        return OmegaConf.to_object(compose(name, [*options, *made, "jobs=1", *overrides]))


def test_a_leaderboard_counts_the_seconds_of_what_is_computed(tmp_path, cache, mirror):
    leaderboard(
        composed("leaderboard", "predictors=[snip,params,xgboost]", "sets=2", "budgets=[0,8]", f"output={tmp_path}")
    )
    _, setting = next(settings(PROTOCOL))
    encode = {}
    for name in ("snip", "params", "xgboost"):
        lines = (tmp_path / "rows" / SHOWN / f"{name}.jsonl").read_text().splitlines()
        encode[name] = [json.loads(line)["seconds_encode"] for line in lines]
    assert min(encode["snip"]) > setting.seconds["snip"] > setting.seconds["params"]
    assert setting.seconds["params"] < max(encode["params"]) < setting.seconds["snip"]
    assert min(encode["xgboost"]) > setting.together


def test_the_gain_of_a_proxy_is_held_against_cells_alone(tmp_path, cache, mirror):
    proxy_gain.proxy_gain(composed("proxy_gain", "sets=2", "budgets=[0,8]", f"output={tmp_path}"))
    table = {row["reads"]: row for row in read_rows(tmp_path / "gain.csv", ["reads"])}
    assert list(table) == ["cells alone", *HOW.proxies, "all", "proxies_xgboost"]
    for name in HOW.proxies:
        assert table[name]["gain_0"] == 0  # without a label a side feature has no scale
        assert table[name]["gain_8"] == pytest.approx(table[name]["tau_8"] - table["cells alone"]["tau_8"])
    assert table["params"]["alone"] > 0
    assert (
        table["all"]["seconds"]
        > table["snip"]["seconds"]
        > table["params"]["seconds"]
        > table["cells alone"]["seconds"]
        == 0
    )
    assert "| snip |" in (tmp_path / "gain.md").read_text()
    with pytest.raises(ValueError, match="30 labels of cifar10_validation_accuracy_200; it has 24 cells"):
        proxy_gain.proxy_gain(composed("proxy_gain", "sets=2", "budgets=[30]", f"output={tmp_path}"))
    with pytest.raises(ValueError, match="no protocol of one column with proxies"):
        proxy_gain.proxy_gain(composed("proxy_gain", "protocol.computing.proxies=[]", "protocol.features=[]"))
