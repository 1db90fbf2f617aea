"""Spaces whose cells share one graph: each node between input and output carries one of a few operations.

    GraphSpace("mine", {"conv": "conv3x3", "wide": Operation("wide", width=96)}, [(0, 1), (1, 2), (2, 3)])

A cell is then a row of digits. NAS-Bench-201, the TransNAS-Bench-101 micro space and NAS-Bench-Macro are of this kind;
the first two put operations on the edges of a graph of four states, and arrive here as its line graph (`FOUR_STATES`).
Each of these defines the text around its digits; without that, text is the operations' names, joined by commas.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from metanp.canonical import canonical_order
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.given.settings import read_generator, read_items, read_text, shown
from metanp.nearest import nearest_one
from metanp.operations import INDEX, Operation, operation_at, operation_index
from metanp.spaces.base import Space

# The operations of a four-state cell, in the order of the NAS-Bench-201 string: (from state, to state).
# Operation i of this list is node i + 1 of the cell.
STATE_EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


def _line_graph() -> tuple[tuple[int, int], ...]:
    nodes = list(enumerate(STATE_EDGES, start=1))
    first = [(0, i) for i, (start, _) in nodes if start == 0]
    between = [(i, j) for i, (_, end) in nodes for j, (start, _) in nodes if end == start]
    last = [(i, len(nodes) + 1) for i, (_, end) in nodes if end == 3]
    return tuple(sorted(first + between + last))


FOUR_STATES = _line_graph()


class GraphSpace(Space):
    """One graph, and an operation for each of its inner nodes.

    In a space too large to list, a cell that lost nodes when it was pruned is not found again: it has to be written on
    the edges of the space, in any order of its nodes.

    Args:
        name: of the space.
        operations: the benchmark's name of each operation, without a comma -> ours, a word of the vocabulary or a
            described one, each once; their order gives the digits.
        edges: of every cell, each from a lower node to a higher one; node 0 is the input, the last node the output,
            digit i belongs to node i + 1.

    Raises:
        ValueError: no operation or no inner node, one that is not known (names the nearest) or has two names, a name
            that is not read back, or edges of no cell.
    """

    def __init__(self, name: str, operations: Mapping[str, str | Operation], edges: Sequence[tuple[int, int]]):
        self.name = name
        self.own_names = tuple(operations)
        self.operations = tuple(operation_at(operation_index(one)) for one in operations.values())
        self.edges = tuple(sorted((u, v) for u, v in edges))
        self.slots = max((v for _, v in self.edges), default=0) - 1
        if not self.operations or self.slots < 1:
            raise ValueError(f"the space {name!r:.80} needs an operation, and a node between input and output")
        if down := [edge for edge in self.edges if edge[0] >= edge[1]]:
            raise ValueError(
                f"{name!r:.80}: the edge {down[0]} does not go up; number the nodes so that every edge does"
            )
        self._check_names()
        self._digit: dict[Any, int] = {operation: digit for digit, operation in enumerate(self.operations)}
        self.cell([0] * self.slots)  # refuses edges of no cell

    def __len__(self) -> int:
        return len(self.operations) ** self.slots

    def cell(self, digits: Sequence[int]) -> Cell:
        """The cell of these digits, one a slot.

        Raises:
            ValueError: a wrong number of digits, or a digit that stands for no operation.
        """
        digits = read_items(digits, f"the list of digits of a cell of {self.name}")
        if len(digits) != self.slots or any(digit not in range(len(self.operations)) for digit in digits):
            top = len(self.operations) - 1
            raise ValueError(
                f"{self.name} writes a cell as {self.slots} digits from 0 to {top}, not as {shown(digits)}"
            )
        return Cell(("input", *(self.operations[int(digit)] for digit in digits), "output"), self.edges)

    def digits(self, cell: Cell) -> tuple[int, ...]:
        """The digits `cell` was made from, else the first in the space's order that compute the same.

        Raises:
            ValueError: no cell of the space computes the same.
        """
        if (own := self._own_digits(cell)) is not None:
            return own
        if not self.is_listed:
            found = next(filter(None, map(self._renumbered, (cell, cell.canonical))), None)
            if found is None:
                edges = f"write it on the edges of the space, {shown(self.edges)}, if nodes of it were pruned"
                raise ValueError(f"{self._foreign(cell)}; {edges}")
            return found
        return tuple(self.digit_rows()[self.find(cell)].tolist())

    def digit_rows(self) -> Int[np.ndarray, "cell slot"]:
        """The digits of every cell in the space's order: counted up, the last digit fastest."""
        return np.indices((len(self.operations),) * self.slots).reshape(self.slots, -1).T

    def parse_text(self, text: str) -> Cell:
        """From the operations' names, joined by commas; ValueError names what is wrong."""
        names = read_text(text, f"a cell of {self.name}").split(",")
        if len(names) != self.slots:
            raise ValueError(f"{self.name} writes a cell as {self.slots} names joined by commas, not as {shown(text)}")
        return self.cell([self.own_digit(name.strip()) for name in names])

    def write_text(self, cell: Cell) -> str:
        """To the operations' names, joined by commas."""
        return ",".join(self.own_names[digit] for digit in self.digits(cell))

    def neighbours(self, cell: Cell) -> list[Cell]:
        """One operation changed; some may compute the same as the cell does."""
        digits = self.digits(cell)
        others = [(slot, d) for slot in range(self.slots) for d in range(len(self.operations)) if d != digits[slot]]
        return [self.cell((*digits[:slot], d, *digits[slot + 1 :])) for slot, d in others]

    def sample(self, rng: np.random.Generator) -> Cell:
        """Each operation evenly, so that all rows of digits are equally likely."""
        rng = read_generator(rng)
        return self.cell(rng.integers(len(self.operations), size=self.slots).tolist())

    def mutate(self, cell: Cell, rng: np.random.Generator) -> Cell:
        """Another operation at one node, all equally likely.

        Raises:
            ValueError: a cell of another space, or a space of one operation.
        """
        rng = read_generator(rng)
        digits = list(self.digits(cell))
        if len(self.operations) == 1:
            raise self._alone(cell)
        slot = int(rng.integers(self.slots))
        digits[slot] = (digits[slot] + int(rng.integers(1, len(self.operations)))) % len(self.operations)
        return self.cell(digits)

    def crossover(self, a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
        """Each operation from either, evenly."""
        rng = read_generator(rng)
        from_a = rng.random(self.slots) < 0.5
        pairs = zip(from_a, self.digits(a), self.digits(b), strict=True)
        return self.cell([of_a if take_a else of_b for take_a, of_a, of_b in pairs])

    def own_digit(self, own_name: str) -> int:
        """The digit of the benchmark's operation name; ValueError names the nearest."""
        if own_name in self.own_names:
            return self.own_names.index(own_name)
        raise ValueError(f"{self.name} has no operation {own_name!r}; {nearest_one(own_name, self.own_names)}")

    def _own_digits(self, cell: Cell) -> tuple[int, ...] | None:
        inner = cell.operations[1:-1]
        if cell.edges != self.edges or cell.operations[0] != "input" or cell.operations[-1] != "output":
            return None
        return tuple(self._digit[name] for name in inner) if all(name in self._digit for name in inner) else None

    def _renumbered(self, cell: Cell) -> tuple[int, ...] | None:
        """The digits of a cell whose graph is that of the space under other numbers."""
        names = ["input", *[""] * self.slots, "output"]
        labels = [one if one in ("input", "output") else "" for one in map(str, cell.operations)]
        if cell.parameters or sorted(labels) != sorted(names) or len(cell.edges) != len(self.edges):
            return None
        orders = canonical_order(labels, cell.edges), canonical_order(names, self.edges)
        number = dict(zip(*orders, strict=True))
        if sorted((number[u], number[v]) for u, v in cell.edges) != list(self.edges):
            return None
        operations = [cell.operations[node] for node in sorted(number, key=number.__getitem__)]
        return self._own_digits(Cell(operations, self.edges))

    def _check_names(self) -> None:
        for name in self.own_names:
            if not isinstance(name, str) or not name or name != name.strip() or "," in name:
                raise ValueError(
                    f"{self.name!r:.80}: the name {shown(name)} is not read back from a cell's text; "
                    "give a text without commas and without blanks at its ends"
                )
        for digit, operation in enumerate(self.operations):
            if (first := self.operations.index(operation)) < digit:
                raise ValueError(
                    f"{self.name!r:.80}: {self.own_names[first]!r:.80} and {self.own_names[digit]!r:.80} are the same "
                    "operation; leave one of them out"
                )

    def list_cells(self) -> CellArray:
        rows = self.digit_rows()
        operation = np.empty((len(rows), self.slots + 2), dtype=np.int16)
        operation[:, 0], operation[:, -1] = INDEX["input"], INDEX["output"]
        operation[:, 1:-1] = np.array([operation_index(one) for one in self.operations])[rows]
        adjacency = np.zeros((self.slots + 2, self.slots + 2), dtype=bool)
        adjacency[tuple(np.transpose(self.edges))] = True
        return CellArray(operation, np.repeat(adjacency[None], len(rows), axis=0))
