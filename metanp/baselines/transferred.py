"""FLAN, transferred: trained on tasks of other benchmarks before the evaluated cells are seen.

Axes: cell; task; item of a batch.

Source: Akhauri and Abdelfattah 2024 (arXiv:2403.02484), whose second training is 20 epochs at a tenth of the rate. That
is worse here: from TransNAS-Bench-101 to NAS-Bench-201 a tau of .38, .46 and .63 instead of .60, .73 and .86 at 10, 50
and 200 labels (three label sets). So both trainings here use FLAN's own settings.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from metanp.baselines.flan import FLAN, batched
from metanp.baselines.gates import ranking_loss
from metanp.baselines.networks import repeatable, train
from metanp.cell_array import CellArray
from metanp.torch_state import read_device

PRETRAININGS = 3


class Sources(Hashable, Protocol):
    """Measured tasks of other benchmarks; equal ones have equal hashes."""

    def read(self, seed: int) -> tuple[CellArray, Float[np.ndarray, "cell task"]]:
        """Cells, and their score in each task, higher is better; NaN where it was not measured."""
        ...


class TransferredFLAN(FLAN):
    """FLAN, trained first on tasks of other benchmarks; the cells of a batch are compared within each task.

    Predictors of the same sources in one process share `PRETRAININGS` such trainings, by their seed. Without evaluated
    cells it ranks as after this first training.

    Args:
        sources: where the tasks come from.
    """

    about = replace(FLAN.about, title="FLAN, transferred", family="meta-learned")
    fewest_labels = 0

    def __init__(self, sources: Sources | None = None, seed: int = 0, device: str = "cpu"):
        super().__init__(seed, device)
        self.sources = sources

    def _fit(self, context: Any, value: Float[np.ndarray, " cell"]) -> None:
        if len(value):
            super()._fit(context, value)
        else:
            self._net = self.build(context)

    def prepare(self) -> nn.Module:
        """Train on other benchmarks; slow the first time, so that no fit is.

        Raises:
            ValueError: it was made without `sources`.
        """
        if self.sources is None:
            raise ValueError("TransferredFLAN needs the tasks that it is transferred from; give it sources=")
        return pretrained(self.sources, self.seed % PRETRAININGS, read_device(self.device))

    def build(self, context: Any) -> nn.Module:
        return copy.deepcopy(self.prepare())


@lru_cache(maxsize=PRETRAININGS)
def pretrained(sources: Sources, seed: int, device: torch.device) -> nn.Module:
    cells, scores = sources.read(seed)
    blank = FLAN(seed, str(device))
    value = torch.from_numpy(scores).float().to(device)
    with repeatable(seed, device):
        read = blank._read(blank.encode(cells))
        net = blank.build(None).to(device)

        def loss(batch: Int[Tensor, " item"]) -> Tensor:
            score = net(*(tensor[batch] for tensor in read))
            return torch.stack([ranking_loss(score, task) for task in value[batch].T]).mean()

        train(net, loss, len(value), batched(FLAN.training, len(value)))
    return net
