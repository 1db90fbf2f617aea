"""Splits: what may be learned from, and what is held out. Isomorphic cells always stay together.

Two cells belong together when their pruned graphs are alike or when the benchmark itself counts them as one class
(NAS-Bench-201's `UniqueString`); belonging is passed on through either relation.

Axes: cell, rows of a table. Spaces and data sets are held out by name.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from data.table import Table


def together(table: Table) -> Int[np.ndarray, " cell"]:
    """The group of each cell; cells of one group never come apart."""
    n = len(table)
    labels = [np.unique(table.cells.pruned().fingerprint(), return_inverse=True)[1]]
    if table.classes is not None:
        labels.append(np.unique(table.classes, return_inverse=True)[1])
    # a bipartite graph between cells and labels: its components are the groups
    rows = np.concatenate([np.arange(n)] * len(labels))
    offsets = np.cumsum([n, *(label.max() + 1 for label in labels)])
    columns = np.concatenate([label + offset for label, offset in zip(labels, offsets, strict=False)])
    size = int(offsets[-1])
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    return np.unique(connected_components(graph, directed=False)[1][:n], return_inverse=True)[1]


def split_cells(
    table: Table, held_out: float, rng: np.random.Generator
) -> tuple[Int[np.ndarray, " train"], Int[np.ndarray, " test"]]:
    """Rows to learn from and rows held out, about `held_out` of the groups.

    Raises:
        ValueError: a share that leaves either side empty.
    """
    group = together(table)
    groups = rng.permutation(group.max() + 1)
    count = round(held_out * len(groups))
    if not 0 < count < len(groups):
        raise ValueError(f"holding out {held_out:g} of {len(groups)} groups of {table.name} leaves one side empty")
    out = np.isin(group, groups[:count])
    return np.flatnonzero(~out), np.flatnonzero(out)


def split_datasets(table: Table, held_out: Sequence[str]) -> tuple[list[str], list[str]]:
    """Metrics measured on other data sets, and those on the data sets held out.

    Raises:
        ValueError: a data set that the table does not have; names those it has.
    """
    known = {metric.dataset for metric in table.metrics.values()}
    if unknown := set(held_out) - known:
        raise ValueError(f"{table.name} has no data set {sorted(unknown)}; it has {sorted(known)}")
    out = [name for name, metric in table.metrics.items() if metric.dataset in held_out]
    return [name for name in table.metrics if name not in out], out
