"""Side features: named numbers of cells that are no measurement of the score, such as FLOPs or zero-cost proxies.

Any subset may be missing, cell by cell. Before a predictor reads them, each is brought to the scale of its values at
the evaluated cells (`standardise_side`), so that units never matter.

Axes: cell; context, the evaluated cells; side, the columns of side features. numpy alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.brief import brief
from metanp.score_transform import ScoreTransform

FURTHEST = 4.0  # no value is further out than this, in standard deviations of the evaluated cells


@dataclass(frozen=True)
class Side:
    """Named side features of cells, NaN where missing."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "cell side"]

    __repr__ = brief

    @classmethod
    def of(cls, features: Any, n: int) -> Side:
        """From a DataFrame, or a mapping of name to one number a cell (None or NaN where missing), or None.

        Raises:
            ValueError: a column with another number of rows than there are cells, or a value that is infinite or no
                number; named.
        """
        if features is None:
            return cls((), np.zeros((n, 0)))
        names = list(features.keys() if isinstance(features, Mapping) else features.columns)
        columns = [_column(name, features[name], n) for name in names]
        return cls(tuple(map(str, names)), np.stack(columns, axis=1) if columns else np.zeros((n, 0)))

    def in_order(self, names: Sequence[str]) -> Float[np.ndarray, "cell side"]:
        """The columns called `names`, all missing where this has no such column."""
        missing = np.full(len(self.values), np.nan)
        columns = [self.values[:, self.names.index(n)] if n in self.names else missing for n in names]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self.values), 0))


def _column(name: Any, values: Any, n: int) -> Float[np.ndarray, " cell"]:
    try:
        column = np.asarray([np.nan if v is None else v for v in values], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"side feature {name!r}: {error}; expected one number a cell, NaN where missing") from None
    if len(column) != n:
        raise ValueError(f"side feature {name!r} has {len(column)} values for {n} cells")
    if np.isinf(column).any():
        raise ValueError(f"side feature {name!r} is infinite at cell {int(np.isinf(column).argmax())}")
    return column


def standardise_side(
    context: Float[np.ndarray, "context side"], cells: Float[np.ndarray, "cell side"]
) -> Float[np.ndarray, "cell side"]:
    """Each side feature on the scale of its values at the evaluated cells; NaN stays NaN.

    Values far outside of what the context has are drawn in to +-4. A feature that no evaluated cell has, has no scale
    and stays missing.
    """
    out = np.full(cells.shape, np.nan)
    for j in range(cells.shape[1]):
        known = context[np.isfinite(context[:, j]), j]
        finite = np.isfinite(cells[:, j]) & (len(known) > 0)
        out[finite, j] = np.clip(ScoreTransform.fit(known).forward(cells[finite, j]), -FURTHEST, FURTHEST)
    return out
