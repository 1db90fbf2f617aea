"""Classes by name: `a.b:C` is C in the module a.b of any package.

Strategies of a search, and predictors inside them, are named so. `a.b.C`, as `hydra` writes it, is read as well.
"""

from __future__ import annotations

import pkgutil
from typing import Any


def class_at(path: str) -> Any:
    """The object of this name: a class, or anything else that a module has.

    Raises:
        ValueError: no such module, or nothing of this name in it.
        ImportError: the module needs another one that is missing.
    """
    try:
        return pkgutil.resolve_name(path)
    except AttributeError as error:
        raise ValueError(str(error)) from error
    except ModuleNotFoundError as error:
        module = path.partition(":")[0]
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise ValueError(f"there is no module {error.name!r}") from error
        raise
