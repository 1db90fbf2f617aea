"""NAS-Bench-101: graphs of at most 7 vertices and 9 edges with three operations, 423,624 unique cells.

The benchmark gives a cell as an upper-triangular matrix and the operation of each vertex, drops vertices on no path,
and names what is left by an md5 of its graph (`graph_hash`). The index counts cells in the order of that md5, as the
published data set does. Listing the space is the work of `metanp.spaces.nasbench101_enumeration`.

Text: the matrix above the diagonal, row by row, then the inner operations (C conv3x3, c conv1x1, M maxpool3x3), as in
`100110100001001010101-CMCCc`; the published md5 is read too.

Source: Ying et al., "NAS-Bench-101", ICML 2019 (arXiv:1902.09635).
"""

import re
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Int

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.forms import register
from metanp.given.settings import read_generator, read_items, read_text
from metanp.nearest import nearest_one
from metanp.spaces import nasbench101_edits as edits
from metanp.spaces import nasbench101_enumeration as enumeration
from metanp.spaces.base import Space
from metanp.spaces.nasbench101_graph import LABEL, MAX_EDGES, MAX_VERTICES, published_md5

OWN_NAMES = {"conv3x3-bn-relu": "conv3x3", "conv1x1-bn-relu": "conv1x1", "maxpool3x3": "maxpool3x3"}
LETTERS = {"C": "conv3x3", "c": "conv1x1", "M": "maxpool3x3"}
TO_OWN = {"input": "input", "output": "output"} | {ours: own for own, ours in OWN_NAMES.items()}
TO_LETTER = {ours: letter for letter, ours in LETTERS.items()}


def parse(matrix: Sequence[Sequence[int]] | np.ndarray, operations: Sequence[str]) -> Cell:
    """From an upper-triangular matrix and the benchmark's operation names; of any size, vertices on no path stay.

    Raises:
        ValueError: a matrix that is not square, not 0 and 1, not upper-triangular or not of the operations' number; an
            operation the benchmark does not have (names the nearest).
    """
    operations = read_items(operations, "the list of operations of a NAS-Bench-101 cell")
    try:
        a = np.asarray(matrix)
    except ValueError:
        raise ValueError("the matrix of a NAS-Bench-101 cell has rows of different lengths") from None
    if a.shape != (len(operations), len(operations)):
        raise ValueError(f"{len(operations)} operations need a matrix of as many rows and columns, not {a.shape}")
    if not np.isin(a, (0, 1)).all() or np.tril(a).any():
        wrong = next((int(i), int(j)) for i, j in np.ndindex(a.shape) if a[i, j] not in (0, 1) or (a[i, j] and i >= j))
        raise ValueError(f"matrix entry {wrong} is {a[wrong]!r}: only 0 and 1, and 1 only above the diagonal")
    names = ("input", *(_ours(name) for name in operations[1:-1]), "output")
    if (operations[0], operations[-1]) != ("input", "output"):
        raise ValueError(
            f"the first vertex is 'input' and the last 'output', not {operations[0]!r}, {operations[-1]!r}"
        )
    return Cell(names, np.argwhere(a).tolist())


def write(cell: Cell) -> tuple[list[list[int]], list[str]]:
    """To (matrix, operation names), pruned; vertices keep their order where it is topological.

    Raises:
        ValueError: no live path, too many vertices or edges, or an operation the benchmark does not have.
    """
    pruned = _checked(cell)
    matrix = np.zeros((len(pruned), len(pruned)), dtype=int)
    matrix[tuple(np.transpose(pruned.edges))] = 1
    return matrix.tolist(), [TO_OWN[name] for name in pruned.names]


def graph_hash(cell: Cell) -> str:
    """The md5 by which the benchmark names the pruned cell: 32 hexadecimal digits.

    Raises:
        ValueError: as `write`.
    """
    pruned = _checked(cell)
    return published_md5([LABEL[name] for name in pruned.names], pruned.edges)


