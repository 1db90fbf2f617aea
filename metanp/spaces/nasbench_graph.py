"""NAS-Bench-Graph: graph neural networks of four layers, each reading the input or an earlier layer; 26,206 of them.

An architecture is a link list and four operations: layer i (from 1) reads layer links[i - 1], 0 being the input. Layers
that no layer reads are concatenated into the output. As a cell: input -> layers along the links, every leaf -> output.
The benchmark numbers layers in any order and calls trees that differ by it the same; nine trees remain (`LINKS`).

It also calls architectures the same that differ by an *idle* skip, and writes that skip in front of everything, between
input and first layer: a skip with layers behind it; a skip alone behind its layer; and a skip from input to output,
where the raw features are not used. `representative` does this, and the space holds representatives only, as its
tables do. A cell keeps its skips all the same, so that the `Cell.key` of two cells differs where only idle skips do.

Operations by digit: 0 gat 1 gcn 2 gin 3 cheb 4 sage 5 arma 6 graph (our `graphconv`) 7 fc 8 skip.
Text: `0,0,1,2|gat,gcn,gin,skip`. Index: operations counted up, the last fastest but for the tree, as in the tables.
Source: Qin et al., "NAS-Bench-Graph", NeurIPS 2022 (arXiv:2206.09166); its package nas-bench-graph 1.4.0.
"""

from collections.abc import Sequence
from functools import cache
from itertools import permutations, product
from typing import Any

import numpy as np
from jaxtyping import Bool, Int

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.forms import register
from metanp.given.settings import read_generator, read_items, read_text
from metanp.nearest import nearest_one
from metanp.operations import INDEX
from metanp.spaces.base import Space

# Their order is that of the first digit of the benchmark's table keys.
LINKS = (
    (0, 0, 0, 0),
    (0, 0, 0, 1),
    (0, 0, 1, 1),
    (0, 0, 1, 2),
    (0, 0, 1, 3),
    (0, 1, 1, 1),
    (0, 1, 1, 2),
    (0, 1, 2, 2),
    (0, 1, 2, 3),
)
OWN_NAMES = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
OPERATIONS = {name: "graphconv" if name == "graph" else name for name in OWN_NAMES}
SKIP = OWN_NAMES.index("skip")
LAYERS = 4

Links = tuple[int, ...]
Digits = tuple[int, ...]


def parse(links: Sequence[int], operations: Sequence[str]) -> Cell:
    """From a link list and four operations, in the benchmark's names.

    Raises:
        ValueError: not four of each, a layer that reads no earlier one, or an unknown operation (names the nearest).
    """
    links, operations = read_items(links, "the link list"), read_items(operations, "the list of operations")
    if len(links) != LAYERS or len(operations) != LAYERS:
        raise ValueError(f"NAS-Bench-Graph has {LAYERS} links and operations, not {len(links)} and {len(operations)}")
    return _cell(_checked_links(links), tuple(_digit(name) for name in operations))


def write(cell: Cell) -> tuple[list[int], list[str]]:
    """To (links, operations): those `cell` was made from, else the benchmark's order of the layers.

    Raises:
        ValueError: the cell is no tree of four of these operations; names the cell.
    """
    links, digits = _read(cell)
    return list(links), [OWN_NAMES[digit] for digit in digits]


def table_key(links: Sequence[int], operations: Sequence[str]) -> int:
    """The integer that names this architecture in the benchmark's tables: tree, then four operations, a digit each."""
    return _key(*representative(_checked_links(links), tuple(_digit(name) for name in operations)))


def from_table_key(key: int) -> Cell:
    """The cell of a table's key; ValueError where it is no such key."""
    tree, *digits = (int(digit) for digit in f"{abs(key):0{LAYERS + 1}d}")
    if key < 0 or len(digits) != LAYERS or max(tree, *digits) >= len(LINKS):
        raise ValueError(f"{key} is no key of NAS-Bench-Graph's tables: tree 0 to 8, then {LAYERS} operations 0 to 8")
    return _cell(LINKS[tree], tuple(digits))


