"""Rankings by side features alone, without reading cells: one zero-cost proxy, and XGBoost on all of them.

A proxy scores an untrained network from at most one batch, and needs no evaluated cell: `Proxy` learns nothing from
labels. `ProxyXGBoost` learns from labels how proxies and scores are related.

Axes: cell, as given; each is a row of its own.

Source: proxies of NAS-Bench-Suite-Zero, Krishnakumar et al. 2022 (arXiv:2210.03230), whose XGBoost on all of them has
NASLib's settings, those of `metanp.baselines.study_trees`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float

from metanp.baselines.base import Baseline, Moments, Scores, ZScore
from metanp.baselines.base_trees import Trees
from metanp.baselines.inputs import Inputs
from metanp.baselines.study_trees import StudyXGBoost
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.side import Side

SOURCE = "Krishnakumar et al. 2022 (arXiv:2210.03230)"
LOWEST = float(np.finfo(np.float32).min)  # below any proxy; finite, and so is its square


def unread(cells: Sequence[Cell] | CellArray) -> Inputs:
    """Inputs without anything of the cells, one row each, to which `with_side` adds features."""
    none = np.zeros((len(cells), 0), dtype=np.float32)
    alike = np.zeros(len(cells), dtype=np.uint64)  # rows that do not differ have one name
    return Inputs(np.arange(len(cells)), alike, none, (), Side.of(None, len(cells)))


class AsTheyAre(ZScore):
    """Scores in their units."""

    @classmethod
    def fit(cls, score: Scores) -> AsTheyAre:
        """The identity, whatever was seen."""
        return cls(0.0, 1.0)


class Proxy(Baseline):
    """The side feature called `feature`, unchanged, higher is better; lowest where it is missing.

    Tables put the data set before the name: `synflow` is also `cifar10_synflow`, where that is the only one of that
    ending. Predictions are in the feature's units, whatever scores were shown.
    """

    about = About("zero-cost proxy", SOURCE, family="zero-cost", needs=("side features",))
    read = staticmethod(unread)
    transform = AsTheyAre
    fewest_labels = 0
    reads_labels = False
    knows_std = False

    def __init__(self, feature: str, seed: int = 0):
        super().__init__(seed)
        self.feature = feature
        self.about = replace(self.about, title=f"{feature} alone")

    def _fit(self, context: Inputs, value: Float[np.ndarray, " cell"]) -> None:
        """Nothing to learn: predictions do not depend on evaluated cells."""

    def _predict(self, inputs: Inputs) -> Moments:
        known, found = inputs.side.names, self.among(inputs.side.names)
        if found is None:
            raise ValueError(
                f"the candidates have no side feature {self.feature!r}; they have: {', '.join(known) or 'none'}"
            )
        return np.nan_to_num(inputs.side.values[:, known.index(found)], nan=LOWEST), None

    def among(self, names: Collection[str]) -> str | None:
        """What its side feature is called among these; None where it is not there.

        Raises:
            ValueError: several data sets have one.
        """
        found = [self.feature] if self.feature in names else [one for one in names if one.endswith(f"_{self.feature}")]
        if len(found) > 1:
            raise ValueError(f"side features {found} all end in {self.feature!r}; name the one that is meant in full")
        return found[0] if found else None


class ProxyXGBoost(Trees):
    """Side features alone, missing ones average; no standard deviation."""

    about = About("XGBoost on zero-cost proxies", SOURCE, needs=("side features",))
    read = staticmethod(unread)
    transform = ZScore
    knows_std = False
    regressor = "xgboost", "XGBRegressor"
    settings: Mapping[str, Any] = StudyXGBoost.settings

    def _table(self, inputs: Inputs) -> Float[np.ndarray, "graph column"]:
        if not inputs.side.names:
            raise ValueError("ProxyXGBoost reads side features alone, and these cells have none; pass features=")
        return super()._table(inputs)
