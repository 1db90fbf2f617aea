"""Features of a pruned cell that need no training: graph features and Weisfeiler-Lehman patterns.

Both describe what the cell computes, not how it is written: isomorphic cells get the same numbers. The features are
paths (number, lengths), degrees, widths, and for each operation and class of operations the number in the cell, the
most, the fewest and the mean along a path from input to output, and where they lie. Skips mask adjacency, so some
features are computed again with each skip contracted to an edge.

Axes: cell, node as in `metanp.cell_array`; feature as in `FEATURE_NAMES`; step of Weisfeiler-Lehman refinement.

Sources: the min/max-on-path idea is that of GRAF (Kadlecová et al. 2024, arXiv:2408.16871); counts of
Weisfeiler-Lehman subtrees as features of cells, Ru et al. 2021 (NAS-BOWL, arXiv:2006.07556).
"""

import numpy as np
from jaxtyping import Float32, Int64

from metanp.cell_array import CellArray, initial_colour, refine
from metanp.operations import ATTRIBUTE_TABLE, ATTRIBUTES, SKIP, VOCABULARY

# Classes of operations that behave alike in any space.
CLASSES: dict[str, tuple[int, ...]] = {
    name: tuple(i for i, o in enumerate(VOCABULARY) if rule(o))
    for name, rule in {
        "identity": lambda o: o.kind == "skip",
        "pool": lambda o: o.kind == "pool",
        "pointwise": lambda o: o.kind == "linear" or (o.kind == "convolution" and o.largest_kernel == 1),
        "spatial": lambda o: o.kind == "convolution" and o.largest_kernel > 1,
        "aggregation": lambda o: o.kind == "aggregation",
        "parametric": lambda o: o.parametric,
        "elementwise": lambda o: o.kind in ("activation", "product", "sum", "custom"),
    }.items()
}
MANY = 2.0**40  # paths; from here on they are counted in larger units, as cells can have more than any float holds
WL_STEPS = 2  # patterns of one and of two steps; zero steps are among the graph features, a third step added nothing
OPERATIONS = tuple(range(SKIP, len(VOCABULARY)))  # everything that can lie between input and output in a pruned cell

_SHAPE = ("live", "nodes", "edges", "log_paths", "depth", "shortest", "mean_length", "width")
_DEGREES = ("input_degree", "output_degree", "max_in", "max_out", "input_to_output", "receptive_max", "receptive_mean")
_PLACES = ("first", "last", "mean", "into", "out_of")  # next to the ends, along paths, edges into and out of
_SKIPLESS = (  # computed again with each skip contracted to an edge
    *(name for name in (*_SHAPE, *_DEGREES) if name != "live"),
    *(f"{part}_{name}" for part in ("first", "last", "mean") for name in CLASSES if name != "identity"),
)
FEATURE_GROUPS: dict[str, tuple[str, ...]] = {
    "shape": (*_SHAPE, *_DEGREES),
    "ends": tuple(f"{part}_{name}" for part in ("first", "last") for name in CLASSES),
    "classes": tuple(f"{part}_{name}" for part in ("all", "most", "fewest", "mean") for name in CLASSES),
    "operations": tuple(f"{part}_{VOCABULARY[i].name}" for part in ("all", "most", "fewest") for i in OPERATIONS),
    "skipless": tuple(f"skipless_{name}" for name in _SKIPLESS),
    "places": tuple(f"{part}_{VOCABULARY[i].name}" for part in _PLACES for i in OPERATIONS),
}
FEATURE_NAMES: tuple[str, ...] = tuple(name for group in FEATURE_GROUPS.values() for name in group)


def graph_features(pruned: CellArray) -> Float32[np.ndarray, "cell feature"]:
    """The features of `FEATURE_NAMES`; counts are counts, lengths are in nodes between input and output."""
    parts = [_features(part) for part in pruned.pieces()]
    return np.concatenate(parts) if parts else np.zeros((0, len(FEATURE_NAMES)), dtype=np.float32)


def wl_patterns(pruned: CellArray) -> Int64[np.ndarray, "cell step node"]:
    """The subtree pattern at each node after one Weisfeiler-Lehman step, after two, ...: its 64-bit name.

    Nodes with the same neighbourhood have the same name, in any cell; 0 where padded.
    """
    names = np.zeros((len(pruned), WL_STEPS, pruned.operation.shape[1]), dtype=np.int64)
    start = 0
    for part in pruned.pieces():
        colour = initial_colour(part)
        for step in range(WL_STEPS):
            colour = refine(colour, part)
            names[start : start + len(part), step] = colour.view(np.int64)
        start += len(part)
    return names


def _features(cells: CellArray) -> Float32[np.ndarray, "cell feature"]:
    live = np.any(cells.adjacency, axis=(1, 2))
    named = _by_name(cells)
    skipless = _by_name(cells.skipless()) if (cells.operation == SKIP).any() else named
    named |= {f"skipless_{name}": skipless[name] for name in _SKIPLESS}
    return np.stack([named[name] for name in FEATURE_NAMES], axis=1, dtype=np.float32) * live[:, None]


def _by_name(cells: CellArray) -> dict[str, np.ndarray]:
    """Every feature but the skipless ones, by name; one number a cell."""
    sums, log_paths = _sums(cells)
    return sums | _shape(cells, sums, log_paths)


