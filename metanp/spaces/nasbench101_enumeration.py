"""All 423,624 cells of NAS-Bench-101: listed once a machine, then read from a file.

Graphs without operations come first (4,793 matrices of 7 vertices, 1,574 different ones); then every labelling of each,
equal ones found by their Weisfeiler-Lehman fingerprint; then the published md5 of each cell, which takes most of the
time. The file lies in the user's cache folder, or in the one that the environment variable METANP_CACHE names. It is
written whole or not at all; one that cannot be read, or whose cells do not have the md5 it says, is made anew.

Axes:
    graph    matrices, before operations are put on their vertices
    cell     unique cells, in the order of their md5
    vertex   0 is the input, the last real one the output, padded to 7
    bit      pairs (from, to) of `numpy.triu_indices`, the lowest bit first
"""

import os
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import permutations, product
from pathlib import Path

import numpy as np
import platformdirs
from jaxtyping import Bool, Int, Int8, UInt8, UInt32, UInt64
from rich.progress import track

from metanp.atomic import replacing
from metanp.brief import brief
from metanp.cell_array import CellArray
from metanp.operations import INDEX, VOCABULARY
from metanp.spaces.nasbench101_graph import LABEL, MAX_EDGES, MAX_VERTICES, OPERATIONS, published_md5

UNIQUE_CELLS = 423_624
SPOT_CHECKS = 32  # cells of a file whose md5 is computed again when it is read


@dataclass(frozen=True)
class Enumeration:
    """The space as it is kept on disk.

    edges: bits of the matrix, see the module's axes.
    operation: index into the vocabulary, -1 where padded.
    md5: the published hash, 16 bytes.
    """

    edges: UInt32[np.ndarray, " cell"]
    operation: Int8[np.ndarray, "cell vertex"]
    md5: UInt8[np.ndarray, "cell byte"]

    __repr__ = brief

    def cells(self) -> CellArray:
        """The cells as arrays."""
        return CellArray(self.operation.astype(np.int16), _adjacency(self.edges, self.operation.shape[1]))

    def hashes(self) -> list[str]:
        """The md5 of every cell, as text."""
        text = self.md5.tobytes().hex()
        return [text[i : i + 32] for i in range(0, len(text), 32)]

    def index(self, hashes: Sequence[str]) -> Int[np.ndarray, " hash"]:
        """The row of each md5; ValueError names the first that is unknown."""
        wrong = next((text for text in hashes if len(text) != 32), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no md5 of 32 hexadecimal digits")
        wanted = np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint8).reshape(-1, 16)
        found = np.searchsorted(self._sorted, _leading(wanted)).clip(max=len(self.md5) - 1)
        missing = np.flatnonzero((self.md5[found] != wanted).any(1))
        if len(missing):
            raise ValueError(f"no cell of NAS-Bench-101 has the md5 {hashes[int(missing[0])]}")
        return found

    @cached_property
    def _sorted(self) -> UInt64[np.ndarray, " cell"]:
        return _leading(self.md5)


def load() -> Enumeration:
    """From the file, which is made first where it is missing or damaged (about a minute, with a progress bar)."""
    path = cache_file()
    if path.is_file():
        try:
            return read(path)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            warnings.warn(f"{path} is damaged ({error}): listing NAS-Bench-101 again", stacklevel=2)
    listed = enumerate_cells()
    if len(listed.md5) != UNIQUE_CELLS:
        raise AssertionError(f"listed {len(listed.md5):,} cells of NAS-Bench-101, there are {UNIQUE_CELLS:,}")
    try:
        write(listed, path)
    except OSError as error:
        advice = "set METANP_CACHE to a folder that can be written to, or the space is listed again each time"
        warnings.warn(f"cannot write {path} ({error}): {advice}", stacklevel=2)
    return listed


def cache_file() -> Path:
    """Where the listed space is kept."""
    folder = os.environ.get("METANP_CACHE") or platformdirs.user_cache_dir("metanp")
    return Path(folder) / "nasbench101_cells_v1.npz"


def read(path: Path) -> Enumeration:
    """Read a file that `write` wrote.

    Raises:
        OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile: cut short, changed, or not such a file.
    """
    with np.load(path, allow_pickle=False) as file:
        listed = Enumeration(**{field.name: file[field.name] for field in fields(Enumeration)})
    if listed.md5.shape != (UNIQUE_CELLS, 16) or listed.operation.shape != (UNIQUE_CELLS, MAX_VERTICES):
        raise ValueError(f"{len(listed.md5):,} cells instead of {UNIQUE_CELLS:,}")
    some = np.linspace(0, UNIQUE_CELLS - 1, SPOT_CHECKS).astype(int)
    if not np.array_equal(_md5(listed.edges[some], listed.operation[some]), listed.md5[some]):
        raise ValueError("its cells do not have the md5 it says")
    return listed


def write(listed: Enumeration, path: Path) -> None:
    """Write the file whole or not at all."""
    with replacing(path) as file:
        np.savez(file, **{field.name: getattr(listed, field.name) for field in fields(Enumeration)})


