"""Checkpoints: what was written comes back bit for bit, or the file is refused by name; never a part of either."""

import json
import os
import pickle
from dataclasses import asdict

import pytest
import torch
from safetensors.torch import save_file

from metanp import checkpoint
from metanp.checkpoint import CheckpointError, from_dict, load_model, read_tensors, save_model, write_tensors
from metanp.model import ModelConfig
from tests.tiny_model import tiny_config, tiny_model, write_checkpoint

TENSORS = {
    "weights": torch.arange(6, dtype=torch.float32).reshape(2, 3).mT,
    "step": torch.tensor(7.0),
    "half": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
    "mask": torch.tensor([True, False, True]),
    "count": torch.tensor([2**40]),
    "empty": torch.zeros(0, 3),
}
CARD = {"kind": "test", "sources": [{"table": "t", "sha256": "00"}], "seconds": 1.25}


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, TENSORS, CARD)
    return path


def test_tensors_of_every_kind_and_their_card_come_back_bit_for_bit(written):
    tensors, card = read_tensors(written)
    assert card == CARD
    assert set(tensors) == set(TENSORS)
    for name, tensor in TENSORS.items():
        assert tensors[name].dtype == tensor.dtype
        assert torch.equal(tensors[name], tensor)


@pytest.mark.parametrize(("process", "latents"), [("whitened_convcnp", 0), ("convcnp", 0), ("convcnp", 2)])
def test_every_kind_of_model_comes_back_with_its_configuration_and_card(tmp_path, process, latents):
    model = tiny_model(config=tiny_config(process, latents))
    save_model(tmp_path / "m", model, CARD)
    loaded, card = load_model(tmp_path / "m")
    assert loaded.config == model.config
    assert not loaded.training
    assert {key: card[key] for key in CARD} == CARD
    expected = model.state_dict()
    assert loaded.state_dict().keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in loaded.state_dict().items())


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(written, monkeypatch, function):
    before = written.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(OSError, match="No space left"):
        write_tensors(written, {"other": torch.ones(3)}, {})
    assert written.read_bytes() == before
    assert list(written.parent.iterdir()) == [written]


def test_a_new_file_takes_the_place_of_an_old_one_and_folders_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "a.safetensors"
    for value in (1.0, 2.0):
        write_tensors(path, {"x": torch.tensor([value])}, {})
    assert read_tensors(path)[0]["x"].item() == 2
    assert list(path.parent.iterdir()) == [path]


def refusal(path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_tensors(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_file_cut_at_any_length_is_refused_by_name(written):
    whole = written.read_bytes()
    for length in range(len(whole)):
        written.write_bytes(whole[:length])
        refusal(written)
    written.write_bytes(whole + b"\0")
    refusal(written)
    written.write_bytes(whole)
    read_tensors(written)


def test_a_file_with_any_byte_altered_is_refused_by_name(written):
    whole = written.read_bytes()
    for i in range(len(whole)):
        altered = bytearray(whole)
        altered[i] ^= 1 << i % 8
        written.write_bytes(altered)
        refusal(written)


def test_a_foreign_safetensors_file_is_refused(tmp_path):
    save_file({"x": torch.ones(2)}, tmp_path / "foreign")
    assert "not from this project" in refusal(tmp_path / "foreign")
    save_file({"x": torch.ones(2)}, tmp_path / "later", metadata={"format": "metanp-2", "card": "{}"})
    assert "format 'metanp-2', expected 'metanp-1'" in refusal(tmp_path / "later")


def test_a_pickle_is_refused_without_being_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    (tmp_path / "pickle").write_bytes(pickle.dumps(Harmful()))
    torch.save({"x": Harmful()}, tmp_path / "torch")
    for name in ("pickle", "torch"):
        assert "not a whole safetensors file" in refusal(tmp_path / name)
    assert not (tmp_path / "harm").exists()


def test_no_file_or_a_folder_is_refused(tmp_path):
    assert "no such file" in refusal(tmp_path / "absent")
    assert "no such file" in refusal(tmp_path)


def with_config(path, change) -> None:
    """A checkpoint whose configuration was changed and signed anew."""
    model = tiny_model()
    config = asdict(model.config)
    change(config)
    write_tensors(path, model.state_dict(), {"model": config})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda config: config["encoder"].update(width=16), "does not fit this version of metanp.*size mismatch"),
        (lambda config: config["encoder"].update(depth=3), "EncoderConfig has no .'depth'.; it has .*'layers'"),
        (lambda config: config["whitened"].update(maps=0), "does not fit this version of metanp.*Unexpected key"),
        (lambda config: config.update(process="transformer"), "unknown process 'transformer'"),
        (lambda config: config.update(encoder=5), "does not fit this version"),
        (lambda config: config["encoder"].update(width="8"), "does not fit this version"),
    ],
)
def test_a_model_that_does_not_fit_its_configuration_is_refused_by_name(tmp_path, change, message):
    path = tmp_path / "m"
    with_config(path, change)
    with pytest.raises(CheckpointError, match=f"(?s){path}: .*{message}"):
        load_model(path)


def test_a_file_of_ours_that_holds_no_model_is_refused(written):
    with pytest.raises(CheckpointError, match="holds no model but 'test'"):
        load_model(written)


def test_shipped_checkpoints_go_by_name_and_an_unknown_name_lists_them(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "SHIPPED", tmp_path)
    monkeypatch.setattr(checkpoint, "ALIASES", {"default": "label-free"})
    for name in ("label-free", "everything"):
        write_checkpoint(tmp_path / f"{name}.safetensors")
    assert checkpoint.shipped_names() == ["everything", "label-free"]
    assert checkpoint.find("default") == checkpoint.find("label-free") == tmp_path / "label-free.safetensors"
    assert checkpoint.find(tmp_path / "everything.safetensors") == checkpoint.find("everything")
    with pytest.raises(CheckpointError, match=r"no checkpoint 'lable-free'.* one of default, everything, label-free"):
        load_model("lable-free")


def test_a_configuration_survives_json():
    config = tiny_config("convcnp", 2)
    assert from_dict(ModelConfig, json.loads(json.dumps(asdict(config)))) == config
