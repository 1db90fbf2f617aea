"""Sixty random cells of NAS-Bench-201, a dozen of them evaluated, with made-up scores and side features."""

import numpy as np
import pandas as pd

from metanp.cell import Cell

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def text(*digits: int) -> str:
    """The NAS-Bench-201 string of six operations by number."""
    a, b, c, d, e, f = (OPERATIONS[i] for i in digits)
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"


# Both compute a skip and then a 1x1 convolution: 0 -> 1 -> 3, and 0 -> 2 -> 3.
EARLY_SKIP, OTHER_EARLY_SKIP = text(1, 0, 0, 0, 2, 0), text(0, 1, 0, 0, 0, 2)

_RNG = np.random.default_rng(0)
CELLS = [Cell.from_nasbench201(text(*digits)) for digits in _RNG.integers(0, 5, (60, 6))]
CONTEXT, POOL = CELLS[:12], CELLS[12:]
SCORE = _RNG.normal(90, 2, len(CONTEXT))
FLOPS = _RNG.uniform(20, 200, len(CELLS))
SYNFLOW = np.where(_RNG.random(len(CELLS)) < 0.3, np.nan, _RNG.normal(size=len(CELLS)))


def side(rows: slice) -> pd.DataFrame:
    """Two side features of some of `CELLS`, one of them missing here and there."""
    return pd.DataFrame({"flops": FLOPS[rows], "synflow": SYNFLOW[rows]})