def enumerate_cells(max_vertices: int = MAX_VERTICES, progress: bool = True) -> Enumeration:
    """Every unique cell of at most `max_vertices` vertices, in the order of the md5."""
    parts = [_unique_cells(size) for size in range(2, max_vertices + 1)]
    edges, operation = (np.concatenate(part) for part in zip(*parts, strict=True))
    md5 = _md5(edges, operation, "listing NAS-Bench-101 (once a machine)" if progress else None)
    order = np.lexsort((_leading(md5[:, 8:]), _leading(md5)))
    return Enumeration(edges[order], operation[order], md5[order])


def _unique_cells(size: int) -> tuple[UInt32[np.ndarray, " cell"], Int8[np.ndarray, "cell vertex"]]:
    """Edges and operations of the cells of exactly `size` vertices."""
    graphs = _unique_graphs(size)
    inner = size - 2
    labellings = list(product(range(len(OPERATIONS)), repeat=inner))
    digits = np.array(labellings, dtype=int).reshape(len(labellings), inner)
    operation = np.full((len(digits), MAX_VERTICES), -1, dtype=np.int8)
    operation[:, 0], operation[:, size - 1] = INDEX["input"], INDEX["output"]
    operation[:, 1 : size - 1] = np.array([INDEX[name] for name in OPERATIONS])[digits]
    operation = np.tile(operation, (len(graphs), 1))
    edges = np.repeat(graphs, len(digits))
    every = CellArray(operation.astype(np.int16), _adjacency(edges, MAX_VERTICES))
    first = np.unique(every.fingerprint(), return_index=True)[1]
    return edges[first], operation[first]


def _unique_graphs(size: int) -> UInt32[np.ndarray, " graph"]:
    """Edges of one graph of each isomorphism class with every vertex on a path, as bits for the largest size."""
    u, v = np.triu_indices(size, 1)
    codes = np.arange(2 ** len(u), dtype=np.uint32)
    bits = (codes[:, None] >> np.arange(len(u), dtype=np.uint32) & 1).astype(bool)
    bits = bits[bits.sum(1) <= MAX_EDGES]
    # without cycles, a vertex is on a path if, and only if, something enters it and something leaves it
    leaves = [bits[:, u == vertex].any(1) for vertex in range(size - 1)]
    enters = [bits[:, v == vertex].any(1) for vertex in range(1, size)]
    bits = bits[np.logical_and.reduce(leaves + enters)]
    weight = 1 << np.arange(size * size).reshape(size, size)
    orders = (np.array([0, *inner, size - 1]) for inner in permutations(range(1, size - 1)))
    lowest = np.min([(bits * weight[place[u], place[v]]).sum(1) for place in orders], axis=0)
    bits = bits[np.unique(lowest, return_index=True)[1]]
    return (bits << _bit_of(u, v)).sum(1).astype(np.uint32)


def _bit_of(u: Int[np.ndarray, " pair"], v: Int[np.ndarray, " pair"]) -> Int[np.ndarray, " pair"]:
    """The position of the pair (u, v) among the pairs of the largest matrix."""
    place = np.zeros((MAX_VERTICES, MAX_VERTICES), dtype=int)
    place[np.triu_indices(MAX_VERTICES, 1)] = np.arange(MAX_VERTICES * (MAX_VERTICES - 1) // 2)
    return place[u, v]


def _adjacency(edges: UInt32[np.ndarray, " cell"], width: int) -> Bool[np.ndarray, "cell vertex vertex"]:
    u, v = np.triu_indices(width, 1)
    adjacency = np.zeros((len(edges), width, width), dtype=bool)
    adjacency[:, u, v] = edges[:, None] >> _bit_of(u, v).astype(np.uint32) & 1
    return adjacency


def _md5(
    edges: UInt32[np.ndarray, " cell"], operation: Int8[np.ndarray, "cell vertex"], progress: str | None = None
) -> UInt8[np.ndarray, "cell 16"]:
    """The published md5 of each cell; `progress` is the caption of a bar."""
    label = [LABEL.get(known.name, 0) for known in VOCABULARY]
    pairs = list(zip(*(axis.tolist() for axis in np.triu_indices(MAX_VERTICES, 1)), strict=True))
    of_bits: dict[int, list[tuple[int, int]]] = {}
    hashes = []
    cells = zip(edges.tolist(), operation.tolist(), strict=True)
    for bits, row in track(cells, progress or "", total=len(edges), disable=progress is None, transient=True):
        if bits not in of_bits:
            of_bits[bits] = [pair for i, pair in enumerate(pairs) if bits >> i & 1]
        hashes.append(published_md5([label[o] for o in row if o >= 0], of_bits[bits]))
    return np.frombuffer(bytes.fromhex("".join(hashes)), dtype=np.uint8).reshape(-1, 16)


def _leading(md5: UInt8[np.ndarray, "cell byte"]) -> UInt64[np.ndarray, " cell"]:
    """The first eight bytes as a number that sorts as they do."""
    return np.ascontiguousarray(md5[:, :8]).view(">u8")[:, 0].astype(np.uint64)
