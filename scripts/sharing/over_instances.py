"""A number over instances: its mean, and half of its 95 % interval."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from scripts.results.statistics import interval

Number = dict[str, float | int | None]


def mean_of(values: Iterable[float]) -> Number:
    """With half of the 95 % interval over instances, and their number; nothing of none."""
    numbers = np.array([list(values)], dtype=float)
    if not numbers.size:
        return {"mean": None, "half": None, "n": 0}
    found = interval(numbers)
    return {"mean": found.mean, "half": found.half if np.isfinite(found.half) else None, "n": numbers.size}
