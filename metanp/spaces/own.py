"""Spaces of one's own by name: those that an installed package offers, and `module:NAME`.

A package offers a space by an entry point of the group `metanp.spaces`, in its `pyproject.toml`:

    [project.entry-points."metanp.spaces"]
    my_space = "my_package.spaces:SPACE"

and everybody can name what is in a module, as `my_package.spaces:SPACE`. What is there is a `Space`, a class of one, or
a function that returns one. Nothing is imported before its name is asked for, and nothing is looked for among entry
points before the built-in names. Each is tried once when it is found: draw a cell, edit it, write it and read it back.
A module may be in the current folder, from which Python imports only while the name is looked up.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import numpy as np

from metanp.cell import Cell
from metanp.given.settings import shown
from metanp.nearest import nearest_one
from metanp.spaces.base import Space

GROUP = "metanp.spaces"
NEIGHBOURS = 5  # of one cell, checked when a space is tried
_FOUND: dict[str, Space] = {}


def offered() -> dict[str, metadata.EntryPoint]:
    """The entry points of installed packages, by name."""
    return {point.name: point for point in metadata.entry_points(group=GROUP)}


def space_of_package(name: str) -> Space | None:
    """The space that a package offers under this name; None where none does.

    Raises:
        ValueError: it cannot be imported, or is no space; names the entry point.
    """
    if name not in _FOUND or ":" in name:  # which is for `space_at` alone
        if (point := offered().get(name)) is None:
            return None
        try:
            _FOUND[name] = _tried(point.load())
        except (Exception, SystemExit) as error:  # whatever an import of somebody else's code raises
            where = f"the entry point {name!r} of the group {GROUP!r} ({point.value})"
            raise ValueError(f"{where} gives no search space: {_told(error)}") from error
    return _FOUND[name]


def space_at(path: str) -> Space:
    """The space at `module:NAME`.

    Raises:
        ValueError: no such module, one that cannot be imported, nothing of this name in it (names the nearest), or
            something else than a space that works.
    """
    if path not in _FOUND:
        try:
            with current_folder():
                _FOUND[path] = _tried(_object_at(path))
        except (Exception, SystemExit) as error:  # whatever an import of somebody else's code raises
            raise ValueError(f"{path!r:.80} gives no search space: {_told(error)}") from error
    return _FOUND[path]


@contextmanager
def current_folder() -> Iterator[None]:
    """Modules of the current folder can be imported; it comes last, so that a file there hides no library."""
    here = os.getcwd()
    added = here not in sys.path
    if added:
        sys.path.append(here)
    try:
        yield
    finally:
        if added and here in sys.path:
            sys.path.remove(here)


def _object_at(path: str) -> Any:
    module_name, _, names = path.partition(":")
    if not all(part.isidentifier() for part in (*module_name.split("."), *names.split("."))):
        raise ValueError("expected module:NAME, such as my_package.spaces:SPACE")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise ValueError(f"there is no module {error.name!r}, here or installed") from error
        raise
    for name in names.split("."):
        if not hasattr(found, name):
            known = [one for one in vars(found) if not one.startswith("_")]
            near = nearest_one(name, known) if known else "it is empty"
            raise ValueError(f"{module_name} has no {name!r}; {near}")
        found = getattr(found, name)
    return found


def _tried(found: Any) -> Space:
    """The space, after a try; of a class or a function, what it returns.

    Raises:
        ValueError: no space, or one that does not do what `Space` says; names what.
    """
    space = found() if not isinstance(found, Space) and callable(found) else found
    if not isinstance(space, Space):
        raise ValueError(
            f"{shown(space)} is no metanp.spaces.Space, nor a class of one, nor a function that returns one"
        )
    if not isinstance(getattr(space, "name", None), str) or not space.name:
        raise ValueError(f"a space has a text as its name, not {shown(getattr(space, 'name', None))}")
    size = space.__len__()
    if not isinstance(size, int) or size < 1:
        raise ValueError(f"the space {space.name!r} has a length of {shown(size)}; it is the number of its cells")
    cell = space.sample(np.random.default_rng(0))
    if not isinstance(cell, Cell):
        raise ValueError(f"the space {space.name!r}: sample returns {shown(cell)}, no Cell")
    kind = type(space)  # of one that looks cells up in its list, membership is not tried: that needs the whole list
    looked_up = space.is_listed and kind.write_text is Space.write_text and kind.__contains__ is Space.__contains__
    if not looked_up and cell not in space:
        raise ValueError(f"the space {space.name!r} draws a cell that is not in it: {shown(cell)}")
    if not looked_up and space.parse_text(space.write_text(cell)).key != cell.key:
        raise ValueError(
            f"the space {space.name!r}: parse_text reads another cell than write_text wrote: {shown(cell)}"
        )
    near = space.neighbours(cell)[:NEIGHBOURS]
    if wrong := [one for one in near if not isinstance(one, Cell) or not (looked_up or one in space)]:
        raise ValueError(f"the space {space.name!r}: neighbours has {shown(wrong[0])}, which is no cell of it")
    return space


def _told(error: BaseException) -> str:
    """The message of an error; of one that this module did not raise, its kind too."""
    return str(error) if type(error) is ValueError else f"{type(error).__name__}: {error}"
