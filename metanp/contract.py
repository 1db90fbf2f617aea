"""The contract of a predictor: what searches and leaderboards may rely on.

    make(seed=...)  ->  encode(candidates) -> pool         once, for as many fits as one likes
                    ->  fit(cells, score) -> predict(pool)

`MetaNP`, every class of `metanp.baselines` and `Tuned` follow it. Attributes state what a predictor can do, so that
callers need not try; `metanp.estimator.Estimator` has the usual values. Predictors may accept more: `MetaNP` also
learns from failures, and can predict scores without measurement noise.

Axes: cell, the evaluated cells in `fit`, the candidates in all other methods.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from metanp.predicted import Predicted

Family = Literal["meta-learned", "model-based", "zero-cost", "learning-curve", "weight-sharing", "hybrid", "reference"]
Need = Literal["cells", "side features", "unlabelled cells", "learning-curve prefixes", "networks"]


@dataclass(frozen=True)
class About:
    """How a leaderboard describes a predictor.

    title: in tables. source: who proposed it, and where. needs: what it reads; side features are used where given.
    """

    title: str
    source: str
    family: Family = "model-based"
    needs: tuple[Need, ...] = ("cells", "side features")


@runtime_checkable
class Predictor(Protocol):
    """A predictor of scores: any unit, the same in and out; higher is better.

    about: its description; an attribute of the class, or of the instance where settings are part of the title.
    fewest_labels: how many evaluated cells `fit` needs; with 0 it has a prior, and predicts after `fit([], [])`.
    reads_labels: False where its predictions do not depend on the evaluated cells.
    knows_std: whether `predict(..., return_std=True)` works.
    knows_distribution: whether `predict_distribution` works; `knows_std` is then True as well.
    """

    about: About
    fewest_labels: int
    reads_labels: bool
    knows_std: bool
    knows_distribution: bool

    @property
    def libraries(self) -> tuple[str, ...]:
        """Modules of the extra `[research]` that `fit` imports, as `import` writes them."""
        ...

    @property
    def encoding(self) -> Hashable:
        """Equal for two predictors that can use each other's pools."""
        ...

    def prepare(self) -> object:
        """Do slow work that depends on no evaluated cell, such as training on other benchmarks; usually nothing.

        Raises:
            ValueError: it was made without what this needs.
        """
        ...

    def fit(self, cells: Any, score: Any, /, features: Any = None) -> Any:
        """Learn from evaluated cells alone, nothing from an earlier fit; returns the predictor.

        One that needs "unlabelled cells" takes a pool of them as `unlabelled=`.

        Args:
            cells: any collection of `Cell` with an order, or a `CellArray`.
            score: (cell,), finite.
            features: side features by name, (cell,) each, NaN where missing; ignored where it reads none.

        Raises:
            TypeError, ValueError: fewer than `fewest_labels`, lengths that differ, an item that is no cell, a score
                that is not finite; names the first such item.
            ImportError: one of its `libraries` is missing; says how to install it.
        """
        ...

    def encode(self, candidates: Any, /, features: Any = None) -> Any:
        """A pool: the candidates and their side features in the predictor's own encoding; needs no fit.

        Raises:
            TypeError, ValueError: an item that is no cell, or side features that do not fit the candidates.
        """
        ...

    def predict(self, candidates: Any, /, return_std: bool = False, *, features: Any = None) -> Any:
        """The expected score of each candidate.

        Args:
            candidates: cells, or a pool, which holds its side features already.
            return_std: also the standard deviation, of a new measurement.

        Returns:
            (cell,) float64, in the order of the candidates; with `return_std` a pair of them.

        Raises:
            NotFittedError: before `fit`.
            ValueError: `return_std` where `knows_std` is False; side features that `fit` did not see.
        """
        ...

    def predict_distribution(self, candidates: Any, /, *, features: Any = None) -> Predicted:
        """Mean, standard deviation and any quantile of a new measurement of each candidate.

        Raises:
            NotFittedError: before `fit`.
            ValueError: where `knows_distribution` is False; or as `predict`.
        """
        ...
