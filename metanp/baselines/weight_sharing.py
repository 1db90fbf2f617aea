"""Rankings by a supernet: a child's accuracy with the weights that all share, without any evaluated cell.

The supernet itself, how it is trained and on which images, is the `source`. OneShot is one that is trained with all
operations added up, RSWS one that is trained with a random architecture a step.

Sources: White et al. 2021 (arXiv:2104.01177), who compared both; Bender et al. 2018 (one shot); Li and Talwalkar 2019
(arXiv:1902.07638, RSWS).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from jaxtyping import Float

from metanp.brief import brief
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.estimator import Estimator, NotFittedError
from metanp.given import check_alike, read_cells, read_evaluated, read_flag, read_scores

TRAININGS = 3  # supernets by seed; more seeds share them
NO_SOURCE = "WeightSharing reads a supernet; give it source="
TITLES = {"summed": "OneShot", "uniform": "RSWS"}


class Source(Hashable, Protocol):
    """A trained supernet; equal ones have equal hashes. regime: how it was trained. space: name of its children's."""

    @property
    def regime(self) -> str: ...

    @property
    def space(self) -> str: ...

    def check(self, download: bool) -> None:
        """FileNotFoundError where the images that it is trained on are not at hand; downloaded first, if allowed."""
        ...

    def seconds(self, seed: int) -> float:
        """Of its training."""
        ...

    def accuracies(self, cells: Sequence[Cell], seed: int) -> Float[np.ndarray, " cell"]:
        """Of children with the shared weights, higher is better; trains the supernet where that was not done.

        Raises:
            ValueError: a cell that is none of its children; names it.
        """
        ...


@dataclass(frozen=True, eq=False)
class Read:
    """Children that were read. accuracy: of each."""

    accuracy: Float[np.ndarray, " cell"]

    __repr__ = brief

    def __len__(self) -> int:
        return len(self.accuracy)


class WeightSharing(Estimator):
    """A child's accuracy inside a supernet, unchanged; evaluated cells do not matter.

    Args:
        source: the supernet.
        seed: of its training; `TRAININGS` different ones.
    """

    about = About("weight sharing", "White et al. 2021 (arXiv:2104.01177)", "weight-sharing", ("cells", "networks"))
    fewest_labels = 0
    reads_labels = False
    knows_std = False

    def __init__(self, source: Source | None = None, seed: int = 0):
        self.source, self.seed = source, seed
        if source is not None:
            self.about = replace(self.about, title=TITLES.get(source.regime, source.regime))

    @property
    def encoding(self) -> Hashable:
        return self.source, self.seed % TRAININGS

    @property
    def training_seconds(self) -> float:
        """Of the supernet's training, on one core; raises as `prepare`."""
        if self.source is None:
            raise ValueError(NO_SOURCE)
        return self.source.seconds(self.seed % TRAININGS)

    def prepare(self) -> object:
        """Train the supernet; slow the first time.

        Raises:
            ValueError: it was made without a `source`.
        """
        return self._read([])

    def fit(self, cells: Any = (), score: Any = (), /, features: Any = None) -> Self:
        """Nothing to learn; what is given is checked all the same.

        Raises:
            TypeError, ValueError: an item that is no cell, lengths that differ, or a score that is not finite.
        """
        check_alike(cells, score, "scores")
        read_scores(score, len(read_evaluated(cells)))
        self._is_fitted = True
        return self

    def encode(self, candidates: Iterable[Cell] | CellArray, /, features: Any = None) -> Read:
        """Read each distinct child once.

        Raises:
            ValueError: a cell that is none of the supernet's children; or as `prepare`.
        """
        cells = list(read_cells(candidates))
        place: dict[Cell, int] = {}
        for cell in cells:
            place.setdefault(cell, len(place))
        return Read(self._read(list(place))[[place[cell] for cell in cells]])

    def predict(self, candidates: Any, /, return_std: bool = False, *, features: Any = None) -> Any:
        """Accuracy of each candidate in percent, whatever unit the scores have.

        Raises:
            NotFittedError: before `fit`.
            ValueError: `return_std`; or as `encode`.
        """
        if not self._is_fitted:
            raise NotFittedError(f"{type(self).__name__} was not fitted; call fit([], []) first")
        if read_flag(return_std, "return_std"):
            raise ValueError(f"{type(self).__name__} gives no standard deviation; gp_wl and random_forest do")
        return (candidates if isinstance(candidates, Read) else self.encode(candidates)).accuracy

    def _read(self, cells: Sequence[Cell]) -> Float[np.ndarray, " cell"]:
        if self.source is None:
            raise ValueError(NO_SOURCE)
        return np.asarray(self.source.accuracies(cells, self.seed % TRAININGS), dtype=np.float64)