def _sums(cells: CellArray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Sums of each class and operation over the cell and along paths, by name; and log2 of the number of paths."""
    operation, edge = cells.operation, cells.adjacency
    rows, last = np.arange(len(cells)), cells.size - 1
    inner = operation >= SKIP
    present = [i for i in OPERATIONS if (operation == i).any()]
    names = ["length", *CLASSES, "receptive", *(VOCABULARY[i].name for i in present)]
    weights = np.stack(
        [inner, *(np.isin(operation, ids) for ids in CLASSES.values()), _receptive_field(operation)]
        + [operation == i for i in present],
        axis=2,
    ).astype(np.float32)
    along = _along_paths(weights, edge)
    most, fewest, mean, log_paths = (x[rows, last] for x in along)
    into, out = edge.sum(1), edge.sum(2)
    parts = {
        "all": weights.sum(1),
        "most": most,
        "fewest": fewest,
        "mean": mean,
        "first": np.einsum("cn,cnw->cw", edge[:, 0], weights),
        "last": np.einsum("cn,cnw->cw", edge[rows, :, last], weights),
        "into": np.einsum("cn,cnw->cw", into, weights),
        "out_of": np.einsum("cn,cnw->cw", out, weights),
    }
    named = {f"{part}_{name}": values[:, i] for part, values in parts.items() for i, name in enumerate(names)}
    absent = [VOCABULARY[i].name for i in OPERATIONS if i not in present]
    named |= dict.fromkeys((f"{part}_{name}" for part in parts for name in absent), np.zeros(len(cells)))
    return named, log_paths


def _shape(cells: CellArray, sums: dict[str, np.ndarray], log_paths: np.ndarray) -> dict[str, np.ndarray]:
    """Features of the graph alone, whatever its operations; those along paths are taken from the sums."""
    edge, inner = cells.adjacency, cells.operation >= SKIP
    rows, last = np.arange(len(cells)), cells.size - 1
    into, out = edge.sum(1), edge.sum(2)
    return {
        "live": np.any(edge, axis=(1, 2)),
        "nodes": inner.sum(1),
        "edges": edge.sum((1, 2)),
        "log_paths": log_paths,
        "depth": sums["most_length"],
        "shortest": sums["fewest_length"],
        "mean_length": sums["mean_length"],
        "width": _width(edge, inner),
        "input_degree": out[:, 0],
        "output_degree": into[rows, last],
        "max_in": into.max(1),
        "max_out": out.max(1),
        "input_to_output": edge[rows, 0, last],
        "receptive_max": sums["most_receptive"],
        "receptive_mean": sums["mean_receptive"],
    }


def _receptive_field(operation: np.ndarray) -> np.ndarray:
    reach = ATTRIBUTE_TABLE[:, ATTRIBUTES.index("receptive_field")]
    return np.where(operation >= 0, reach[operation], 0)


def _along_paths(weights: np.ndarray, edge: np.ndarray) -> tuple[np.ndarray, ...]:
    """Most, fewest and mean of each weight summed along the paths from the input to each node, and log2 of their count.

    Shapes (cell, node, weight), the last (cell, node). Nodes that no path reaches, of which a pruned cell has none,
    hold zeros or infinities.
    """
    most = np.zeros_like(weights)
    fewest, total = most.copy(), most.copy()
    paths = np.zeros((*weights.shape[:2], 1), dtype=np.float32)
    power = np.zeros(weights.shape[:2], dtype=np.int32)  # paths and totals are in units of two to this power
    paths[:, 0] = 1
    for v in range(1, weights.shape[1]):
        arrives = edge[:, :v, v, None]
        most[:, v] = np.where(arrives, most[:, :v], 0).max(1) + weights[:, v]
        nearest = np.where(arrives, fewest[:, :v], np.float32(np.inf)).min(1)
        fewest[:, v] = np.where(np.isfinite(nearest), nearest, 0) + weights[:, v]
        share, power[:, v] = _in_one_unit(arrives, power[:, :v])
        paths[:, v] = (share * paths[:, :v]).sum(1)
        total[:, v] = (share * total[:, :v]).sum(1) + paths[:, v] * weights[:, v]
        if (paths[:, v] > MANY).any():
            more = np.where(paths[:, v] > MANY, np.frexp(paths[:, v])[1] - 1, 0)
            paths[:, v], total[:, v] = np.ldexp(paths[:, v], -more), np.ldexp(total[:, v], -more)
            power[:, v] += more[:, 0]
    paths = np.maximum(paths, 1)
    return most, fewest, total / paths, np.log2(paths[..., 0]) + power


def _in_one_unit(arrives: np.ndarray, power: np.ndarray) -> tuple[np.ndarray, np.ndarray | int]:
    """Factors that bring the path counts of predecessors to one power of two, 0 for other nodes; and that power."""
    if not power.any():
        return arrives, 0
    unit = np.where(arrives[..., 0], power, 0).max(1)
    share = np.ldexp(np.float32(1), np.minimum(power - unit[:, None], 0))
    return np.where(arrives, share[..., None], np.float32(0)), unit


def _width(edge: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The largest number of inner nodes at one depth (longest path from the input)."""
    cells, nodes = inner.shape
    depth = np.zeros((cells, nodes), dtype=np.int64)
    for v in range(1, nodes):
        depth[:, v] = np.where(edge[:, :v, v], depth[:, :v] + 1, 0).max(1)
    counts = np.zeros((cells, nodes + 1), dtype=np.int64)
    np.add.at(counts, (np.arange(cells)[:, None], depth), inner)
    return counts.max(1)
