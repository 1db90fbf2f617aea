"""One operation by description: its kind, and the numbers that tell two of a kind apart.

    Operation("fused_mbconv", kind="inverted bottleneck", kernel_size=3, expansion=4, width=96)

Two operations are the same when everything in them is, name and variant included. `metanp.operations` has the words for
common ones.

Kernel sizes, strides and dilations are in pixels, widths in channels or features; expansion is the factor of the inner
width. Knows no cell and no space.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from metanp.nearest import nearest

KINDS = (  # a column of the encoder each; the order is part of the checkpoint format
    "input",
    "output",
    "none",
    "skip",
    "convolution",
    "pool",
    "linear",
    "aggregation",
    "activation",
    "product",
    "sum",
    "custom",
)
READ_AS = {  # further kinds, and the one that the encoder takes each for
    "attention": "linear",
    "concat": "sum",
    "depthwise": "convolution",
    "feed-forward": "linear",
    "identity": "skip",
    "inverted bottleneck": "convolution",
    "normalisation": "activation",
    "recurrent": "linear",
}
SPELLED = {"conv": "convolution", "normalization": "normalisation", "pooling": "pool"}
PARAMETRIC = {"aggregation", "convolution", "linear"} | (READ_AS.keys() - {"concat", "identity"})
ENDS = ("input", "output", "none")  # kinds of one word each
NUMBERS = ("dilation", "expansion", "groups", "heads", "squeeze_excite", "stride", "width", "width_ratio")
FLAGS = ("separable", "maximum", "attention", "spectral", "root_weight")


@dataclass(frozen=True)
class Operation:
    """What a node computes.

    Args:
        name: any; part of the identity, as is `variant`.
        kind: one of `KINDS` or `READ_AS`, or a word of one's own, of which nothing is known.
        kernel_size: one size, or two. expansion: factor of the inner width. parametric: whether it has weights; by its
            kind where it is not said. width_ratio: width as a factor of the most that there can be. heads: of
            attention. squeeze_excite: ratio of the inner width, or True.
        variant: the same, but another one.

    Raises:
        ValueError: no name, a kind of which there is one word alone (input, output, none), or a number that is negative
            or none; names it.
    """

    name: str
    kind: str = "custom"
    kernel_size: float | tuple[float, float] = 0
    dilation: float = 1
    separable: bool = False
    expansion: float = 1
    parametric: bool | None = None
    maximum: bool = False
    attention: bool = False
    spectral: bool = False
    root_weight: bool = False
    stride: float = 1
    groups: float = 1
    width: float = 0
    width_ratio: float = 0
    heads: float = 0
    squeeze_excite: float = 0
    activation: str = ""
    variant: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"an operation's name is {self.name!r:.80}; expected a text")
        kind = SPELLED.get(str(self.kind).replace("_", " "), str(self.kind).replace("_", " "))
        kind = "feed-forward" if kind in ("feedforward", "feed forward") else kind
        if kind in ENDS and self.name != kind:
            raise ValueError(f"operation {self.name!r} is of kind {kind!r}; write the word {kind!r} instead")
        plain: dict[str, Any] = {"kind": kind, "kernel_size": self._kernel()}
        plain |= {name: self._number(name, getattr(self, name)) for name in NUMBERS}
        plain |= {name: bool(getattr(self, name)) for name in FLAGS}
        plain |= {name: str(getattr(self, name)) for name in ("activation", "variant")}
        plain["parametric"] = kind in PARAMETRIC if self.parametric is None else bool(self.parametric)
        for name, value in plain.items():
            object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        said = [f"{name}={value!r}" for name, value in self.to_json().items() if name != "name"]
        return f"Operation({', '.join([repr(self.name), *said])})"

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Operation:
        """From `{"name": ..., "kind": ..., "kernel_size": ...}`.

        Raises:
            ValueError: no name, or something that operations do not have; names the nearest that they have.
        """
        if unknown := [name for name in data if name not in DEFAULTS]:
            raise ValueError(f"an operation has no {unknown[0]!r:.80}; {nearest(unknown[0], DEFAULTS)}")
        if "name" not in data:
            raise ValueError(f"the operation {dict(data)!r:.80} has no 'name'")
        sizes = data.get("kernel_size", 0)
        return cls(**{**data, "kernel_size": tuple(sizes) if isinstance(sizes, list) else sizes})

    def to_json(self) -> dict[str, Any]:
        """Name, kind, and what is not as it is by default."""
        usual = {**DEFAULTS, "parametric": self.kind in PARAMETRIC, "name": None, "kind": None}
        said = {name: getattr(self, name) for name in DEFAULTS if getattr(self, name) != usual[name]}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}

    @cached_property
    def text(self) -> str:
        """All that is said of it; equal for equal operations, on every machine."""
        return json.dumps(self.to_json(), separators=(",", ":"), sort_keys=True)

    def __str__(self) -> str:
        return self.text

    @property
    def numbers(self) -> dict[str, float]:
        """Its numbers by name; of two kernel sizes, height and width."""
        height, width = self.kernel_size if isinstance(self.kernel_size, tuple) else (self.kernel_size,) * 2
        return {"kernel_height": height, "kernel_width": width, **{name: getattr(self, name) for name in NUMBERS}}

    @property
    def largest_kernel(self) -> float:
        """The larger of two sizes; 0 without any."""
        return max(self.kernel_size) if isinstance(self.kernel_size, tuple) else self.kernel_size

    @property
    def kernel(self) -> int:
        """The kernel size in whole pixels, for modules; of two sizes the larger."""
        return int(self.largest_kernel)

    @property
    def attributes(self) -> tuple[float, ...]:
        """The numbers the encoder reads, in the order of `ATTRIBUTES`, each of order one."""
        known = READ_AS.get(self.kind, self.kind if self.kind in KINDS else "custom")
        kind = tuple(float(known == k) for k in KINDS)
        apart = self.separable or self.kind in ("depthwise", "inverted bottleneck")
        attends = self.attention or self.kind == "attention"
        flags = [apart, bool(self.parametric), self.maximum, attends, self.spectral, self.root_weight]
        receptive = (self.largest_kernel - 1) * self.dilation / 2 if self.largest_kernel else 0.0
        return kind + tuple(map(float, flags)) + (receptive, float(self.dilation - 1), (self.expansion - 1) / 5)

    def _kernel(self) -> float | tuple[float, float]:
        sizes = self.kernel_size
        if not isinstance(sizes, tuple | list):
            return self._number("kernel_size", sizes)
        if len(sizes) != 2:
            raise ValueError(f"operation {self.name!r} has kernel_size={sizes!r:.80}; expected one size, or two")
        height, width = (self._number("kernel_size", size) for size in sizes)
        return height if height == width else (height, width)

    def _number(self, name: str, value: Any) -> float:
        """As int where it is whole, so that equal operations are written alike."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number) or number < 0 or isinstance(value, str):
            raise ValueError(f"operation {self.name!r} has {name}={value!r:.80}; expected a number from 0 on")
        return int(number) if number.is_integer() else number


DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Operation)}
ATTRIBUTES = (
    *KINDS,
    "separable",
    "parametric",
    "maximum",
    "attention",
    "spectral",
    "root_weight",
    "receptive_field",
    "dilation",
    "expansion",
)
