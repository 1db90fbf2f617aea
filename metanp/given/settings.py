"""Settings and texts from callers: counts, flags, probabilities, lists, seeds and random generators.

Independent of cells and scores. Also the error of all input checks, and `shown`, which formats items for messages.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

SHOWN = 60  # characters of a refused item in a message


class InputError(ValueError, TypeError):
    """Input that cannot be used; the message names the item and the remedy."""


def shown(value: Any) -> str:
    """A value in a message, on one line and not too long."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # of an object that cannot even be printed
        text = f"<{type(value).__name__}>"
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def host(values: Any) -> Any:
    """Tensors, on any device and of any precision, and tables' columns as numpy's; anything else as it is."""
    if "torch" in sys.modules and isinstance(values, sys.modules["torch"].Tensor):
        return values.detach().cpu().double().numpy()
    if hasattr(values, "to_numpy") and hasattr(values, "__len__"):
        plain = isinstance(getattr(values, "dtype", None), np.dtype)
        return values.to_numpy() if plain else values.to_numpy(dtype=object)
    return values


def read_count(value: Any, name: str, least: int | None = 1) -> int:
    """A whole number, as 10, 10.0 or numpy's.

    Raises:
        InputError: no number.
        ValueError: no whole number, or one below `least`.
    """
    try:
        if isinstance(value, bool | np.bool_ | str | bytes):
            raise InputError
        number = float(host(value))
        count = index(value) if hasattr(value, "__index__") and not _is_array(value) else int(number)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} is {shown(value)} ({type(value).__name__}); give a whole number") from None
    if count != number and abs(number) < 2**53:
        raise ValueError(f"{name} is {shown(value)}; give a whole number")
    if least is not None and count < least:
        raise ValueError(f"{name} is {count}; give {least} or more")
    return count


def _is_array(value: Any) -> bool:
    return hasattr(value, "dtype") and not isinstance(value, np.integer)


def read_flag(value: Any, name: str) -> bool:
    """True or False, numpy's too.

    Raises:
        InputError: anything else: a text such as "min" would count as True.
    """
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise InputError(f"{name} is {shown(value)} ({type(value).__name__}); give True or False")


def read_probability(value: Any, name: str) -> float:
    """A probability that is neither 0 nor 1.

    Raises:
        InputError: no number.
        ValueError: not between 0 and 1.
    """
    try:
        number = float(host(value))
    except (TypeError, ValueError):
        raise InputError(f"{name} is {shown(value)} ({type(value).__name__}); give a number, such as 0.9") from None
    if not 0 < number < 1:
        raise ValueError(f"{name} is {value}: {value} is no probability between 0 and 1, such as 0.9")
    return number


def read_seed(rng: Any) -> int:
    """A seed of 0 or more: the one given, or one drawn from a generator; a new one each time for None.

    Args:
        rng: None, a whole number, `numpy.random.Generator` or `RandomState`, or `torch.Generator`.

    Raises:
        InputError: something else.
        ValueError: a negative seed.
    """
    if rng is None:
        return int(np.random.default_rng().integers(2**62))
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**62))
    if isinstance(rng, np.random.RandomState):
        return int(rng.randint(2**62, dtype=np.int64))
    if "torch" in sys.modules and isinstance(rng, sys.modules["torch"].Generator):
        draw = sys.modules["torch"].randint(2**62, (1,), generator=rng, device=rng.device)
        return int(draw.item())
    try:
        return read_count(rng, "rng", least=0)
    except InputError:
        kinds = "a seed (0 or more), a numpy.random.Generator, a torch.Generator, or None"
        raise InputError(f"rng is {shown(rng)} ({type(rng).__name__}); give {kinds}") from None


def read_generator(rng: Any) -> np.random.Generator:
    """A generator of numpy's: the one given, or a new one from what `read_seed` takes."""
    return rng if isinstance(rng, np.random.Generator) else np.random.default_rng(read_seed(rng))


def read_torch_generator(rng: Any) -> torch.Generator:
    """A CPU generator of PyTorch's: the one given, or a new one from what `read_seed` takes.

    Raises:
        ValueError: a generator of another device: draws are made on the CPU, so that a seed means one answer.
    """
    import torch

    if isinstance(rng, torch.Generator):
        if rng.device.type != "cpu":
            raise ValueError(f"rng is a generator of {rng.device}; give one of the CPU, or a seed")
        return rng
    return torch.Generator().manual_seed(read_seed(rng) % 2**63)


def read_text(text: Any, what: str) -> str:
    """A text.

    Raises:
        InputError: anything else, such as NaN where a table has a hole.
    """
    if isinstance(text, str):
        return str(text)
    raise InputError(f"{what} is written as a string, not as {shown(text)} ({type(text).__name__})")


def read_items(items: Any, what: str) -> list[Any]:
    """A list, a tuple, an array or anything else that can be iterated over.

    Raises:
        InputError: a text, or what cannot be iterated over.
    """
    if not isinstance(items, str | bytes | Mapping) and isinstance(items, Iterable):
        return list(items)
    raise InputError(f"{what} is {shown(items)} ({type(items).__name__}); give a list")
