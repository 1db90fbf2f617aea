"""Configurations: every file composes and builds, an unknown key is named, an experiment has question and command."""

import re
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import ConfigCompositionException, MissingConfigException
from omegaconf import OmegaConf

import scripts.meta_train  # noqa: F401 (its dataclasses are the schema)
from metanp.model import Model
from tasks.sources import KINDS, allowed_tables
from tests.conftest import ROOT

FOLDER = ROOT / "configs"


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (FOLDER / group).glob("*.yaml"))


def composed(*overrides: str) -> Any:
    with initialize_config_dir(str(FOLDER), version_base="1.3"):
        return OmegaConf.to_object(compose("meta_train", list(overrides)))


@pytest.mark.parametrize("experiment", names("experiment"))
def test_every_experiment_composes_into_a_training(experiment):
    config = composed(f"experiment={experiment}")
    assert config.training.steps > 0
    assert config.output.endswith(config.name)
    assert config.tasks.kind in KINDS


@pytest.mark.parametrize("model", names("model"))
def test_every_model_can_be_built(model):
    built = Model(composed(f"model={model}").model)
    assert sum(parameter.numel() for parameter in built.parameters()) > 1000


def test_models_differ_in_what_their_names_say():
    built = {name: composed(f"model={name}").model for name in names("model")}
    assert built["whitened_heads"].whitened.maps == 0 < built["whitened_convcnp"].whitened.maps
    assert built["latent_convnp"].convcnp.latents > 0 == built["convcnp"].convcnp.latents
    assert built["convcnp"].process == built["latent_convnp"].process == "convcnp"


@pytest.mark.parametrize("tasks", names("tasks"))
def test_tasks_are_drawn_from_allowed_tables_alone(tasks):
    config = composed(f"tasks={tasks}").tasks
    seen = {name for name, share in config.tables.items() if share > 0}
    assert seen <= set(allowed_tables(config.kind, config.tested))


@pytest.mark.parametrize("experiment", names("experiment"))
def test_an_experiment_has_its_question_and_its_command(experiment):
    header = []
    for line in (FOLDER / "experiment" / f"{experiment}.yaml").read_text().splitlines():
        if not line.startswith("#"):
            break
        header.append(line.lstrip("# "))
    text = "\n".join(header)
    assert re.search(r"^Question: .*\?", text, re.MULTILINE | re.DOTALL), f"{experiment}: no question in its header"
    command = re.search(r"^(make \w+|python -m scripts\.\w+.*|torchrun .*)$", text, re.MULTILINE)
    assert command, f"{experiment}: no command in its header"
    if not command[0].startswith("make"):
        assert f"experiment={experiment}" in command[0]


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_file_begins_with_its_purpose(path):
    first = [line for line in path.read_text().splitlines() if not line.startswith("# @package")]
    assert first[0].startswith("#")


@pytest.mark.parametrize(
    "key", ["trainig.steps", "training.stepz", "tasks.episodes.context", "model.encoder.widht", "thread"]
)
def test_an_unknown_key_is_named_when_the_configuration_is_composed(key):
    with pytest.raises(ConfigCompositionException, match=f"Could not override '{key}'"):
        composed(f"{key}=3")


def test_an_unknown_key_in_a_file_is_named(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mistyped.yaml").write_text("# @package _global_\ntraining:\n  lerning_rate: 0.1\n")
    with pytest.raises(ConfigCompositionException) as error:
        composed(f"hydra.searchpath=[file://{tmp_path}]", "experiment=mistyped")
    assert "lerning_rate" in f"{error.value} {error.value.__cause__}"


def test_a_value_of_the_wrong_type_is_refused():
    with pytest.raises(ConfigCompositionException) as error:
        composed("training.steps=many")
    assert "many" in f"{error.value} {error.value.__cause__}"


@pytest.mark.parametrize("group", ["model", "tasks", "experiment"])
def test_an_unknown_choice_is_answered_with_the_known_ones(group):
    with pytest.raises(MissingConfigException) as error:
        composed(f"{group}=nonsense")
    assert all(name in str(error.value) for name in names(group))


def test_compositions_do_not_affect_one_another():
    one, other = composed("+tasks.spaces.transnas=1"), composed()
    assert "transnas" in one.tasks.spaces
    assert "transnas" not in other.tasks.spaces
