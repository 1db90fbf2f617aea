"""Search spaces: which cells exist, in which order, and how each benchmark writes them.

One module a space, with one instance, `SPACE`; `own` finds those of other packages. Modules register the conversions
that `Cell` offers as forms (`metanp.forms`). Nothing here knows a measurement.
"""

from metanp.cell import Cell
from metanp.forms import register
from metanp.nearest import nearest_one
from metanp.spaces import (
    bert,
    darts,
    nasbench101,
    nasbench201,
    nasbench_graph,
    nasbench_macro,
    nasnet,
    ofa,
    subgraphs,
    transnas,
    transnas_macro,
)
from metanp.spaces.base import Space
from metanp.spaces.graph_space import GraphSpace
from metanp.spaces.own import offered, space_at, space_of_package
from metanp.spaces.product import ProductSpace

__all__ = ["SPACES", "GraphSpace", "ProductSpace", "Space", "get_space", "read_text", "write_text"]

_MODULES = (nasbench101, nasbench201, transnas, nasbench_graph, nasbench_macro)
_LATER = (transnas_macro, darts, nasnet, ofa, bert, subgraphs)
SPACES: dict[str, Space] = {module.SPACE.name: module.SPACE for module in (*_MODULES, *_LATER)}


def get_space(name: str) -> Space:
    """The space of this name: a built-in one, one that an installed package offers, or one at `module:NAME`.

    Raises:
        ValueError: no such space; names the nearest and all known ones. Or what `metanp.spaces.own` raises.
    """
    if isinstance(name, str) and ":" in name:
        return space_at(name)
    return _space_named(name)


def _space_named(name: str) -> Space:
    """Without `module:NAME`: what a file says is imported from nowhere."""
    if name in SPACES:
        return SPACES[name]
    if (space := space_of_package(name)) is not None:
        return space
    known = [*SPACES, *offered()]
    near = nearest_one(name, known)
    raise ValueError(
        f"unknown search space {name!r:.80}; {near}; known: {', '.join(known)}, or your own as module:NAME"
    )


def read_text(space_name: str, text: str) -> Cell:
    """A cell in the benchmark's own text, as in the JSON line `{"nasbench201": "|...|"}`.

    Raises:
        ValueError: an unknown space, no text, or what the space's reader refuses. A space at `module:NAME` is unknown
            here: files of cells may come from others.
    """
    return _space_named(space_name).parse_text(text)


def write_text(space_name: str, cell: Cell) -> str:
    """To the benchmark's own text.

    Raises:
        ValueError: an unknown space, or no cell of it computes the same.
    """
    return get_space(space_name).write_text(cell)


register("text", read_text, write_text)
