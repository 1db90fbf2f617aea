"""Trainings of supernets as a command: lines, regimes, going on to the same bits, and what is refused."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from metanp.networks.prefix import SharedPrefix
from metanp.networks.supernet import Supernet
from metanp.spaces import SPACES, GraphSpace
from metanp.spaces.subgraphs import EDGES
from scripts.trainings import supernets
from scripts.trainings.prepared import Images, prepare
from scripts.trainings.supernets import Settings, Source, supernet_of, train
from tests.conftest import ROOT

QUICK = {"data": "digits", "side": 8, "train": 80, "validation": 40, "epochs": 2, "batch_size": 40, "flip": False}
EIGHT = GraphSpace("eight", {"pool": "maxpool3x3", "conv": "sepconv3x3"}, EDGES)
BLOCKS = '[[{"kind": "conv", "channels": 4}, {"kind": "mbconv", "channels": 4, "expansion": 2}]]'


def settings(tmp_path, **more) -> Settings:
    return Settings(**{**QUICK, "output": str(tmp_path), **more})


def without_seconds(rows: list[dict]) -> list[dict]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_a_line_an_epoch_and_where_the_supernet_is_kept(tmp_path):
    quick = [f"{name}={str(value).lower()}" for name, value in QUICK.items()]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.train_supernet", *quick, f"output={tmp_path}"],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *rows, path = done.stdout.splitlines()
    assert [json.loads(row)["epoch"] for row in rows] == [1, 2]
    assert all(0 <= json.loads(row)["validation_score"] <= 100 for row in rows)
    net = Supernet(SPACES["nasbench201"], "small", image_channels=1)
    net.load(torch.load(path, weights_only=True))
    with pytest.raises(ValueError, match="a checkpoint of another supernet"):
        Supernet(SPACES["nasbench201"], "small", image_channels=3).load(torch.load(path, weights_only=True))


@pytest.mark.parametrize("regime", ["uniform", "reshuffled"])
def test_a_training_that_was_interrupted_goes_on_to_the_same_bits(tmp_path, regime):
    own = {"space": "subgraphs", "skeleton": "subgraphs", "regime": regime, "epochs": 3}
    whole = list(train(settings(tmp_path / "whole", **own)))
    running = train(settings(tmp_path / "cut", **own))
    next(running), next(running)
    running.close()
    assert without_seconds(list(train(settings(tmp_path / "cut", **own)))) == without_seconds(whole)
    weights = [
        torch.load(settings(tmp_path / name, **own).path, weights_only=True)["weights"] for name in ("whole", "cut")
    ]
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())
    again = train(settings(tmp_path / "cut", **own))
    assert without_seconds(list(again)) == without_seconds(whole)


@pytest.mark.parametrize(
    "own",
    [
        {"regime": "summed"},
        {"regime": "fair"},
        {"space": BLOCKS, "skeleton": "blocks"},
        {"space": "subgraphs", "skeleton": "subgraphs", "regime": "fixed", "groups": 16, "group": 3},
        {"space": "subgraphs", "skeleton": "subgraphs", "regime": "shuffled", "groups": 5, "grouping": "random"},
        {"space": "subgraphs", "skeleton": "subgraphs", "regime": "fixed", "groups": 4, "grouping": "similarity"},
    ],
    ids=lambda own: " ".join(str(value)[:12] for value in own.values()),
)
def test_every_regime_trains(tmp_path, own):
    (row,) = train(settings(tmp_path, epochs=1, **own))
    assert np.isfinite([row["training_loss"], row["validation_loss"]]).all()


def test_a_group_has_its_own_children_and_its_supernet_is_trained_with_these_alone(tmp_path):
    own = settings(tmp_path, space="subgraphs", skeleton="subgraphs", regime="fixed", groups=16, group=3, epochs=1)
    images = prepare(Images("digits", 8, 80, 40))
    fresh, children = supernets.built(own, images)
    assert children == [(0, 3, third) for third in range(4)]
    trained = supernet_of(own)
    moved = [
        name
        for name, value in trained.named_parameters()
        if ".options." in name and not torch.equal(value, fresh.state_dict()[name])
    ]
    assert any(".edges.1.options.3." in name for name in moved)
    assert not any(".edges.1.options.1." in name for name in moved)


def test_a_prefix_trains_and_goes_on(tmp_path):
    own = settings(tmp_path, space=f"{__name__}:EIGHT", skeleton="subgraphs", regime="fixed", prefix=2, epochs=1)
    rows = list(train(own))
    assert isinstance(supernet_of(own), SharedPrefix)
    assert list(train(own)) == rows


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"regime": "unifrom"}, "no regime 'unifrom'; nearest: uniform"),
        ({"grouping": "lexical"}, "no grouping 'lexical'; nearest: lexicographic"),
        ({"groups": 4}, "the regime uniform trains all children, not those of a group or prefix; take regime=fixed"),
        (
            {"space": "subgraphs", "skeleton": "subgraphs", "regime": "fixed", "groups": 65},
            "65 groups of 64 children: a group would be without children",
        ),
        (
            {"space": "subgraphs", "skeleton": "subgraphs", "regime": "fixed", "groups": 4, "group": 4},
            "group=4 of 4 groups; give 0 to 3",
        ),
        ({"space": "nasbench101"}, "nasbench101 has no supernet"),
        ({"space": BLOCKS, "skeleton": "blocks", "regime": "fixed"}, "a chain of blocks is not listed"),
        ({"space": "darts", "skeleton": "darts", "regime": "fixed"}, "darts is not listed"),
        ({"train": 20}, "20 images to learn from make no batch of 40"),
    ],
)
def test_what_cannot_be_trained_is_named(tmp_path, own, said, monkeypatch):
    with pytest.raises(ValueError, match=said):
        next(train(settings(tmp_path, **own)))


def test_a_source_of_a_size_that_there_is_not_is_named():
    with pytest.raises(ValueError, match="no size 'smal'; nearest: small"):
        Source(size="smal").settings(0)
    assert Source(size="study").settings(0).epochs == Source().settings(0).epochs == 50
