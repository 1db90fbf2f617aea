"""One piece of the study of weight sharing: train it, and read children while the last mini-batches go by.

Axes of what is kept: moment, numbers of steps done; child, by the index of the space; accuracies in percent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from data.images import load_images
from data.images.batches import Batch, Labelled, Pixels
from metanp.networks import Subgraphs
from metanp.networks.children import accuracies
from metanp.networks.choices import Picks
from metanp.networks.groups import at_random, lexicographic
from metanp.networks.normalising import read_by
from metanp.networks.prefix import SharedPrefix
from metanp.networks.regimes import InTurn
from metanp.networks.supernet import Supernet
from metanp.spaces.subgraphs import SPACE
from scripts.sharing.units import CHILDREN, Size, Unit
from scripts.trainings.shared import SharedTraining

LAST = 64  # mini-batches in which children are read: one pass over all of them
MOMENTS = {"running": 32, "batch": 16, "recalibrated": 16}  # evenly in these, of `seeds`
FEW = {"running": 8}  # of all other supernets
EPOCHS = 10  # at whose ends children of `seeds` are read, by running averages
GROUP_SEED = 42  # of the first random partition, as in the authors' code
FINE_STEPS = (0, 1, 2, 5, 10)  # mini-batches of one child alone


@dataclass(frozen=True)
class Split:
    """Images to train on, to test children that stand alone, and, of the latter, those that all children are read on.

    calibration: training images, as they are.
    """

    training: Labelled
    test: Labelled
    read: Batch
    calibration: Tensor


@cache
def children() -> list[Picks]:
    """Picks of all, by index."""
    return [SPACE.digits(cell) for cell in SPACE.enumerate()]


def members(unit: Unit) -> list[int]:
    """The children that this piece trains."""
    if unit.kind == "alone":
        return [unit.number]
    if unit.kind == "lexicographic":
        return lexicographic(children(), unit.parts)[unit.number].tolist()
    if unit.kind == "random":
        rng = np.random.default_rng(GROUP_SEED + unit.instance)
        return at_random(children(), unit.parts, rng)[unit.number].tolist()
    return list(range(CHILDREN))


def regime_of(unit: Unit) -> InTurn:
    """What each step trains."""
    picks = tuple(children()[i] for i in members(unit))
    if unit.kind == "orders":
        return InTurn(picks, "shuffled", unit.instance)
    return InTurn(picks, "reshuffled", unit.instance) if unit.kind == "shuffled" else InTurn(picks)


def train(unit: Unit, size: Size) -> dict[str, Any]:
    """What this piece measures.

    Raises:
        ValueError, FileUnavailable: images that are not to be had, or fewer than wanted.
    """
    if unit.kind == "alone":
        return _train_alone(unit, size)
    return _fine_tune(unit, size) if unit.kind == "fine" else _train_shared(unit, size)


def _train_shared(unit: Unit, size: Size) -> dict[str, Any]:
    """Children read at the last moments; at: steps of each reading, readings: (moment, child)."""
    own, images = members(unit), split(size)
    plan = {name: _moments(size, count) for name, count in (MOMENTS if unit.kind == "seeds" else FEW).items()}
    if unit.kind == "seeds":
        plan["epochs"] = [epoch * size.steps // size.epochs for epoch in range(size.epochs + 1)[-EPOCHS:]]
    found: dict[str, list[list[float]]] = {name: [] for name in plan}

    def read(step: int) -> None:
        for name in (name for name, moments in plan.items() if step in moments):
            reading = "running" if name == "epochs" else name
            picks = [children()[i] for i in own]
            some = accuracies(training.net, picks, *images.read, reading, [images.calibration])
            found[name].append(some.round(2).tolist())

    training = _training(unit, size)
    training.after_step = read
    _run(training)
    return {"children": own, "at": plan, "readings": found}


def _train_alone(unit: Unit, size: Size) -> dict[str, Any]:
    """Accuracy on all test images, and on those that children of supernets are read on."""
    images, training = split(size), _training(unit, size)
    _run(training)
    test = next(images.test.in_order(len(images.test)))
    picks = [children()[unit.number]]
    return {
        name: round(float(accuracies(training.net, picks, *batch)[0]), 2)
        for name, batch in {"test": test, "read": images.read}.items()
    }


def _fine_tune(unit: Unit, size: Size) -> dict[str, Any]:
    """From the middle and from the end of a supernet's training: each child alone, for a few mini-batches.

    readings: by `half` and `end`, then by reading: (number of mini-batches, child).
    """
    found: dict[str, dict[str, list[list[float]]]] = {}

    def tune(step: int) -> None:
        if name := {size.steps // 2: "half", size.steps: "end"}.get(step):
            by_child = [_tuned(training, i, size) for i in range(CHILDREN)]
            found[name] = {
                reading: [[of[reading][k] for of in by_child] for k in range(len(FINE_STEPS))]
                for reading in ("running", "recalibrated")
            }

    training = _training(unit, size)
    training.after_step = tune
    _run(training)
    return {"steps": list(FINE_STEPS), "readings": found}


def _tuned(training: SharedTraining, number: int, size: Size) -> dict[str, list[float]]:
    """Accuracies of one child after each of `FINE_STEPS`, by reading; the supernet stays as it is."""
    assert isinstance(training.net, Supernet)
    images, recipe = split(size), training.recipe
    net = training.net.child(SPACE[number]).train()
    optimizer = torch.optim.SGD(
        net.parameters(), training.learning_rate, recipe.momentum, weight_decay=recipe.weight_decay
    )
    rng = torch.Generator().manual_seed(training.steps)
    batches = images.training.shuffled(recipe.batch_size, recipe.padding, recipe.flip, rng)
    found: dict[str, list[float]] = {"running": [], "recalibrated": []}
    for step in range(FINE_STEPS[-1] + 1):
        if step in FINE_STEPS:
            for reading, values in found.items():
                values.append(_accuracy(net, images, reading))
        if step < FINE_STEPS[-1]:
            batch, labels = next(batches)
            optimizer.zero_grad()
            functional.cross_entropy(net(batch), labels).backward()
            optimizer.step()
    return found


def _accuracy(net: nn.Module, images: Split, reading: str) -> float:
    batch, labels = images.read
    with torch.inference_mode(), read_by(net, reading, [images.calibration]):
        return round(100 * float((net(batch).argmax(1) == labels).float().mean()), 2)


def _training(unit: Unit, size: Size) -> SharedTraining:
    """Orders and shuffles differ in the order alone, all others in their first weights too."""
    images = split(size)
    seed = {"alone": unit.instance * CHILDREN + unit.number, "orders": 0, "shuffled": 0}.get(unit.kind, unit.instance)
    colours = images.training.images.shape[3]
    whole = Supernet(SPACE, Subgraphs(channels=size.channels), image_channels=colours, rng=seed)
    prefix = unit.kind == "prefix"
    net = SharedPrefix(whole, [*SPACE.enumerate()], unit.parts, seed) if prefix else whole
    both = (images.training, Labelled(*images.read))
    return SharedTraining(net, both, size.recipe, regime_of(unit), unit.instance)


def _run(training: SharedTraining) -> None:
    while not training.done:
        training.run_epoch()


def _moments(size: Size, count: int) -> Sequence[int]:
    """So many steps, evenly among the last ones, the very last among them."""
    last = min(LAST, size.steps)
    return [size.steps - last + last * (i + 1) // count for i in range(count)]


_SPLITS: dict[str, Split] = {}


def split(size: Size) -> Split:
    """The images, normalised; read once a process.

    Raises:
        ValueError: fewer images than wanted. FileUnavailable: not at hand; says what to do.
    """
    if size.digest not in _SPLITS:
        source = load_images(size.data).resized(size.side)
        if size.train > len(source.train) or size.read > len(source.test):
            have = f"{len(source.train)} to train on and {len(source.test)} to test"
            raise ValueError(f"{size.data} has {have}; {size.train} and {size.read} are too many: take fewer")
        pixels = Pixels.of(source.train[: size.train])
        training = Labelled(pixels.normalised(source.train[: size.train]), source.train_labels[: size.train])
        test = Labelled(pixels.normalised(source.test), source.test_labels)
        read, calibration = next(test.in_order(size.read)), next(training.in_order(size.calibration))[0]
        _SPLITS[size.digest] = Split(training, test, read, calibration)
    return _SPLITS[size.digest]
