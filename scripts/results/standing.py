"""How MetaNP stands in tables of leaderboards: ahead of its hardest rival, level with it, or behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from scripts.results.entrants import OURS

STANDING = ("ahead", "level", "behind")


def standings(found: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """A row for each shown column and number of labels of a summary: tau of MetaNP and of its hardest rival, their
    difference, and where that leaves it: the 95 % interval of the paired difference excludes zero, or does not."""
    tau = found.set_index(["shown", "labels", "predictor"])["kendall_tau"]
    for _, row in found[(found["predictor"] == OURS) & found["over"].notna()].iterrows():
        difference, half = float(row["over_tau"]), float(row["over_tau_half"])
        standing = int(np.sign(difference) * (abs(difference) > half))
        yield {
            "shown": row["shown"],
            "labels": int(row["labels"]),
            "tau": float(row["kendall_tau"]),
            "rival": row["over"],
            "rival_tau": float(tau[row["shown"], row["labels"], row["over"]]),
            "difference": difference,
            "half": half,
            "standing": STANDING[1 - standing],
        }


def tally(standing: Sequence[str]) -> str:
    """How often ahead, level and behind: `5-13-1`."""
    return "-".join(str(list(standing).count(one)) for one in STANDING)
