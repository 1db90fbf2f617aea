"""What can be computed of a pruned cell without training anything: graph features and Weisfeiler-Lehman patterns.

Both describe what the cell computes, not how it is written: isomorphic cells get the same numbers. The features are
paths (how many, how long), degrees, widths, and for each class of operations and each operation how many there are in
all, and at the most, at the least and on average along a path from input to output.

Axes: cell, node as in `metanp.cell_array`; feature as in `FEATURE_NAMES`; step of Weisfeiler-Lehman refinement.

Sources: the min/max-on-path idea is that of GRAF (Kadlecová et al. 2024, arXiv:2408.16871); counts of
Weisfeiler-Lehman subtrees as features of cells, Ru et al. 2021 (NAS-BOWL, arXiv:2006.07556).
"""

import numpy as np
from jaxtyping import Float32, Int64

from metanp.cell_array import CHUNK, CellArray, initial_colour, refine
from metanp.operations import SKIP, VOCABULARY

# Classes of operations that behave alike in any space.
CLASSES: dict[str, tuple[int, ...]] = {
    name: tuple(i for i, o in enumerate(VOCABULARY) if rule(o))
    for name, rule in {
        "identity": lambda o: o.kind == "skip",
        "pool": lambda o: o.kind == "pool",
        "pointwise": lambda o: o.kind == "linear" or (o.kind == "convolution" and o.kernel_size == 1),
        "spatial": lambda o: o.kind == "convolution" and o.kernel_size > 1,
        "aggregation": lambda o: o.kind == "aggregation",
        "parametric": lambda o: o.parametric,
        "elementwise": lambda o: o.kind in ("activation", "product", "sum", "custom"),
    }.items()
}
WL_STEPS = 2  # patterns of one step and of two; operations alone are among the graph features, a third told no more
OPERATIONS = tuple(range(SKIP, len(VOCABULARY)))  # everything that can lie between input and output in a pruned cell

_SHAPE = ("live", "nodes", "edges", "log_paths", "depth", "shortest", "mean_length", "width")
_DEGREES = ("input_degree", "output_degree", "max_in", "max_out", "input_to_output", "receptive_max", "receptive_mean")
FEATURE_NAMES: tuple[str, ...] = (
    *_SHAPE,
    *_DEGREES,
    *(f"{part}_{name}" for part in ("first", "last") for name in CLASSES),
    *(f"{part}_{name}" for part in ("all", "most", "fewest", "mean") for name in CLASSES),
    *(f"{part}_{VOCABULARY[i].name}" for part in ("all", "most", "fewest") for i in OPERATIONS),
)


def graph_features(pruned: CellArray) -> Float32[np.ndarray, "cell feature"]:
    """The features of `FEATURE_NAMES`; counts are counts, lengths are in nodes between input and output."""
    parts = [_features(pruned[i : i + CHUNK]) for i in range(0, len(pruned), CHUNK)]
    return np.concatenate(parts) if parts else np.zeros((0, len(FEATURE_NAMES)), dtype=np.float32)


def wl_patterns(pruned: CellArray) -> Int64[np.ndarray, "cell step node"]:
    """The subtree pattern at each node after one Weisfeiler-Lehman step, after two, ...: its 64-bit name.

    Nodes that lie alike have the same name, in whatever cell; 0 where padded.
    """
    names = np.zeros((len(pruned), WL_STEPS, pruned.operation.shape[1]), dtype=np.int64)
    for start in range(0, len(pruned), CHUNK):
        part = pruned[start : start + CHUNK]
        colour = initial_colour(part)
        for step in range(WL_STEPS):
            colour = refine(colour, part)
            names[start : start + len(part), step] = colour.view(np.int64)
    return names


def _features(cells: CellArray) -> Float32[np.ndarray, "cell feature"]:
    operation, edge = cells.operation, cells.adjacency
    rows, last = np.arange(len(cells)), cells.size - 1
    inner = operation >= SKIP
    live = np.any(edge, axis=(1, 2))
    present = [i for i in OPERATIONS if (operation == i).any()]
    weights = np.stack(
        [inner, *(np.isin(operation, ids) for ids in CLASSES.values()), _receptive_field(operation)]
        + [operation == i for i in present],
        axis=2,
    ).astype(np.float32)
    most, fewest, mean, paths = (x[rows, last] for x in _along_paths(weights, edge))
    into, out = edge.sum(1), edge.sum(2)
    shape = [live, inner.sum(1), edge.sum((1, 2)), np.log2(np.maximum(paths[:, 0], 1)), most[:, 0], fewest[:, 0]]
    shape += [mean[:, 0], _width(edge, inner)]
    degrees = [out[:, 0], into[rows, last], into.max(1), out.max(1), edge[rows, 0, last]]
    degrees += [most[:, len(CLASSES) + 1], mean[:, len(CLASSES) + 1]]
    of_class = slice(1, len(CLASSES) + 1)
    first = (edge[:, 0, :, None] * weights[:, :, of_class]).sum(1)
    final = (edge[rows, :, last][:, :, None] * weights[:, :, of_class]).sum(1)
    total = weights.sum(1)
    blocks = [np.stack(shape + degrees, 1), first, final]
    blocks += [x[:, of_class] for x in (total, most, fewest, mean)]
    for x in (total, most, fewest):
        column = np.zeros((len(cells), len(OPERATIONS)), dtype=np.float32)
        column[:, [i - SKIP for i in present]] = x[:, len(CLASSES) + 2 :]
        blocks.append(column)
    return np.concatenate(blocks, axis=1, dtype=np.float32) * live[:, None]


def _receptive_field(operation: np.ndarray) -> np.ndarray:
    reach = np.array([(o.kernel_size - 1) * o.dilation / 2 if o.kernel_size else 0 for o in VOCABULARY])
    return np.where(operation >= 0, reach[operation], 0)


def _along_paths(weights: np.ndarray, edge: np.ndarray) -> tuple[np.ndarray, ...]:
    """Most, fewest and mean of each weight summed along the paths from the input to each node, and the number of paths.

    All (cell, node, weight); nodes that no path reaches hold zeros or infinities, which a pruned cell has none of.
    """
    most = np.zeros_like(weights)
    fewest, total, paths = most.copy(), most.copy(), most.copy()
    paths[:, 0] = 1
    for v in range(1, weights.shape[1]):
        arrives = edge[:, :v, v, None]
        most[:, v] = np.where(arrives, most[:, :v], 0).max(1) + weights[:, v]
        nearest = np.where(arrives, fewest[:, :v], np.float32(np.inf)).min(1)
        fewest[:, v] = np.where(np.isfinite(nearest), nearest, 0) + weights[:, v]
        paths[:, v] = (arrives * paths[:, :v]).sum(1)
        total[:, v] = (arrives * total[:, :v]).sum(1) + paths[:, v] * weights[:, v]
    return most, fewest, total / np.maximum(paths, 1), paths


def _width(edge: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The largest number of inner nodes at one depth (longest path from the input)."""
    cells, nodes = inner.shape
    depth = np.zeros((cells, nodes), dtype=np.int64)
    for v in range(1, nodes):
        depth[:, v] = np.where(edge[:, :v, v], depth[:, :v] + 1, 0).max(1)
    counts = np.zeros((cells, nodes + 1), dtype=np.int64)
    np.add.at(counts, (np.arange(cells)[:, None], depth), inner)
    return counts.max(1)
