"""What a training keeps while it runs: its state after the last epoch, in one file that is whole at any moment."""

from __future__ import annotations

import io
import pickle
import sys
from pathlib import Path
from typing import Any

import torch

from metanp.atomic import write_whole


def save(path: Path, state: dict[str, Any]) -> None:
    """Write it whole or not at all."""
    written = io.BytesIO()
    torch.save(state, written)
    write_whole(path, written.getvalue())


def load(path: Path, device: str) -> dict[str, Any] | None:
    """What was kept; None where nothing was, or what there is cannot be read, which is said."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        return None
    except (RuntimeError, OSError, EOFError, pickle.UnpicklingError) as error:
        print(f"train: {path} cannot be read ({type(error).__name__}); the training starts anew", file=sys.stderr)
        return None
