"""The vocabulary of operations, and numbers for those that are described.

Every search space is written in these words, so that a 3x3 convolution is the same thing wherever it stands. What the
vocabulary has no word for is an `Operation` with attributes; a description that says just what a word says is that
word. Models with one row an operation read a described one as the word that is most like it (`words`); what tells it
from that word is in the numbers of `metanp.descriptions`, and in its own colour (`colours`).

Knows no cell and no space. The order of `VOCABULARY` is part of the checkpoint format: append, never reorder. Described
operations are numbered as they come, good for one process.

`skip` is an identity, `none` carries nothing. GNN operations follow NAS-Bench-Graph (Qin et al. 2022), recurrent ones
NAS-Bench-NLP (Klyuchnikov et al. 2022). `custom1` to `custom4` are for operations of which nothing is known: their
meaning is read off the evaluated cells alone.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Int, UInt64

from metanp.nearest import names_like
from metanp.operation import ATTRIBUTES as ATTRIBUTES
from metanp.operation import KINDS as KINDS
from metanp.operation import Operation as Operation


def _convolution(name: str, kernel_size: int, **more) -> Operation:
    return Operation(name, "convolution", kernel_size=kernel_size, parametric=True, **more)


VOCABULARY: tuple[Operation, ...] = (
    Operation("input", "input"),
    Operation("output", "output"),
    Operation("none", "none"),
    Operation("skip", "skip"),
    _convolution("conv1x1", 1),
    _convolution("conv3x3", 3),
    _convolution("conv5x5", 5),
    Operation("avgpool3x3", "pool", kernel_size=3),
    Operation("maxpool3x3", "pool", kernel_size=3, maximum=True),
    _convolution("sepconv3x3", 3, separable=True),
    _convolution("sepconv5x5", 5, separable=True),
    _convolution("dilconv3x3", 3, separable=True, dilation=2),
    _convolution("dilconv5x5", 5, separable=True, dilation=2),
    _convolution("mbconv3x3_e3", 3, separable=True, expansion=3),
    _convolution("mbconv5x5_e6", 5, separable=True, expansion=6),
    Operation("gat", "aggregation", parametric=True, attention=True),
    Operation("gcn", "aggregation", parametric=True, spectral=True),
    Operation("gin", "aggregation", parametric=True, root_weight=True, expansion=2),
    Operation("cheb", "aggregation", parametric=True, spectral=True, root_weight=True),
    Operation("sage", "aggregation", parametric=True, root_weight=True),
    Operation("arma", "aggregation", parametric=True, spectral=True, root_weight=True, expansion=2),
    Operation("graphconv", "aggregation", parametric=True, root_weight=True, maximum=True),
    Operation("fc", "linear", parametric=True),
    Operation("linear", "linear", parametric=True),
    Operation("tanh", "activation"),
    Operation("sigmoid", "activation", attention=True),
    Operation("leaky_relu", "activation", maximum=True),
    Operation("product", "product"),
    Operation("sum", "sum"),
    Operation("blend", "sum", attention=True),
    Operation("custom1", "custom"),
    Operation("custom2", "custom"),
    Operation("custom3", "custom"),
    Operation("custom4", "custom"),
)

INDEX: dict[str, int] = {operation.name: i for i, operation in enumerate(VOCABULARY)}
INPUT, OUTPUT, NONE, SKIP = (INDEX[name] for name in ("input", "output", "none", "skip"))

# (operation, attribute), float32
ATTRIBUTE_TABLE = np.array([operation.attributes for operation in VOCABULARY], dtype=np.float32)


_DESCRIBED: list[Operation] = []  # in the order of their numbers, which follow those of the vocabulary
_NUMBER: dict[Operation, int] = {operation: i for i, operation in enumerate(VOCABULARY)}
_LOCK = threading.Lock()


def operation_index(operation: str | Operation) -> int:
    """Where a word stands in the vocabulary; of a described operation a number behind all of them.

    Raises:
        ValueError: no such word; names the nearest known ones.
    """
    if isinstance(operation, str) and (index := INDEX.get(operation)) is not None:
        return index
    if not isinstance(operation, Operation):
        raise ValueError(_unknown(operation))
    if (number := _NUMBER.get(operation)) is None:
        with _LOCK:
            number = _NUMBER.setdefault(operation, len(_NUMBER))
            if number == len(VOCABULARY) + len(_DESCRIBED):
                _DESCRIBED.append(operation)
    return number


def operation_indices(operations: Sequence[str | Operation]) -> list[int]:
    """`operation_index` of each, fast where all are words."""
    try:
        return [INDEX[one] for one in operations]  # type: ignore[index]
    except KeyError:
        return [operation_index(one) for one in operations]


def operation_at(index: int) -> str | Operation:
    """What `operation_index` gave this number: a word by its name."""
    return VOCABULARY[index].name if index < len(VOCABULARY) else _DESCRIBED[index - len(VOCABULARY)]


def operation_text(index: int) -> str:
    """The same as text: JSON of what is described."""
    operation = operation_at(index)
    return operation if isinstance(operation, str) else json.dumps(operation.to_json(), sort_keys=True)


def described(index: int) -> Operation:
    """The description of what has this number, of a word too."""
    return VOCABULARY[index] if index < len(VOCABULARY) else _DESCRIBED[index - len(VOCABULARY)]


def word_of(operation: Operation) -> int:
    """The word most like an operation: of its kind as models know it, nearest in attributes; the first of several.

    Of a kind that nobody knows one of the custom words, by its description.
    """
    own = np.array(operation.attributes, dtype=np.float32)
    if own[KINDS.index("custom")]:
        return INDEX["custom1"] + _hashed(operation) % 4
    apart = np.abs(ATTRIBUTE_TABLE - own)
    apart[:, : len(KINDS)] *= 100
    apart[:SKIP] = np.inf  # never an end or none
    return int(apart.sum(1).argmin())


def words(operation: Int[np.ndarray, "*axes"]) -> Int[np.ndarray, "*axes"]:
    """The word that stands for each number; -1, where padded, stays."""
    if operation.max(initial=-1) < len(VOCABULARY):
        return operation
    return _tables(len(_DESCRIBED))[0].astype(operation.dtype)[operation]


def colours(operation: Int[np.ndarray, "*axes"]) -> UInt64[np.ndarray, "*axes"]:
    """64 bits for what each number stands for, the same in every process; of words their number."""
    if operation.max(initial=-1) < len(VOCABULARY):
        return operation.astype(np.uint64)
    return _tables(len(_DESCRIBED))[1][operation]


@lru_cache(maxsize=1)
def _tables(count: int) -> tuple[Int[np.ndarray, " number"], UInt64[np.ndarray, " number"]]:
    """Words and colours of all numbers there are; of -1, where padded, the last."""
    known, own = range(len(VOCABULARY)), _DESCRIBED[:count]
    like = np.array([*known, *map(word_of, own), -1])
    return like, np.array([*known, *map(_hashed, own), 2**64 - 1], dtype=np.uint64)


def _hashed(operation: Operation) -> int:
    return int.from_bytes(hashlib.blake2b(operation.text.encode(), digest_size=8).digest(), "little")


def _unknown(name: Any) -> str:
    near = names_like(name, INDEX)
    hint = f"nearest known: {', '.join(near)}" if near else f"known: {', '.join(INDEX)}"
    if not isinstance(name, str):
        return f"unknown operation {name!r:.80}, a {type(name).__name__} and no name; {hint}"
    return (
        f"unknown operation {name[:80]!r}; {hint}; what the vocabulary has no word for is described, as in "
        "Operation('name', kind='convolution', kernel_size=7), or is one of custom1, custom2, custom3, custom4, the "
        "same in all cells: its meaning is then read off the evaluated cells"
    )
