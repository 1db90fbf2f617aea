"""The loop that trains a supernet: that of one network, in which each step trains what a regime says.

Weights that a step does not train stay as they are: neither weight decay nor momentum moves them. The learning rate
falls along a cosine to a last one, and momentum is the plain one, as in Zhang et al. 2020 and White et al. 2021.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from data.images.batches import Labelled
from metanp.networks.choices import Picks
from metanp.networks.normalising import read_by
from metanp.networks.prefix import SharedPrefix
from metanp.networks.regimes import Regime
from metanp.networks.supernet import Supernet
from scripts.trainings.loop import EVALUATED_AT_ONCE, Training
from scripts.trainings.recipe import Recipe


@dataclass
class SharedRecipe(Recipe):
    """The recipe of a supernet. last_learning_rate: where the cosine ends."""

    learning_rate: float = 0.025
    last_learning_rate: float = 0.001
    label_smoothing: float = 0.0
    padding: int = 2


class SharedTraining(Training):
    """A supernet, its regime, its optimiser and its images.

    Args:
        net: trained in place.
        images: to train on, and to validate on, on the device that it is trained on.
        regime: what each step trains.
        seed: of the order of images, crops and flips.
        watched: children whose mean loss and accuracy, by their batches' statistics, stand for validation; of none,
            both are missing.

    Attributes:
        after_step: called with the number of steps done, after each; it may read children.

    Raises:
        ValueError: fewer images than a batch, or a batch of one.
    """

    recipe: SharedRecipe
    net: Supernet | SharedPrefix

    def __init__(
        self,
        net: Supernet | SharedPrefix,
        images: tuple[Labelled, Labelled],
        recipe: SharedRecipe,
        regime: Regime,
        seed: int,
        watched: Sequence[Picks] = (),
    ):
        super().__init__(net, *images, recipe, seed)
        self.regime, self.watched, self.steps = regime, watched, 0
        self.after_step: Callable[[int], object] = lambda step: None
        self.optimizer = torch.optim.SGD(
            net.parameters(), recipe.learning_rate, recipe.momentum, weight_decay=recipe.weight_decay
        )

    @property
    def learning_rate(self) -> float:
        """Of the last step."""
        return self.optimizer.param_groups[0]["lr"]

    def judge(self, images: Labelled) -> tuple[float, float]:
        """Mean cross entropy and accuracy in percent of the watched children."""
        found = []
        for picks in self.watched:
            self.net.pick(picks)
            with read_by(self.net, "batch"), torch.inference_mode():
                for batch, labels in images.in_order(EVALUATED_AT_ONCE):
                    scores = self._scores(batch)
                    loss = functional.cross_entropy(scores, labels, reduction="sum")
                    found.append((float(loss), float((scores.argmax(1) == labels).sum())))
        if not found:
            return math.nan, math.nan
        loss, right = np.sum(found, axis=0) / (len(self.watched) * len(images))
        return float(loss), 100 * float(right)

    def _train(self) -> tuple[float, float]:
        self.steps = self.epoch * (len(self.training) // self.recipe.batch_size)
        self.net.pick(self.regime.at(self.steps))
        return super()._train()

    def _set_learning_rate(self, done: float) -> None:
        first, last = self.recipe.learning_rate, self.recipe.last_learning_rate
        for group in self.optimizer.param_groups:
            group["lr"] = last + (first - last) * (1 + math.cos(math.pi * done)) / 2

    def _step(self, loss: Tensor) -> None:
        super()._step(loss)
        self.steps += 1
        self.after_step(self.steps)
        self.net.pick(self.regime.at(self.steps))
