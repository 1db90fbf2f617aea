"""Interfaces of what is drawn: any object with these attributes, such as a `Cell` or a `Ranking` of `metanp`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from jaxtyping import Float, Int


class Graph(Protocol):
    """A directed acyclic graph with the name of an operation at each node, such as a `metanp.Cell`.

    edges: pairs (from, to) of nodes. live_nodes: those on a path from input to output. pruned: the graph of these.
    """

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def edges(self) -> Sequence[tuple[int, int]]: ...

    @property
    def live_nodes(self) -> Collection[int]: ...

    @property
    def pruned(self) -> Graph: ...


class Places(Protocol):
    """The places of a ranking, such as a `metanp.Ranking`, where the attributes are explained.

    Axes: k, places, best first.
    """

    @property
    def cells(self) -> Sequence[Graph]: ...

    @property
    def index(self) -> Int[np.ndarray, " k"]: ...

    @property
    def mean(self) -> Float[np.ndarray, " k"]: ...

    @property
    def std(self) -> Float[np.ndarray, " k"]: ...

    @property
    def p_top(self) -> Float[np.ndarray, " k"]: ...

    @property
    def lower(self) -> Float[np.ndarray, " k"]: ...

    @property
    def upper(self) -> Float[np.ndarray, " k"]: ...

    @property
    def title(self) -> str: ...
