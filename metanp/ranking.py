"""The best candidates of a pool, best first: numbers, a table for a notebook, a DataFrame, a picture.

Axes: k, places of the ranking. Everything in the units of the scores that were given to `fit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from metanp.brief import counted
from metanp.cell import Cell
from metanp.given import read_numbers

if TYPE_CHECKING:
    from metanp.pictures import Picture


@dataclass(frozen=True, eq=False)
class Ranking:
    """The best candidates, best first; of a shortlist, in the order in which they were chosen.

    index: position among the candidates. mean, std: of a new measurement, in the user's units.
    p_top: probability to be in the true top k of the candidates ranked, from joint draws.
    lower, upper: ends of the interval that holds a new measurement with probability .9.
    title: of its picture, where it is another than usual.
    """

    cells: list[Cell]
    index: Int[np.ndarray, " k"]
    mean: Float[np.ndarray, " k"]
    std: Float[np.ndarray, " k"]
    p_top: Float[np.ndarray, " k"]
    lower: Float[np.ndarray, " k"]
    upper: Float[np.ndarray, " k"]
    title: str = ""

    def __len__(self) -> int:
        return len(self.cells)

    def __repr__(self) -> str:
        if not len(self):
            return "Ranking(no cell)"
        first = f"first: candidate {self.index[0]:,} with {self.mean[0]:.4g} ± {self.std[0]:.2g}"
        return f"Ranking({counted(len(self), 'cell')}, {first})"

    def to_frame(self) -> Any:
        """A pandas DataFrame, one row a place: rank (from 1), index, cell, mean, std, lower, upper, p_top.

        Raises:
            ImportError: pandas is missing; says how to install it.
        """
        try:
            import pandas
        except ImportError as error:
            raise ImportError(f"to_frame needs pandas: pip install 'metanp[research]' ({error})") from error
        numbers = {name: getattr(self, name) for name in ("mean", "std", "lower", "upper", "p_top")}
        cells = pandas.Series(self.cells, dtype=object)
        return pandas.DataFrame({"rank": np.arange(1, len(self) + 1), "index": self.index, "cell": cells, **numbers})

    def plot(self, measured: Sequence[float] | Float[np.ndarray, " candidate"] | None = None) -> Picture:
        """The first places with their intervals.

        Args:
            measured: the true score of every candidate, NaN where it is not known; shown beside what was predicted.

        Raises:
            ValueError: no numbers, or fewer than there were candidates.
        """
        from metanp.pictures.ranking import draw_ranking

        if measured is not None:
            measured = read_numbers(measured, "measured scores")
            if len(measured) <= self.index.max(initial=-1):
                raise ValueError(f"{len(measured)} measured scores; give one for every candidate that was ranked")
        return draw_ranking(self, measured)

    def _repr_html_(self) -> str:
        from metanp.pictures.tables import ranking_table

        return ranking_table(self)
