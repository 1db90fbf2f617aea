"""Trainings of supernets that are kept: settings in, a supernet out; what was trained before is read, or gone on with.

A training is kept under a digest of its settings: after each epoch its whole state, from which it goes on to the same
bits. `Source` is a supernet as predictors take it (`metanp.baselines.weight_sharing`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from data.images import load_images
from metanp.cell import Cell
from metanp.nearest import nearest
from metanp.networks import groups
from metanp.networks.children import accuracies
from metanp.networks.choices import Picks
from metanp.networks.prefix import SharedPrefix
from metanp.networks.regimes import ORDERS, Fair, InTurn, Regime, Summed, Uniform
from metanp.networks.supernet import Supernet
from metanp.spaces import get_space
from metanp.spaces.base import Space
from scripts.results.provenance import settings_digest
from scripts.trainings import kept
from scripts.trainings.prepared import OnImages, Prepared, device_of
from scripts.trainings.shared import SharedRecipe, SharedTraining

REGIMES = ("summed", "uniform", "fair", *ORDERS)
GROUPINGS = ("random", "lexicographic", "similarity")
WATCHED = 8  # random children, whose mean accuracy stands for validation
CALIBRATION = 256  # training images that averages are recalibrated with


@dataclass
class Settings(SharedRecipe, OnImages):
    """Everything a training of a supernet can be told, beside the recipe and the images.

    space: a name, module:NAME, or in JSON the alternatives of each block of a chain. regime: of `REGIMES`.
    groups, grouping, group: how many groups of children there are, by which of `GROUPINGS`, and the number of the one
    that this supernet is for; 1 group has all children. prefix: cells that children share, -1 for all of everything.
    output: folder of what is kept.
    """

    space: str = "nasbench201"
    skeleton: str = "small"
    regime: str = "uniform"
    groups: int = 1
    grouping: str = "lexicographic"
    group: int = 0
    prefix: int = -1
    data: str = "cifar10_jpeg"
    output: str = "results/supernets"

    @property
    def path(self) -> Path:
        """Of its checkpoint, which `Supernet.load` reads."""
        return Path(self.output) / f"{settings_digest(self.deciding())}.pt"


def train(settings: Settings) -> Iterator[dict[str, Any]]:
    """A row an epoch: those of an earlier run, then those that are left.

    Raises:
        ValueError: what cannot be built or trained; names it.
        FileUnavailable: images that are not at hand.
        Diverged: a loss is not finite.
    """
    yield from _trained(settings)[1]


def supernet_of(settings: Settings) -> Supernet | SharedPrefix:
    """Trained to its end; raises as `train`."""
    net, rows = _trained(settings)
    for _ in rows:
        pass
    return net


def _trained(settings: Settings) -> tuple[Supernet | SharedPrefix, Iterator[dict[str, Any]]]:
    """The supernet, trained as far as the rows have been asked for."""
    images = settings.prepared()
    whole, children = built(settings, images)
    prefix = settings.prefix >= 0
    net = SharedPrefix(whole, _listed(settings), settings.prefix, settings.seed) if prefix else whole
    recipe = SharedRecipe(**{field.name: getattr(settings, field.name) for field in dataclasses.fields(SharedRecipe)})
    regime = _regime(settings, whole, children)
    training = SharedTraining(
        net, (images.training, images.validation), recipe, regime, settings.seed, _watched(settings, whole, children)
    )
    return net, _epochs(settings, training, whole)


def _epochs(settings: Settings, training: SharedTraining, whole: Supernet) -> Iterator[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    if state := kept.load(settings.path, device_of(settings.device)):
        rows = state["rows"]
        training.continue_from(state)
        yield from rows
    while not training.done:
        rows.append(training.run_epoch().row)
        state = {**training.state(), "rows": rows}
        kept.save(settings.path, state | ({} if isinstance(training.net, SharedPrefix) else whole.state()))
        yield rows[-1]


def built(settings: Settings, images: Prepared) -> tuple[Supernet, list[Picks]]:
    """A supernet with freshly drawn weights, and the children of its group; none where all are meant.

    Raises:
        ValueError: as `Supernet`, or no such regime or grouping.
    """
    for value, known, what in ((settings.regime, REGIMES, "regime"), (settings.grouping, GROUPINGS, "grouping")):
        if value not in known:
            raise ValueError(f"no {what} {value!r:.80}; {nearest(value, known)}")
    whole = Supernet(_space(settings), settings.skeleton, images.classes, images.shape[0], rng=settings.seed)
    if settings.groups == 1 and settings.prefix < 0 and settings.regime not in ORDERS:
        return whole, []
    if settings.regime not in ORDERS:
        remedy = f"take regime={', '.join(ORDERS)}"
        raise ValueError(f"the regime {settings.regime} trains all children, not those of a group or prefix; {remedy}")
    children = [whole.picks(cell) for cell in _listed(settings)]
    return whole, [children[i] for i in _group(settings, children)]


def _group(settings: Settings, children: list[Picks]) -> Sequence[int]:
    if settings.grouping == "random":
        found = groups.at_random(children, settings.groups, np.random.default_rng(settings.seed))
    else:
        make = groups.lexicographic if settings.grouping == "lexicographic" else groups.by_similarity
        found = make(children, settings.groups)
    if not 0 <= settings.group < len(found):
        raise ValueError(f"group={settings.group} of {len(found)} groups; give 0 to {len(found) - 1}")
    return found[settings.group].tolist()


def _space(settings: Settings) -> Any:
    """A space, or alternatives of blocks."""
    text = settings.space.strip()
    return json.loads(text) if text.startswith("[") else get_space(text)


def _listed(settings: Settings) -> list[Cell]:
    space = _space(settings)
    if not isinstance(space, Space):
        raise ValueError("a chain of blocks is not listed; take regime=summed, uniform or fair")
    return list(space.enumerate())


def _regime(settings: Settings, whole: Supernet, children: list[Picks]) -> Regime:
    if settings.regime in ORDERS:
        return InTurn(tuple(children), settings.regime, settings.seed)
    if settings.regime == "summed":
        return Summed()
    return (Fair if settings.regime == "fair" else Uniform)(whole.choices, settings.seed)


def _watched(settings: Settings, whole: Supernet, children: list[Picks]) -> list[Picks]:
    rng = np.random.default_rng(settings.seed)
    if children:
        return [children[i] for i in rng.permutation(len(children))[:WATCHED]]
    return [whole.choices.draw(rng) for _ in range(WATCHED)]


@dataclass(frozen=True)
class Source:
    """A supernet for predictors, trained when it is first asked; and how its children are read.

    regime: `summed` is OneShot, `uniform` RSWS. reading: of `metanp.networks.normalising.READINGS`. read: validation
    images that children are read on. output, device: as in `Settings`.

    The other settings are of two sizes: those of the study, on CIFAR-10 with NAS-Bench-201's own network, which want a
    GPU; `small` ones, on images of 16x16, take about a minute on a CPU core.

    Source of the study's: White et al. 2021 (arXiv:2104.01177), NASLib's `oneshot.py` with its defaults: nine tenths of
    the images to train on, 50 epochs, batches of 64, weight decay 3e-4, gradients clipped at 5.
    """

    regime: str = "summed"
    size: str = "small"
    reading: str = "batch"
    read: int = 500
    output: str = "results/supernets"
    device: str = "auto"
    space: str = "nasbench201"

    def settings(self, seed: int) -> Settings:
        """Of one training.

        Raises:
            ValueError: no such size.
        """
        sizes: dict[str, dict[str, Any]] = {
            "study": {"skeleton": "nasbench201", "data": "cifar10", "side": 0, "train": 45_000, "validation": 5_000},
            "small": {"skeleton": "small", "data": "cifar10_jpeg", "side": 16, "train": 9_000, "validation": 1_000},
        }
        if self.size not in sizes:
            raise ValueError(f"no size {self.size!r:.80}; {nearest(self.size, sizes)}")
        own: dict[str, Any] = {"epochs": 50, "batch_size": 64, "weight_decay": 3e-4, "clip": 5.0}
        own |= {"padding": 4 if self.size == "study" else 2, "space": self.space, "regime": self.regime}
        return Settings(**sizes[self.size], **own, seed=seed, output=self.output, device=self.device)

    def check(self, download: bool) -> None:
        """FileUnavailable where the images are not at hand."""
        load_images(self.settings(0).data, download)

    def seconds(self, seed: int) -> float:
        """Of all epochs of its training, on one core; trains where that was not done."""
        return sum(row["seconds"] for row in train(self.settings(seed)))

    def accuracies(self, cells: Sequence[Cell], seed: int) -> Float[np.ndarray, " cell"]:
        """Of children with the shared weights, in percent; raises as `train`, and for a cell that is no child."""
        net, images = _supernet(self, seed)
        picks = [net.picks(cell) for cell in cells]
        batch, labels = next(images.validation.in_order(self.read))
        calibration = next(images.training.in_order(CALIBRATION))[0]
        return accuracies(net, picks, batch, labels, self.reading, [calibration])


@lru_cache(maxsize=2)
def _supernet(source: Source, seed: int) -> tuple[Supernet, Prepared]:
    settings = source.settings(seed)
    net = supernet_of(settings)
    assert isinstance(net, Supernet)
    return net.eval(), settings.prepared()
