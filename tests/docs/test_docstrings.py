"""Every public name says what it is, which shapes it takes and what it refuses.

The rules, for what `scripts.site.public` lists and the public methods and properties of its classes:
1. a docstring, of its own or that of the method it overrides;
2. an array among parameters or results has a shape: in its annotation, by jaxtyping, or in the docstring, as `(cell,)`;
3. a function whose own code raises has a section `Raises:`, or names the error, and so has one that calls a check that
   reads what users give (`read_cells`, `check_alike` and their like in `metanp.given`).
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from scripts.site.public import PUBLIC, objects

ARRAYS = re.compile(r"\b(?:np\.)?ndarray\b|\bTensor\b")
SHAPED = re.compile(r"\b(?:Float|U?Int|Bool|Shaped|Num)\d*\[")
SHAPE = re.compile(r"\([a-z_0-9]+(?:, ?[a-z_0-9 ]+)*,?\)")  # (cell,) or (draw, cell)
OWN_FAULT = re.compile(r"NotImplemented|AssertionError")  # not for the caller to mend
BORDER = re.compile(r"^(?:read|check)_(?!(?:flag|generator|torch_generator|seed)$)\w+$")


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class of this project defines, or inherits from one."""
    for owner in kind.__mro__:
        if owner.__module__.startswith("metanp"):
            for name, value in vars(owner).items():
                if not name.startswith("_") and not isinstance(value, type):
                    plain = getattr(value, "__func__", getattr(value, "fget", value))
                    if inspect.isfunction(plain):
                        yield name, inspect.unwrap(plain)


def public() -> dict[str, Any]:
    """Every public function, class, method and property, by its full name."""
    found: dict[str, Any] = {}
    for module in PUBLIC:
        for name, value in objects(module).items():
            if inspect.isclass(value) or inspect.isfunction(value):
                found[f"{module}.{name}"] = value
            if inspect.isclass(value):
                for member, plain in members(value):
                    found.setdefault(f"{module}.{name}.{member}", (value, member, plain))
    return found


NAMES = public()


def doc_of(value: Any) -> str:
    if isinstance(value, tuple):
        kind, member, _ = value
        return inspect.getdoc(getattr(kind, member)) or inspect.getdoc(inspect.getattr_static(kind, member)) or ""
    doc = inspect.getdoc(value) or ""
    generated = inspect.isclass(value) and doc.startswith(f"{value.__name__}(")  # a dataclass without one
    return "" if generated else doc


def code_of(value: Any) -> Any:
    """The function whose code is read: of a class its constructor, where it has one of its own."""
    if isinstance(value, tuple):
        return value[2]
    if inspect.isclass(value):
        own = vars(value).get("__post_init__") or vars(value).get("__init__")
        return inspect.unwrap(own) if own and own.__module__.startswith("metanp") else None
    return inspect.unwrap(value)


def complaints(value: Any) -> list[str]:
    doc, code = doc_of(value), code_of(value)
    if not doc:
        return ["no docstring"]
    if code is None or code.__qualname__.startswith("__create_fn__"):
        return []
    found = [f"no shape of {name}" for name in unshaped(code, doc)]
    if raises(code) and not re.search(r"Raises:|\b\w+Error\b|[Ee]rrors as", doc):
        found.append("raises, and does not say so")
    return found


def unshaped(code: Any, doc: str) -> list[str]:
    """Parameters, and the result, that are arrays of a shape which nobody says."""
    names = {name: str(kind) for name, kind in code.__annotations__.items()}
    bare = [name for name, kind in names.items() if ARRAYS.search(SHAPED.sub("", kind)) and not SHAPED.search(kind)]
    return [] if SHAPE.search(doc) else bare


def raises(code: Any) -> bool:
    """Whether its own lines raise, or check what users give."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(code)))
    except (OSError, SyntaxError):
        return False
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None and not OWN_FAULT.search(ast.dump(node.exc)):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and BORDER.match(node.func.id):
            return True
    return False


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_says_what_it_is_with_shapes_and_errors(name):
    assert complaints(NAMES[name]) == []


def test_there_are_many_public_names():
    assert {"metanp.MetaNP.rank", "metanp.search.Search.tell", "metanp.metrics.kendall_tau"} <= set(NAMES)
    assert len(NAMES) > 300


def undocumented(x: np.ndarray) -> None:
    raise ValueError


def shapeless(x: np.ndarray) -> torch.Tensor:
    """Makes a tensor of an array."""
    if x is None:
        raise ValueError
    return torch.tensor(x)


def complete(x: np.ndarray) -> torch.Tensor:
    """Makes a tensor (cell,) of an array.

    Raises:
        ValueError: no array.
    """
    return shapeless(x)


def test_what_is_missing_is_found():
    assert complaints(undocumented) == ["no docstring"]
    assert complaints(shapeless) == ["no shape of x", "no shape of return", "raises, and does not say so"]
    assert complaints(complete) == []
