"""Common knowledge about neural networks, as round numbers: which operations and shapes usually help.

The signs are common knowledge; the numbers were set after looking at which graph features correlate with accuracy on
measured benchmarks (`docs/what-was-tried.md`). `tasks.random_functions` uses them.

Axes: feature as in `metanp.features`, operation as in `metanp.operations`.
"""

from __future__ import annotations

import numpy as np

from metanp.features import CLASSES, FEATURE_GROUPS, OPERATIONS
from metanp.graphs import Graphs
from metanp.operations import SKIP, VOCABULARY

# How much an operation usually adds, of order one: most where it has weights and sees neighbours; a linear map of one
# pixel adds little, and pooling has a negative effect.
QUALITY = np.array(
    [
        {"convolution": 1.0 if o.largest_kernel > 1 else 0.2, "aggregation": 0.5, "linear": 0.2, "pool": -0.4}.get(
            o.kind, 0
        )
        for o in VOCABULARY
    ]
)
# Operations of image networks, about which most is known.
_FAMILIAR = np.array([o.kind in ("convolution", "pool", "skip") for o in VOCABULARY])
# What helps in a cell's shape: more parallel paths from input to output, and a large receptive field.
_SHAPES = {
    "log_paths": 0.5,
    "width": 0.5,
    "input_degree": 0.5,
    "output_degree": 0.3,
    "nodes": 0.3,
    "receptive_max": 0.5,
}


def _usual(name: str) -> float:
    """The usual sign and size of a graph feature's effect, per standard deviation.

    More of what helps is good. Operations that every path must pass are bad, the more so if they have a positive
    quality: a path around them helps (residual networks, He et al. 2016).
    """
    part, _, subject = name.partition("_")
    members = CLASSES.get(subject) or [i for i in OPERATIONS if VOCABULARY[i].name == subject]
    if name in _SHAPES or not members:
        return _SHAPES.get(name, 0.0)
    quality = float(QUALITY[list(members)].mean())
    if part == "fewest":
        return -1.0 if quality > 0 else -0.5
    return quality


# The last two groups describe what other features describe already.
USUALLY = np.array(
    [
        _usual(name) if group not in ("skipless", "places") else 0.0
        for group, names in FEATURE_GROUPS.items()
        for name in names
    ]
)


def known(graphs: Graphs) -> float:
    """Share of the cells' operations that belong to image networks."""
    operation = graphs.pruned.operation
    inner = operation[operation >= SKIP]
    return float(_FAMILIAR[inner].mean()) if len(inner) else 0.0
