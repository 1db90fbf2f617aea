"""Ablations: every variant composes into a training, and the table pairs trainings and label sets."""

import json

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

import scripts.meta_train  # noqa: F401 (its dataclasses are the schema of what variants override)
from metanp.model import Model
from scripts import ablate
from scripts.results.executors import EXECUTORS
from tests.conftest import ROOT
from tests.in_this_process import in_this_process

FOLDER = ROOT / "configs"
ABLATIONS = sorted(path.stem for path in (FOLDER / "ablation").glob("*.yaml"))


def composed(name: str, *overrides: str):
    with initialize_config_dir(str(FOLDER), version_base="1.3"):
        return OmegaConf.to_object(compose(name, list(overrides)))


@pytest.mark.parametrize("name", ABLATIONS)
def test_every_variant_is_a_training_of_its_own(name):
    config = composed("ablate", f"ablation={name}")
    assert config.name == name
    trainings = {}
    for variant, overrides in config.variants.items():
        training = composed("meta_train", *config.always, *overrides)
        Model(training.model)
        trainings[variant] = str(OmegaConf.to_container(OmegaConf.structured(training)))
        assert training.tasks.kind == "label-free"
    assert len(set(trainings.values())) == len({ablate._slug(variant) for variant in trainings}) == len(config.variants)


def row(variant: str, seed: int, number: int, labels: int, tau: float) -> dict:
    training = {"variant": variant, "training_seed": seed, "parameters": 10 + len(variant), "train_seconds": 5.0 + seed}
    return {**training, "benchmark": "b", "set": number, "labels": labels, "kendall_tau": tau, "n_at_10": number}


def test_a_table_pairs_trainings_and_label_sets():
    rows = []
    for seed in (0, 1):
        for number in (0, 1, 2):
            base = 0.5 + 0.1 * seed + 0.05 * number
            for labels, more in ((20, 0.0), (100, 0.2)):
                rows.append(row("first", seed, number, labels, base + more))
                rows.append(row("second", seed, number, labels, base + more - 0.03 + 0.01 * seed))
    first, second = ablate.compare(rows, ["first", "second"])
    assert first["kendall_tau"] == pytest.approx(0.5 + 0.05 + 0.05 + 0.1)
    assert (first["lowest_seed"], first["highest_seed"]) == (pytest.approx(0.65), pytest.approx(0.75))
    assert first["over_first"] == first["over_first_half"] == 0
    # three differences of -.03 and three of -.02, each a mean over both numbers of labels
    assert second["over_first"] == pytest.approx(-0.025)
    # set means are all alike; seed means -.03 and -.02: standard error .005 of one degree, t(.975, 1) = 12.7062
    assert second["over_first_half"] == pytest.approx(12.7062 * 0.005, abs=1e-5)
    assert second["interval"] == ablate.CROSSED
    assert (second["seeds"], second["sets"], second["budgets"]) == (2, 3, "20 100")
    assert (second["parameters"], second["train_seconds"]) == (16, 5.5)


def test_a_variant_is_trained_once_and_evaluated_again_after_a_kill(tmp_path, monkeypatch):
    small = ["model.encoder.width=8", "model.encoder.layers=1", "model.encoder.d_embed=4", "model=whitened_heads"]
    small += ["model.whitened.kernel.forest_heads=0"]
    short = [
        "training.steps=2",
        "training.batch=2",
        "training.at_once=2",
        "training.validate_every=2",
        "tasks.spaces.nasbench_graph=0",
    ]
    config = composed("ablate", "ablation=process", f"output={tmp_path}")
    config.always, config.budgets, config.sets = small + short, [8], 1
    config.benchmarks = {"nasbench201": "cifar10_validation_accuracy_200"}
    config.variants, config.seeds = {"whitened heads alone": config.variants["whitened heads alone"]}, [1]
    monkeypatch.setitem(EXECUTORS, "local", in_this_process)
    (line,) = ablate.ablate(config)
    assert [line["variant"]] == list(config.variants)
    assert (line["benchmark"], line["budgets"], line["seeds"]) == ("nasbench201", "8", 1)
    (path,) = (tmp_path / "rows").iterdir()
    assert json.loads(path.read_text())["kendall_tau"] == pytest.approx(line["kendall_tau"], abs=1e-5)

    def never(*args: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(ablate, "_train", never)
    path.unlink()
    assert ablate.ablate(config) == [line]


def test_a_training_that_fails_is_named_with_what_it_said(tmp_path):
    with pytest.raises(RuntimeError, match=r"(?s)broken: .*smell"):
        ablate._train(tmp_path / "broken", ["model.whitened.kernel.parts=[smell]", "training.steps=2"])
