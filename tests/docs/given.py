"""What pages leave to the reader: names that a block uses and no block makes, such as a training of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from metanp import examples
from metanp.curves import Curves, Quantity


def train(cell: Any) -> float:
    """A score for any cell, at once."""
    return 80.0 + len(cell.edges) + cell.operations.count("conv3x3")


def _search() -> dict[str, Any]:
    return {"train": train, "other_cell": examples.load().cells[0], "epoch": 1, "accuracy": 31.0}


def _curves() -> dict[str, Any]:
    """Configurations whose accuracy rises to a level of their own; the first thirty are whole."""
    example, rng = examples.load(), np.random.default_rng(0)
    levels = rng.uniform(60, 95, size=40)
    rising = [level - 40 * 0.8 ** np.arange(20) + rng.normal(0, 0.3, size=20) for level in levels]
    quantity = Quantity("validation_accuracy", "percent", maximize=True)
    return {
        "finished_runs": rising[:30],
        "first_epochs": [curve[:5] for curve in rising[30:]],
        "evaluated": example.cells[:30],
        "scores": levels[:30],
        "candidates": example.candidates[:10],
        "whole": Curves.of(rising[:30], quantity),
        "started": Curves.of([curve[:5] for curve in rising[30:]], quantity),
    }


def _images() -> dict[str, Any]:
    rng = torch.Generator().manual_seed(0)
    return {"images": torch.randn(8, 3, 32, 32, generator=rng), "labels": torch.arange(8)}


GIVEN = {
    "README.md": lambda: {"train": train},
    "docs/search.md": _search,
    "docs/many-machines.md": lambda: {"train": train},
    "docs/curves.md": _curves,
    "docs/proxies.md": _images,
}
