"""Search spaces: which cells exist, in which order, and how each benchmark writes them.

One module a space, with one instance, `SPACE`. Modules register the conversions that `Cell` offers as forms
(`metanp.forms`). Nothing here knows a measurement.
"""

from metanp.cell import Cell
from metanp.forms import register
from metanp.nearest import nearest_one
from metanp.spaces import nasbench101, nasbench201, nasbench_graph, nasbench_macro, transnas
from metanp.spaces.base import Space

__all__ = ["SPACES", "Space", "get_space", "read_text", "write_text"]

SPACES: dict[str, Space] = {
    space.name: space
    for space in (nasbench101.SPACE, nasbench201.SPACE, transnas.SPACE, nasbench_graph.SPACE, nasbench_macro.SPACE)
}


def get_space(name: str) -> Space:
    """The space of this name.

    Raises:
        ValueError: no such space; names the nearest and all known ones.
    """
    if name in SPACES:
        return SPACES[name]
    near = nearest_one(name, SPACES)
    raise ValueError(f"unknown search space {name!r}; {near}; known: {', '.join(SPACES)}")


def read_text(space_name: str, text: str) -> Cell:
    """A cell in the benchmark's own text, as in the JSON line `{"nasbench201": "|...|"}`.

    Raises:
        ValueError: an unknown space, no text, or what the space's reader refuses.
    """
    return get_space(space_name).parse_text(text)


def write_text(space_name: str, cell: Cell) -> str:
    """To the benchmark's own text.

    Raises:
        ValueError: an unknown space, or no cell of it computes the same.
    """
    return get_space(space_name).write_text(cell)


register("text", read_text, write_text)
