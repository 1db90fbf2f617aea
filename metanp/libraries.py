"""Libraries of the package's extras: imported when a predictor is fitted, so that everything imports without them."""

from __future__ import annotations

import importlib
from types import ModuleType


def library(name: str, extra: str) -> ModuleType:
    """Import a library of an extra of this package.

    Raises:
        ImportError: it is missing; says how to install it.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"this needs {name.split('.')[0]}: pip install 'metanp[{extra}]' ({error})"
        raise ImportError(message, name=name) from error
