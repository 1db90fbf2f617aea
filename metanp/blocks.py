"""Architectures that are a chain of blocks: MobileNet-like networks, macro skeletons, widths, transformer layers.

    Cell.from_blocks([Operation("mbconv", "inverted bottleneck", kernel_size=3, expansion=6), ...])
    Cell.from_blocks([{"kernel_size": 3, "expansion": 6, "stage": 0}, {"kernel_size": 5, "stage": 0}, ...])

becomes a chain of described operations and, as parameters of the architecture, what stands at each place: `0.expansion`
of the first block; with stages `2.1.expansion` of the second block of the third stage, and `2.depth` blocks in it. So
the same place in two networks is compared with itself, and one network may be deeper than another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from metanp.cell import Cell
from metanp.forms import register
from metanp.operation import DEFAULTS, Operation

STAGE = "stage"
NAME = "block"  # of blocks that are given by numbers alone


def read(blocks: Iterable[Operation | Mapping[str, Any] | str]) -> Cell:
    """A chain of described operations, words, or mappings: what `Operation` takes, `stage`, and anything else.

    Raises:
        ValueError: no list, no block, or one that is none of these; names it.
    """
    if isinstance(blocks, str | Mapping) or not isinstance(blocks, Iterable):
        raise ValueError(f"the blocks are {blocks!r:.80}; expected a list of operations or of mappings")
    operations: list[str | Operation] = []
    parameters: dict[str, Any] = {}
    depth: dict[Any, int] = {}
    for number, block in enumerate(blocks):
        operation, stage, said = _block(number, block)
        place = str(number) if stage is None else f"{stage}.{depth.get(stage, 0)}"
        depth[stage] = depth.get(stage, 0) + 1
        operations.append(operation)
        parameters |= {f"{place}.{name}": value for name, value in said.items()}
    if not operations:
        raise ValueError("an architecture of no block; expected one at least")
    parameters |= {"depth" if stage is None else f"{stage}.depth": count for stage, count in depth.items()}
    chain = [(i, i + 1) for i in range(len(operations) + 1)]
    return Cell(["input", *operations, "output"], chain, parameters)


def write(cell: Cell) -> list[dict[str, Any] | str]:
    """The operations of a chain, described ones as mappings.

    Raises:
        ValueError: a cell that is no chain.
    """
    if cell.edges != tuple((i, i + 1) for i in range(len(cell) - 1)):
        raise ValueError(f"{cell!r:.80} is no chain of blocks")
    return [one if isinstance(one, str) else one.to_json() for one in cell.operations[1:-1]]


def _block(number: int, block: Any) -> tuple[str | Operation, Any, dict[str, Any]]:
    """Its operation, its stage, and what is said of it."""
    if isinstance(block, str):
        return block, None, {"name": block}
    if isinstance(block, Operation):
        return block, None, _said(block)
    if not isinstance(block, Mapping):
        raise ValueError(f"block {number} is {block!r:.80}; expected an operation, a word or a mapping")
    known = {name: value for name, value in block.items() if name in DEFAULTS and value is not None}
    more = {str(name): value for name, value in block.items() if name not in (*DEFAULTS, STAGE)}
    try:
        operation = Operation.from_json({"name": NAME, **known})
    except ValueError as error:
        raise ValueError(f"block {number}: {error}") from None
    return operation, block.get(STAGE), {**_said(operation), **more}


def _said(operation: Operation) -> dict[str, Any]:
    said = {name: value for name, value in operation.to_json().items() if name != "kernel_size"}
    sizes = operation.kernel_size
    pair = isinstance(sizes, tuple)
    return {**said, **({"kernel_size": list(sizes)} if pair else {"kernel_size": sizes} if sizes else {})}  # type: ignore[arg-type]


register("blocks", read, write)
