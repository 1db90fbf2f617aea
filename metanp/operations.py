"""The one vocabulary of operations, and what each of them is.

All search spaces use these names, so that a 3x3 convolution is the same in each of them. The model reads an operation
as its attributes (`ATTRIBUTES`, shared by similar operations) plus a learned residual of its own.

Independent of cells and spaces. The order of `VOCABULARY` is part of the checkpoint format: append, never reorder.

`skip` is an identity, `none` carries nothing. Kernel sizes and dilations are in pixels; expansion is the factor of
an inverted bottleneck's width. GNN operations follow NAS-Bench-Graph (Qin et al. 2022), recurrent ones NAS-Bench-NLP
(Klyuchnikov et al. 2022). `custom1` to `custom4` are for operations that the vocabulary lacks: their effect is inferred
from the evaluated cells alone.
"""

from dataclasses import dataclass

import numpy as np

from metanp.nearest import names_like

KINDS = (
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


@dataclass(frozen=True)
class Operation:
    """What a node computes: its kind, and the numbers that distinguish operations of one kind."""

    name: str
    kind: str
    kernel_size: int = 0
    dilation: int = 1
    separable: bool = False
    expansion: int = 1
    parametric: bool = False
    maximum: bool = False
    attention: bool = False
    spectral: bool = False
    root_weight: bool = False

    @property
    def attributes(self) -> tuple[float, ...]:
        """The numbers the encoder reads, in the order of `ATTRIBUTES`, each of order one."""
        kind = tuple(float(self.kind == k) for k in KINDS)
        flags = (self.separable, self.parametric, self.maximum, self.attention, self.spectral, self.root_weight)
        receptive = (self.kernel_size - 1) * self.dilation / 2 if self.kernel_size else 0.0
        sizes = (receptive, float(self.dilation - 1), (self.expansion - 1) / 5)
        return kind + tuple(map(float, flags)) + sizes


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


def operation_index(name: str) -> int:
    """The index of `name` in the vocabulary.

    Raises:
        ValueError: no such operation; names the nearest known ones.
    """
    if isinstance(name, str) and (index := INDEX.get(name)) is not None:
        return index
    near = names_like(name, INDEX)
    hint = f"nearest known: {', '.join(near)}" if near else f"known: {', '.join(INDEX)}"
    if not isinstance(name, str):
        raise ValueError(f"unknown operation {name!r:.80}, a {type(name).__name__} and no name; {hint}")
    raise ValueError(
        f"unknown operation {name[:80]!r}; {hint}; for an operation that the vocabulary has no word for, take one of "
        "custom1, custom2, custom3, custom4, the same in all cells: its meaning is read off the evaluated cells"
    )