def representative(links: Links, digits: Digits) -> tuple[Links, Digits]:
    """How the benchmark's tables write this architecture: idle skips in front, then the lowest order of the layers."""
    links, digits = _idle_skips_in_front(links, digits)
    return _lowest_order(links, digits)


class NASBenchGraph(Space):
    """The 26,206 architectures, in the order of the benchmark's tables."""

    name = "nasbench_graph"

    def __len__(self) -> int:
        return 26_206

    def parse_text(self, text: str) -> Cell:
        """From `0,0,1,2|gat,gcn,gin,skip`; ValueError names what is wrong."""
        text = read_text(text, f"a cell of {self.name}")
        links, bar, operations = text.partition("|")
        numbers = links.split(",")
        if not bar or not all(number.strip().isdecimal() for number in numbers):
            raise ValueError(f"not a NAS-Bench-Graph cell: {text[:80]!r}; expected '0,0,1,2|gat,gcn,gin,skip'")
        return parse([int(number) for number in numbers], [name.strip() for name in operations.split(",")])

    def write_text(self, cell: Cell) -> str:
        """To `0,0,1,2|gat,gcn,gin,skip`."""
        links, operations = write(cell)
        if set(operations) == {"skip"}:
            raise ValueError("NAS-Bench-Graph has no architecture of skips alone")
        return ",".join(map(str, links)) + "|" + ",".join(operations)

    def neighbours(self, cell: Cell) -> list[Cell]:
        """One operation changed, or one layer reading any other that does not depend on it; representatives."""
        links, digits = _read(cell)
        own = representative(links, digits)
        other_digits = [(links, near) for near in _one_changed(digits, len(OWN_NAMES))]
        trees = [near for near in _one_changed(links, LAYERS + 1) if _orders(near)]
        other_links = [_lowest_order(near, digits) for near in trees]
        found = dict.fromkeys(representative(*near) for near in (*other_digits, *other_links))
        return [_cell(*near) for near in found if near != own and set(near[1]) != {SKIP}]

    def crossover(self, a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
        """Each link and each operation from either, evenly; `a` where only skips would be left."""
        rng = read_generator(rng)
        first, second = (sum(representative(*_read(parent)), ()) for parent in (a, b))
        mixed = tuple(np.where(rng.random(2 * LAYERS) < 0.5, first, second).tolist())
        child = mixed if set(mixed[LAYERS:]) != {SKIP} else first
        return _cell(*representative(child[:LAYERS], child[LAYERS:]))

    def list_cells(self) -> CellArray:
        digits = np.indices((len(OWN_NAMES),) * LAYERS).reshape(LAYERS, -1).T
        kept = np.stack([_are_representatives(links, digits) for links in LINKS], axis=1)
        row, tree = np.nonzero(kept & (digits != SKIP).any(1)[:, None])
        operation = np.empty((len(row), LAYERS + 2), dtype=np.int16)
        operation[:, 0], operation[:, -1] = INDEX["input"], INDEX["output"]
        operation[:, 1:-1] = np.array([INDEX[name] for name in OPERATIONS.values()])[digits[row]]
        adjacency = np.zeros((len(LINKS), LAYERS + 2, LAYERS + 2), dtype=bool)
        for i, links in enumerate(LINKS):
            adjacency[i][tuple(np.transpose(_edges(links)))] = True
        return CellArray(operation, adjacency[tree])


SPACE = NASBenchGraph()
register("nasbench_graph", parse, write)


def _checked_links(links: Sequence[int]) -> Links:
    for layer, link in enumerate(links, start=1):
        if link not in range(layer):
            raise ValueError(f"layer {layer} cannot read {link!r}: it reads a layer from 0 (the input) to {layer - 1}")
    return tuple(int(link) for link in links)


def _digit(name: str) -> int:
    if isinstance(name, str) and name in OPERATIONS:
        return OWN_NAMES.index(name)
    raise ValueError(f"NAS-Bench-Graph has no operation {name!r}; {nearest_one(name, OWN_NAMES)}")


def _key(links: Links, digits: Digits) -> int:
    return int("".join(map(str, (LINKS.index(links), *digits))))


def _edges(links: Links) -> tuple[tuple[int, int], ...]:
    reads = [(link, layer) for layer, link in enumerate(links, start=1)]
    return tuple(sorted(reads + [(leaf, LAYERS + 1) for leaf in range(1, LAYERS + 1) if leaf not in links]))


def _cell(links: Links, digits: Digits) -> Cell:
    return Cell(("input", *(OPERATIONS[OWN_NAMES[digit]] for digit in digits), "output"), _edges(links))


def _read(cell: Cell) -> tuple[Links, Digits]:
    """Links and digits of the cell as it is written, or of its canonical form in the benchmark's order."""
    if (written := _as_written(cell)) is not None:
        return written
    if (canonical := _as_written(cell.canonical)) is not None:
        return _lowest_order(*canonical)
    raise ValueError(f"nasbench_graph has no cell that computes the same as {cell.to_json()}")


def _as_written(cell: Cell) -> tuple[Links, Digits] | None:
    inner = cell.operations[1:-1]
    own: dict[Any, int] = {ours: digit for digit, ours in enumerate(OPERATIONS.values())}
    if len(inner) != LAYERS or cell.operations[0] != "input" or not all(name in own for name in inner):
        return None
    reads = {v: u for u, v in cell.edges}
    links = tuple(reads.get(layer, LAYERS) for layer in range(1, LAYERS + 1))
    is_in_order = all(link < layer for layer, link in enumerate(links, start=1)) and cell.edges == _edges(links)
    return (links, tuple(own[name] for name in inner)) if is_in_order else None


def _idle_skips_in_front(links: Links, digits: Digits) -> tuple[Links, Digits]:
    parent = dict(enumerate(links, start=1))
    for layer in range(1, LAYERS + 1):
        if digits[layer - 1] == SKIP and _is_idle(layer, parent, digits):
            above = parent.pop(layer)
            parent = {node: above if link == layer else link for node, link in parent.items()}
    front = LAYERS - len(parent)
    place = {0: front} | {node: i for i, node in enumerate(parent, start=front + 1)}
    moved = (*range(front), *(place[link] for link in parent.values()))
    return moved, (SKIP,) * front + tuple(digits[node - 1] for node in parent)


def _is_idle(skip: int, parent: dict[int, int], digits: Digits) -> bool:
    """Whether the benchmark takes this skip to change nothing."""
    has_layers_behind = skip in parent.values()
    is_alone = list(parent.values()).count(parent[skip]) == 1
    above = parent[skip]
    while above and digits[above - 1] == SKIP:
        above = parent[above]
    return has_layers_behind or is_alone or above == 0


@cache
def _orders(links: Links) -> list[tuple[Links, tuple[int, ...]]]:
    """(tree of `LINKS`, old layers in their new order) for every order that gives one of these; none for a cycle."""
    found: list[tuple[Links, tuple[int, ...]]] = []
    for order in permutations(range(LAYERS)):
        place = {0: 0} | {old + 1: new for new, old in enumerate(order, start=1)}
        relabelled = tuple(place[links[old]] for old in order)
        if relabelled in LINKS:
            found.append((relabelled, order))
    return found


def _lowest_order(links: Links, digits: Digits) -> tuple[Links, Digits]:
    return min((tree, tuple(digits[old] for old in order)) for tree, order in _orders(links))


def _are_representatives(links: Links, digits: Int[np.ndarray, "row layer"]) -> Bool[np.ndarray, " row"]:
    weights = len(OWN_NAMES) ** np.arange(LAYERS - 1, -1, -1)
    lowest = np.all([digits @ weights <= digits[:, order] @ weights for _, order in _orders(links)], axis=0)
    settled = np.zeros((2,) * LAYERS, dtype=bool)
    for pattern in product((0, 1), repeat=LAYERS):
        written = tuple(SKIP if is_skip else 0 for is_skip in pattern)
        settled[pattern] = _idle_skips_in_front(links, written) == (links, written)
    return lowest & settled[tuple((digits == SKIP).T.astype(int))]


def _one_changed(values: tuple[int, ...], choices: int) -> list[tuple[int, ...]]:
    """Every way to change one value to another below `choices`."""
    return [
        (*values[:i], new, *values[i + 1 :]) for i, old in enumerate(values) for new in range(choices) if new != old
    ]
