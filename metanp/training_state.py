"""The files of a training run, so that it can be killed at any moment and resumed bit for bit.

    last.safetensors    weights, the optimiser's moments and the progress, to resume from
    log.jsonl           a line a step, a line a validation
    non-finite-...      the episodes on which a training stopped

Every file is whole at any moment, except the last line of the log and hidden files of interrupted writes
(`drop_leftovers`). Contains no loop: `metanp.meta_training` decides when to save.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from metanp.atomic import write_whole
from metanp.checkpoint import read_tensors, write_tensors

STATE, LOG = "last.safetensors", "log.jsonl"
LEFTOVERS = (".*.safetensors.*", f".{LOG}.*")  # of interrupted writes
FREE_ON_RESUME = ("device", "validate_every", "save_every")  # settings that may differ when a run is resumed


class Reached(NamedTuple):
    """How far a training came: steps done, the best validation score, seconds."""

    step: int
    best: float
    seconds: float


def save(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, reached: Reached, training: Mapping[str, Any]
) -> None:
    """Write all that a resumed run needs; training: its configuration."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"optimiser.{name}.{key}"] = value
    write_tensors(folder / STATE, tensors, {"kind": "training state", **reached._asdict(), "training": training})


def restore(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, training: Mapping[str, Any]
) -> Reached | None:
    """Bring a model and its optimiser to where `save` left them; None where nothing was saved.

    Raises:
        metanp.checkpoint.CheckpointError: it is not whole, or not ours.
        ValueError: it is of another model, or was trained with another configuration.
    """
    if not (folder / STATE).is_file():
        return None
    tensors, card = read_tensors(folder / STATE)
    _check_resumable(folder, card.get("training", {}), training)
    try:
        model.load_state_dict(_below("model.", tensors))
    except RuntimeError as error:
        raise ValueError(f"{folder} was trained with another model configuration: {error}") from None
    for name, parameter in model.named_parameters():
        found = _below(f"optimiser.{name}.", tensors)
        # the step counter stays on the CPU, where AdamW expects it
        optimiser.state[parameter] = {k: v if k == "step" else v.to(parameter) for k, v in found.items()}
    return Reached(*(card[name] for name in Reached._fields))


def forget(folder: Path) -> None:
    """Drop what an earlier run saved, and its log."""
    (folder / STATE).unlink(missing_ok=True)
    drop_leftovers(folder, 0)


def add_to_log(folder: Path, line: Mapping[str, Any]) -> None:
    """Append a line; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOG, "a") as file:
        file.write(json.dumps(line) + "\n")


def drop_leftovers(folder: Path, step: int) -> None:
    """Remove what a killed run left: half-written files, and log lines of steps after this one, to be done again."""
    for half_written in itertools.chain.from_iterable(folder.glob(pattern) for pattern in LEFTOVERS):
        half_written.unlink(missing_ok=True)
    path = folder / LOG
    if not path.is_file():
        return
    lines = path.read_text().splitlines()
    kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
    write_whole(path, "".join(line + "\n" for line in kept).encode())  # a run may be killed here as well


def save_blamed(
    folder: Path, step: int, pieces: Sequence[Any], numbers: Sequence[Sequence[int]], each: Sequence[Tensor]
) -> str:
    """Save the pieces of a step with episodes whose loss is not finite; all where no single episode is at fault.

    Args:
        numbers: of the episodes of each piece.
        each: log-likelihoods of the episodes of each piece.

    Returns: the episodes at fault, and where they were saved.
    """
    wrong = [
        [number for number, value in zip(piece, values.tolist(), strict=True) if not math.isfinite(value)]
        for piece, values in zip(numbers, each, strict=True)
    ]
    saved = []
    for i, batch in enumerate(pieces):
        if wrong[i] or not any(wrong):
            tensors = dict(_tensors(batch))
            saved.append(str(folder / f"non-finite-step{step}-episode{numbers[i][0]}.safetensors"))
            card = {"kind": "batch", "step": step, "episodes": numbers[i], "non-finite": wrong[i]}
            write_tensors(Path(saved[-1]), {**tensors, "log_likelihood": each[i]}, card)
    blamed = f"episodes {list(itertools.chain(*wrong))}" if any(wrong) else "no single episode of this process"
    return f"{blamed} to blame; saved in {', '.join(saved)}"


def _tensors(batch: Any, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """The tensors of a batch, those of its parts as `part.name`."""
    for name, value in vars(batch).items():
        if isinstance(value, Tensor):
            yield prefix + name, value
        else:
            yield from _tensors(value, f"{prefix}{name}.")


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors whose name begins with `prefix`, by the rest of the name."""
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def _check_resumable(folder: Path, before: Mapping[str, Any], training: Mapping[str, Any]) -> None:
    for name, value in training.items():
        if name not in FREE_ON_RESUME and before.get(name) != value:
            raise ValueError(
                f"{folder} was trained with {name}={before.get(name)}, not {value}: "
                "resume it with the same configuration, or train into another folder"
            )
