"""Train one architecture on images: `python -m scripts.train --cell CELL data=fashion_mnist epochs=10`.

A JSON line an epoch, and as the last line the score: the accuracy on held-out validation images, in percent. So it is a
command for `metanp search ... run --evaluate`. The cell, which hydra's grammar could not read, is taken out of the
arguments first; without `--cell` it is that of the environment variable METANP_CELL, which a search sets.

A training that was killed goes on after its last whole epoch when the same command is run again; one that diverges has
the score `nan`, which a search takes as a failure.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from hydra.core.config_store import ConfigStore

from metanp import Cell
from metanp.networks import TextNetwork, cost, network
from metanp.networks.building import find_skeleton
from metanp.spaces import read_text
from scripts.command import command, refuse
from scripts.results.provenance import settings_digest
from scripts.trainings import kept
from scripts.trainings.loop import Diverged, Training
from scripts.trainings.prepared import OnImages, Prepared, device_of
from scripts.trainings.recipe import Recipe

CELL = "METANP_CELL"
OF_CELLS = ("nasbench201", "nasbench101", "transnas_micro", "nasbench_macro", "small")  # skeletons


@dataclass
class Config(Recipe, OnImages):
    """Everything a training can be told, beside the recipe and the images.

    space: whose text the cell is written in; JSON is read of any.
    output: folder of what is kept of trainings that have not ended.
    """

    padding: int = 2
    space: str = "nasbench201"
    skeleton: str = "small"
    output: str = "results/train"


ConfigStore.instance().store(name="schema_of_train", node=Config)


def train(text: str, config: Config) -> Iterator[dict[str, Any]]:
    """A row an epoch: those of an earlier run that was killed, then those that are left.

    Raises:
        ValueError: what cannot be read, built or trained; names it.
        FileUnavailable: images that are not at hand.
        Diverged: a loss is not finite.
    """
    architecture = read_architecture(text, config)
    training = _training(architecture, config, config.prepared())
    path = Path(config.output) / f"{_digest(text, config)}.pt"
    rows: list[dict[str, Any]] = []
    if state := kept.load(path, device_of(config.device)):
        rows = state.pop("rows")
        training.continue_from(state)
        yield from rows
    try:
        while not training.done:
            rows.append(training.run_epoch().row)
            kept.save(path, {**training.state(), "rows": rows})
            yield rows[-1]
    except Diverged:
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def _training(architecture: Any, config: Config, images: Prepared) -> Training:
    net = network(architecture, config.skeleton, images.classes, images.shape[0], rng=config.seed)
    if isinstance(net, TextNetwork):
        raise ValueError(
            f"the skeleton {config.skeleton} takes texts, and {config.data} are images; take another skeleton"
        )
    cost(net, images.shape, runs=0)  # refuses images that do not fit, before anything is trained
    recipe = Recipe(**{field.name: getattr(config, field.name) for field in dataclasses.fields(Recipe)})
    return Training(net, images.training, images.validation, recipe, config.seed)


def read_architecture(text: str, config: Config) -> Any:
    """A cell in JSON or in its space's text, or what else a skeleton takes; ValueError where it is none."""
    find_skeleton(config.skeleton)
    if config.skeleton not in OF_CELLS:
        return json.loads(text) if text.lstrip().startswith(("[{", '["', "{")) else text
    return Cell.from_json(text) if text.lstrip().startswith("{") else read_text(config.space, text)


def _digest(text: str, config: Config) -> str:
    """Names a training: all that decides what comes of it."""
    return settings_digest([text, config.deciding()])


def take_cell(arguments: list[str], environment: Mapping[str, str]) -> tuple[list[str], str | None]:
    """The arguments without `--cell`, and the cell; that of the environment where no argument says one.

    Raises:
        ValueError: `--cell` without a cell, or twice.
    """
    rest: list[str] = []
    found: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--cell":
            found.append(next(waiting, ""))
        elif argument.startswith("--cell="):
            found.append(argument.removeprefix("--cell="))
        else:
            rest.append(argument)
    if len(found) > 1 or "" in found:
        raise ValueError(
            f"--cell is given {len(found)} times or without a cell; give one, as --cell '|nor_conv_3x3~0|+...'"
        )
    return rest, found[0] if found else environment.get(CELL)


@command("train")
def main(config: Config) -> None:
    if not (text := os.environ.get(CELL)):
        raise ValueError(f"no cell to train; give --cell CELL, or the environment variable {CELL}")
    if config.threads:
        torch.set_num_threads(config.threads)
    score = math.nan
    try:
        for row in train(text, config):
            print(json.dumps(row), flush=True)
            score = row["validation_score"]
    except Diverged as error:
        print(f"train: {error}", file=sys.stderr)
        score = math.nan
    print(score)


def started() -> None:
    """The command: hydra sees all arguments but the cell."""
    try:
        rest, cell = take_cell(sys.argv[1:], os.environ)
    except ValueError as error:
        refuse("train", str(error))
    sys.argv[1:] = rest
    if cell:
        os.environ[CELL] = cell
    main()


if __name__ == "__main__":
    started()
