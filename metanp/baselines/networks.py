"""Networks trained by gradients on the evaluated cells: what they share, and multilayer perceptrons.

    cells -> inputs -> tensors -> network -> one number a cell, on the standardised scale of the evaluated scores

A subclass defines its network (`build`), the network's input (`tensors`) and, where the loss is no mean of errors of
single cells, its batches and loss (`items`, `loss`). All randomness follows the predictor's seed; the caller's random
state is restored.

Axes: cell; item, what a batch is drawn from: cells, or pairs of them; member of an ensemble.

Sources: settings of White et al. 2021 (arXiv:2104.01177) as in NASLib, folder naslib/predictors; BANANAS: White et al.
2021 (arXiv:1910.11858).
"""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from metanp.baselines.base import Baseline, Moments, ZScore
from metanp.baselines.encodings import adjacency, paths
from metanp.baselines.inputs import Inputs
from metanp.contract import About
from metanp.torch_state import read_device


@dataclass(frozen=True)
class Training:
    """How a network is trained.

    decoupled: AdamW. cosine: the rate falls to zero along a cosine. clip: largest norm of a gradient. drop_last: a last
    batch that is smaller than the others is skipped, unless it is the only one.
    """

    epochs: int
    batch: int
    rate: float
    weight_decay: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    decoupled: bool = False
    cosine: bool = False
    clip: float | None = None
    drop_last: bool = False


def train(net: nn.Module, loss: Callable[[Tensor], Tensor], items: int, how: Training) -> None:
    """Minimise `loss`, a function of the numbers of a batch's items, which come in random order, epoch by epoch."""
    kind = torch.optim.AdamW if how.decoupled else torch.optim.Adam
    weights = list(net.parameters())
    optimiser = kind(weights, lr=how.rate, betas=how.betas, weight_decay=how.weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.epochs)
    net.train()
    for _ in range(how.epochs):
        for batch in torch.randperm(items).split(how.batch):
            if how.drop_last and len(batch) < min(how.batch, items):
                continue
            optimiser.zero_grad()
            loss(batch).backward()
            if how.clip is not None:
                nn.utils.clip_grad_norm_(weights, how.clip)
            optimiser.step()
        if how.cosine:
            schedule.step()
    net.eval()


@contextmanager
def repeatable(seed: int, device: torch.device) -> Iterator[None]:
    """torch's random state from `seed`, restored afterwards."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


class Network(Baseline):
    """Args: seed: of initial weights and batches. device: where the network is."""

    transform: Any = ZScore
    knows_std = False
    training: Training
    _net: Any

    def __init__(self, seed: int = 0, device: str | torch.device = "cpu"):
        super().__init__(seed)
        self.device = device

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        device = read_device(self.device)
        with repeatable(self.seed, device):
            self._net = self.build(context).to(device)
            graph = torch.from_numpy(context.graph).to(device)
            read = [tensor[graph] for tensor in self._read(context)]
            self._learn(read, torch.from_numpy(value).float().to(device))

    def _learn(self, read: list[Tensor], value: Float[Tensor, " cell"]) -> None:
        train(self._net, lambda batch: self.loss(self._net, read, value, batch), self.items(len(value)), self.training)

    def _predict(self, inputs: Inputs) -> Moments:
        with torch.inference_mode():
            return self._net(*self._read(inputs)).cpu().numpy().astype(np.float64), None

    def _read(self, inputs: Inputs) -> list[Tensor]:
        device = read_device(self.device)
        return [tensor.to(device) for tensor in self.tensors(inputs)]

    def items(self, cells: int) -> int:
        return cells

    def loss(self, net: Any, read: list[Tensor], value: Float[Tensor, " cell"], batch: Int[Tensor, " item"]) -> Tensor:
        return functional.mse_loss(net(*(tensor[batch] for tensor in read)), value[batch])

    @abstractmethod
    def build(self, context: Inputs) -> nn.Module:
        """The untrained network."""

    @abstractmethod
    def tensors(self, inputs: Inputs) -> list[Tensor]:
        """The network's arguments, one row each."""


class Perceptrons(nn.Module):
    """An ensemble of multilayer perceptrons with ReLU, trained at once: (cell, column) -> (cell, member)."""

    def __init__(self, d_in: int, layers: int, width: int, members: int):
        super().__init__()
        sizes = [d_in, *[width] * layers, 1]
        shapes = list(itertools.pairwise(sizes))
        self.weights = nn.ParameterList(_xavier(members, *shape) for shape in shapes)
        self.biases = nn.ParameterList(torch.zeros(members, 1, n_out) for _, n_out in shapes)

    def forward(self, x: Float[Tensor, "cell column"]) -> Float[Tensor, "cell member"]:
        h = x.expand(len(self.weights[0]), *x.shape)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            h = torch.baddbmm(bias, functional.relu(h) if layer else h, weight)
        return h[:, :, 0].T


class MLP(Network):
    """20 layers of 20 units on the one-hot cell; absolute errors, and a penalty on the last layer's weights.

    The study learns from raw percent; here scores are standardised, so that units do not matter.
    """

    about = About("MLP", "White et al. 2021, arXiv:2104.01177")
    training = Training(epochs=500, batch=32, rate=1e-3, betas=(0.9, 0.99))
    layers, width, members = 20, 20, 1
    penalty = 0.2

    def build(self, context: Inputs) -> nn.Module:
        return Perceptrons(self.tensors(context)[0].shape[1], self.layers, self.width, self.members)

    def tensors(self, inputs: Inputs) -> list[Tensor]:
        return [torch.from_numpy(np.concatenate(inputs.blocks(self._context), axis=1))]

    def loss(self, net: Any, read: list[Tensor], value: Float[Tensor, " cell"], batch: Int[Tensor, " item"]) -> Tensor:
        # summed over members, so that each is trained as if it were alone
        error = (net(read[0][batch]) - value[batch, None]).abs().mean(0).sum()
        return error + self.penalty * net.weights[-1].abs().sum()

    def _predict(self, inputs: Inputs) -> Moments:
        with torch.inference_mode():
            members = self._net(*self._read(inputs)).cpu().numpy().astype(np.float64)
        return members.mean(1), members.std(1) if self.knows_std else None

    read = staticmethod(adjacency)


class BANANAS(MLP):
    """Three perceptrons as in `MLP`, on the cell's paths; `std` is their spread."""

    about = About("BANANAS", "White et al. 2021, arXiv:1910.11858; as in arXiv:2104.01177")
    members = 3
    knows_std = True
    read = staticmethod(paths)


def _xavier(members: int, n_in: int, n_out: int) -> Tensor:
    return torch.empty(members, n_in, n_out).uniform_(-1, 1) * (6 / (n_in + n_out)) ** 0.5
