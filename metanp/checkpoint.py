"""Checkpoints: safetensors with a JSON card in the header, written whole or not at all, read whole or not at all.

A file holds named tensors and one JSON object; a digest over both is in the header, so that a truncated, altered or
foreign file is refused with its name. No pickle anywhere. The shipped ones are in `metanp/checkpoints/`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from metanp.atomic import write_whole
from metanp.model import Model, ModelConfig

FORMAT = "metanp-1"
SHIPPED = Path(__file__).parent / "checkpoints"
ALIASES = {  # both benchmarks of a pair are held out together, so one checkpoint serves both
    "label-free-roles": "label-free",  # a name of before it read roles itself
    "cross-space-analog": "cross-space-nasbench201",
    "cross-space-transnas": "cross-space-nasbench201",
    "cross-task-analog": "cross-task-nasbench201",
}
T = TypeVar("T")


class CheckpointError(ValueError):
    """A file that is no checkpoint of this project, or a damaged one; the message names it."""


def write_tensors(path: Path, tensors: Mapping[str, Tensor], card: Mapping[str, Any]) -> None:
    """Write tensors and their card; a reader sees the old file or the new one, never a part."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}
    text = json.dumps(card, sort_keys=True)
    data = save(plain, metadata={"format": FORMAT, "card": text, "sha256": _digest(plain, text)})
    write_whole(path, data)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Tensors and card.

    Raises:
        CheckpointError: absent, truncated, altered or foreign.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path}: not a whole safetensors file ({error}); copy or download it again") from None
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path}: format {metadata.get('format')!r}, expected {FORMAT!r}: not from this project")
    if metadata.get("sha256") != _digest(tensors, metadata.get("card", "")):
        raise CheckpointError(f"{path}: its content does not match its digest: it was altered; copy it again")
    return tensors, json.loads(metadata["card"])


def save_model(path: Path, model: Model, card: Mapping[str, Any]) -> None:
    """Write a model with its configuration and its card (sources, cost, metrics)."""
    write_tensors(path, model.state_dict(), {**card, "model": asdict(model.config)})


def load_model(checkpoint: str | Path) -> tuple[Model, dict[str, Any]]:
    """A model and its card, from the name of a shipped checkpoint or a path.

    Raises:
        CheckpointError: no such name or file, or a file that is not whole, not ours, or of other shapes than its
            configuration says.
    """
    path = find(checkpoint)
    tensors, card = read_tensors(path)
    if "model" not in card:
        raise CheckpointError(f"{path}: holds no model but {card.get('kind', 'something else')!r}")
    try:
        with torch.random.fork_rng(devices=[]):  # initial weights are overwritten: the user's random state is kept
            model = Model(from_dict(ModelConfig, card["model"]))
        model.load_state_dict(tensors)
    except (RuntimeError, TypeError, ValueError) as error:
        why = " ".join(str(error).split()).rstrip(". ")
        where = f"; it was written at commit {card['commit']}, which reads it" if "commit" in card else ""
        raise CheckpointError(f"{path}: does not fit this version of metanp: {why}{where}") from None
    return model.eval(), card


def find(checkpoint: str | Path) -> Path:
    """The path of a checkpoint, from the name of a shipped one or a path."""
    if not isinstance(checkpoint, str | Path):
        raise CheckpointError(f"checkpoint is {checkpoint!r:.80}; give the name of a shipped one, or a path")
    name = ALIASES.get(str(checkpoint), str(checkpoint))
    shipped = SHIPPED / f"{name}.safetensors"
    with suppress(OSError, ValueError):  # for names that no file can have
        if shipped.is_file():
            return shipped
        if Path(checkpoint).is_file():
            return Path(checkpoint)
    known = ", ".join(sorted([*ALIASES, *shipped_names()]))
    raise CheckpointError(f"no checkpoint {str(checkpoint)[:200]!r}: neither a file nor one of {known}")


def shipped_names() -> list[str]:
    """Names of the checkpoints inside the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.safetensors"))


def from_dict(kind: type[T], values: Mapping[str, Any]) -> T:
    """A configuration dataclass from nested dictionaries.

    Raises:
        ValueError: a key that the dataclass does not have.
    """
    hints = get_type_hints(kind)
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(values) - known:
        raise ValueError(f"{kind.__name__} has no {sorted(unknown)}; it has {sorted(known)}")
    return kind(
        **{
            name: from_dict(hints[name], value) if is_dataclass(hints[name]) else value
            for name, value in values.items()
        }
    )


def _digest(tensors: Mapping[str, Tensor], card: str) -> str:
    digest = hashlib.sha256(card.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