class NASBench101(Space):
    """The 423,624 unique cells, in the order of their md5; a minute to list once a machine, then a second."""

    name = "nasbench101"

    def __len__(self) -> int:
        return enumeration.UNIQUE_CELLS

    def parse_text(self, text: str) -> Cell:
        """From `<matrix bits>-<letters>`, or from the published md5; ValueError names what is wrong."""
        text = read_text(text, f"a cell of {self.name}")
        if re.fullmatch("[0-9a-f]{32}", text):
            return self[int(self.index([text])[0])]
        bits, dash, letters = text.partition("-")
        size = len(letters) + 2
        if not dash or len(bits) != size * (size - 1) // 2 or set(bits) - set("01") or set(letters) - set(LETTERS):
            raise ValueError(
                f"not a NAS-Bench-101 cell: {text[:80]!r}; expected an md5, or bits and letters as in '111-C' for "
                "input to C, input to output, C to output (C conv3x3, c conv1x1, M maxpool3x3)"
            )
        u, v = np.triu_indices(size, 1)
        edges = [(int(i), int(j)) for i, j, bit in zip(u, v, bits, strict=True) if bit == "1"]
        return Cell(("input", *(LETTERS[letter] for letter in letters), "output"), edges)

    def write_text(self, cell: Cell) -> str:
        """To `<matrix bits>-<letters>`, pruned."""
        pruned = _checked(cell)
        present = set(pruned.edges)
        pairs = zip(*np.triu_indices(len(pruned), 1), strict=True)
        bits = "".join("1" if (int(u), int(v)) in present else "0" for u, v in pairs)
        return bits + "-" + "".join(TO_LETTER[name] for name in pruned.names[1:-1])

    def find(self, cell: Cell) -> int:
        """The index of the cell that computes the same; ValueError names what is not in the space."""
        return int(self.index([graph_hash(cell)])[0])

    def index(self, hashes: Sequence[str]) -> Int[np.ndarray, " hash"]:
        """The index of each published md5.

        Raises:
            ValueError: one that no cell has; names the first.
        """
        return self._enumerated.index(hashes)

    def hashes(self) -> list[str]:
        """The published md5 of every cell, in order."""
        return self._enumerated.hashes()

    def neighbours(self, cell: Cell) -> list[Cell]:
        """One edge added or removed, one operation changed, or one vertex added with one edge in and one out.

        All canonical, with distinct keys, in an order that does not depend on how `cell` is numbered.
        """
        return edits.neighbours(_checked(cell).canonical)

    def mutate(self, cell: Cell, rng: np.random.Generator) -> Cell:
        """One random edit; edits that lead to the same neighbour make it likelier."""
        rng = read_generator(rng)
        return edits.mutate(_checked(cell).canonical, rng)

    def crossover(self, a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
        """Each matrix entry and each operation from either; `a` where a hundred tries give no cell of the space."""
        rng = read_generator(rng)
        return edits.crossover(_checked(a).canonical, _checked(b).canonical, rng)

    def list_cells(self) -> CellArray:
        return self._enumerated.cells()

    @cached_property
    def _enumerated(self) -> enumeration.Enumeration:
        return enumeration.load()


SPACE = NASBench101()
register("nasbench101", parse, write)


def _ours(own_name: str) -> str:
    if isinstance(own_name, str) and own_name in OWN_NAMES:
        return OWN_NAMES[own_name]
    raise ValueError(f"NAS-Bench-101 has no operation {own_name!r}; {nearest_one(own_name, OWN_NAMES)}")


def _checked(cell: Cell) -> Cell:
    """The pruned cell, its vertices in topological order."""
    pruned = cell.pruned
    foreign = [name for name in pruned.operations if name not in LABEL]
    if foreign:
        raise ValueError(f"NAS-Bench-101 has no operation {foreign[0]!r}: {cell.to_json()}")
    if not pruned.edges:
        raise ValueError(f"NAS-Bench-101 has no cell without a path from input to output: {cell.to_json()}")
    if len(pruned) > MAX_VERTICES or len(pruned.edges) > MAX_EDGES:
        limit = f"at most {MAX_VERTICES} vertices and {MAX_EDGES} edges"
        raise ValueError(f"NAS-Bench-101 has {limit}, not {len(pruned)} and {len(pruned.edges)}: {cell.to_json()}")
    ends = (pruned.operations[0], pruned.operations[-1])
    return pruned if ends == ("input", "output") and all(u < v for u, v in pruned.edges) else pruned.canonical
