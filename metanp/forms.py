"""Other ways of writing a cell: each form has a name, a reader and a writer.

`Cell.from_...` and `Cell.to_...` look their form up here. A module registers its forms when it is imported, which
happens when one of them is first used, so that cells alone stay quick to import. Knows neither cells nor spaces.
"""

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

# The module that registers each form. "text" is a space's name and a cell in that space's own text.
HOMES = {
    "blocks": "metanp.blocks",
    "darts": "metanp.genotypes",
    "naslib": "metanp.spaces.nasbench201",
    "nasbench101": "metanp.spaces.nasbench101",
    "nasbench201": "metanp.spaces.nasbench201",
    "nasbench_graph": "metanp.spaces.nasbench_graph",
    "text": "metanp.spaces",
    "transnas": "metanp.spaces.transnas",
}


class Form(NamedTuple):
    """read: what is written -> cell. write: cell -> what is written. Both raise ValueError where there is none."""

    read: Callable[..., Any]
    write: Callable[..., Any]


FORMS: dict[str, Form] = {}  # those whose module was imported


def register(name: str, read: Callable[..., Any], write: Callable[..., Any]) -> None:
    """Make a form known, or put another in its place."""
    FORMS[name] = Form(read, write)


def form(name: str) -> Form:
    """The form of this name; imports the module that registers it."""
    if name not in FORMS:
        importlib.import_module(HOMES[name])
    return FORMS[name]
