"""The loop that trains a network on images, an epoch at a time.

All randomness of an epoch comes from the seed and the epoch's number, so that a training continued from its state after
any epoch is, on a CPU, the same to the last bit as one that was not interrupted. On CUDA convolutions and matrix
products are in bfloat16. The network and its images are in the memory order of channels last.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from data.images.batches import Labelled
from scripts.trainings.recipe import Recipe

EVALUATED_AT_ONCE = 500  # images


class Diverged(ArithmeticError):
    """A loss is not finite: nothing more comes of this training."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch was like. loss: cross entropy (of training, with smoothed labels); score: accuracy in percent.

    training_loss and training_score are means over the epoch's batches, cropped and flipped, while the weights change.
    seconds: of training and validation together.
    """

    epoch: int
    training_loss: float
    training_score: float
    validation_loss: float
    validation_score: float
    seconds: float

    @property
    def row(self) -> dict[str, Any]:
        return asdict(self)


class Training:
    """A network, its optimiser and its images.

    Args:
        net: trained in place.
        training, validation: on the device that it is trained on.
        seed: of the order of images, crops and flips.

    Raises:
        ValueError: fewer images than a batch, or a batch of one.
    """

    def __init__(self, net: nn.Module, training: Labelled, validation: Labelled, recipe: Recipe, seed: int):
        _check(training, recipe)
        self.recipe, self.seed, self.epoch = recipe, seed, 0
        self.training, self.validation = training, validation
        self.device = training.images.device
        self.net = net.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = torch.optim.SGD(
            net.parameters(),
            recipe.learning_rate,
            recipe.momentum,
            weight_decay=recipe.weight_decay,
            nesterov=recipe.momentum > 0,
        )

    @property
    def done(self) -> bool:
        return self.epoch >= self.recipe.epochs

    def run_epoch(self) -> Epoch:
        """The next epoch, and a validation after it.

        Raises:
            Diverged: its loss is not finite.
        """
        start = time.perf_counter()
        losses, scores = self._train()
        loss, score = self.judge(self.validation)
        self.epoch += 1
        return Epoch(self.epoch, losses, scores, loss, score, time.perf_counter() - start)

    def judge(self, images: Labelled) -> tuple[float, float]:
        """Mean cross entropy, and accuracy in percent."""
        self.net.eval()
        loss, right = (torch.zeros((), device=self.device) for _ in range(2))
        with torch.inference_mode():
            for batch, labels in images.in_order(EVALUATED_AT_ONCE):
                scores = self._scores(batch)
                loss += functional.cross_entropy(scores, labels, reduction="sum")
                right += (scores.argmax(1) == labels).sum()
        return float(loss) / len(images), 100 * float(right) / len(images)

    def state(self) -> dict[str, Any]:
        """What a training continues from."""
        return {"epoch": self.epoch, "net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}

    def continue_from(self, state: dict[str, Any]) -> None:
        """Go on as if nothing had happened."""
        self.epoch = state["epoch"]
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _train(self) -> tuple[float, float]:
        """Mean loss and accuracy in percent over the batches of one epoch."""
        recipe = self.recipe
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        batches = self.training.shuffled(recipe.batch_size, recipe.padding, recipe.flip, rng)
        total, right = (torch.zeros((), device=self.device) for _ in range(2))
        n = len(self.training) // recipe.batch_size
        self.net.train()
        for i, (images, labels) in enumerate(batches):
            self._set_learning_rate((self.epoch + i / n) / recipe.epochs)
            scores = self._scores(images)
            loss = functional.cross_entropy(scores, labels, label_smoothing=recipe.label_smoothing)
            self._step(loss)
            total += loss.detach()
            right += (scores.detach().argmax(1) == labels).sum()
        if not math.isfinite(mean := float(total) / n):
            raise Diverged(f"the loss is {mean} in epoch {self.epoch + 1}; lower the learning rate, or set clip")
        return mean, 100 * float(right) / (n * recipe.batch_size)

    def _scores(self, images: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            return self.net(images).float()

    def _set_learning_rate(self, done: float) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * (1 + math.cos(math.pi * done)) / 2

    def _step(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()
        if self.recipe.clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip)
        self.optimizer.step()


def _check(training: Labelled, recipe: Recipe) -> None:
    if recipe.batch_size < 2:
        raise ValueError(f"batch_size is {recipe.batch_size}; batch normalisation needs two images or more")
    if len(training) < recipe.batch_size:
        remedy = f"set batch_size to {len(training)} or less"
        raise ValueError(f"{len(training)} images to learn from make no batch of {recipe.batch_size}; {remedy}")
    if recipe.epochs < 1:
        raise ValueError(f"epochs is {recipe.epochs}; give 1 or more")
