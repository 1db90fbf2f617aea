"""The meta-training of the process of curves: a short one, resumed."""

import json
from dataclasses import replace

import pytest

from metanp.curves.neural import CurveConfig, load_curve_model
from metanp.meta_training import TrainingConfig
from metanp.neural_process.kernel import KernelConfig
from scripts import meta_train_curves as command
from tasks.curves import CurveEpisodes

TINY = CurveConfig(8, 4, KernelConfig(2, 2, embedding_heads=1, free_heads=1, side_heads=1, hints=True))


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "VALIDATION_EPISODES", 2)
    training = TrainingConfig(steps=4, batch=2, at_once=2, validate_every=2, save_every=2)
    episodes = CurveEpisodes(whole=[1, 8], prefixes=8)
    return command.Config("tiny", str(tmp_path / "tiny"), TINY, episodes, training)


def test_a_training_writes_a_model_and_its_card(config, tmp_path):
    metrics = command.meta_train_curves(config)
    assert set(metrics) == {"score", "tau"}
    model, card = load_curve_model(tmp_path / "tiny" / "best.safetensors")
    assert model.config.width == 8
    assert (card["name"], card["kind"]) == ("tiny", "label-free")
    lines = [json.loads(line) for line in (tmp_path / "tiny" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3, 4]


def test_a_killed_training_goes_on_to_the_same_losses(config, tmp_path):
    command.meta_train_curves(config)
    whole = (tmp_path / "tiny" / "log.jsonl").read_text().splitlines()
    shorter = replace(config, output=str(tmp_path / "again"), training=replace(config.training))
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(
            command.MetaTrainer, "my_share", lambda self: [[0, 1], [2, 3]] if self.step == 0 else [[4, 5], [6, 7]]
        )
        command.meta_train_curves(shorter)
        command.meta_train_curves(replace(shorter, resume=True))
    again = (tmp_path / "again" / "log.jsonl").read_text().splitlines()

    def losses(lines):
        return [json.loads(line)["loss"] for line in lines if '"loss"' in line]

    assert losses(again) == losses(whole)
