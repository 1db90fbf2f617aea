"""Known names that are similar to an unknown one, for error messages about mistyped names."""

import difflib
from collections.abc import Iterable
from typing import Any


def names_like(name: Any, known: Iterable[str], most: int = 3, alike: float = 0.3) -> list[str]:
    """Those of `known` that are most like `name`, best first.

    Args:
        alike: how much, from 0 (any name) to 1 (the same).
    """
    return difflib.get_close_matches(str(name), list(known), n=most, cutoff=alike)


def nearest(name: Any, known: Iterable[str]) -> str:
    """The end of an error message: which of `known` are like `name`, or all of them where none is."""
    known = list(known)
    near = names_like(name, known)
    return f"nearest: {', '.join(near)}" if near else f"known: {', '.join(known)}"


def nearest_one(name: Any, known: Iterable[str]) -> str:
    """The end of an error message: the one of `known`, at least one name, that is most like `name`."""
    return f"nearest: {names_like(name, known, most=1, alike=0)[0]}"
