"""Libraries that some predictors of curves need; none is imported before something is fitted."""

from __future__ import annotations

import importlib
from types import ModuleType


def library(name: str, extra: str = "curves") -> ModuleType:
    """Import a library of an extra of this package.

    Raises:
        ImportError: it is missing; says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"this needs {name.split('.')[0]}: pip install 'metanp[{extra}]' ({error})"
        raise ImportError(message, name=name) from error
