"""What a predictor is: the contract between what predicts, and searches and leaderboards that ask.

    make(seed=...)  ->  encode(candidates) -> pool         once, for as many fits as one likes
                    ->  fit(cells, score) -> predict(pool)

`MetaNP`, every class of `metanp.baselines` and `Tuned` keep to it. A predictor says of itself what it can do, so that
nobody has to try; `metanp.estimator.Estimator` has the answers that most give. Predictors may take more than is said
here: `MetaNP` also learns from failures, and can leave the noise of a measurement out.

Axes: cell, the evaluated ones of `fit`, the candidates of all others.
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
    """What a leaderboard says of a predictor.

    title: in tables. source: who proposed it, and where. needs: what it reads; side features are used where given.
    """

    title: str
    source: str
    family: Family = "model-based"
    needs: tuple[Need, ...] = ("cells", "side features")


@runtime_checkable
class Predictor(Protocol):
    """A predictor of scores: any unit, the same in and out; higher is better.

    about: what it is. Of a class, or of an instance where settings are part of the title.
    fewest_labels: evaluated cells without which `fit` refuses; with 0 it has a prior, and answers after `fit([], [])`.
    reads_labels: False where its predictions are the same whatever was evaluated.
    knows_std: whether `predict(..., return_std=True)` answers.
    knows_distribution: whether `predict_distribution` answers; what knows it knows the standard deviation too.
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
        """Equal for two predictors that read each other's pools."""
        ...

    def prepare(self) -> object:
        """Do now what depends on no evaluated cell and takes long, such as a training elsewhere; nothing, mostly.

        Raises:
            ValueError: it was made without what this needs.
        """
        ...

    def fit(self, cells: Any, score: Any, /, features: Any = None) -> Any:
        """Learn from evaluated cells and nothing of an earlier fit; answers with the predictor.

        One that needs "unlabelled cells" takes a pool of them as `unlabelled=`.

        Args:
            cells: any collection of `Cell` with an order, or a `CellArray`.
            score: (cell,), finite.
            features: side features by name, (cell,) each, NaN where missing; passed over where it reads none.

        Raises:
            TypeError, ValueError: fewer than `fewest_labels`, lengths that differ, an item that is no cell, a score
                that is not finite; names the first such item.
            ImportError: one of its `libraries` is missing; says how to install it.
        """
        ...

    def encode(self, candidates: Any, /, features: Any = None) -> Any:
        """A pool: the candidates and their side features as it reads them; needs no fit.

        Raises:
            TypeError, ValueError: an item that is no cell, or side features that do not fit the candidates.
        """
        ...

    def predict(self, candidates: Any, /, return_std: bool = False, *, features: Any = None) -> Any:
        """The score that it expects of each candidate.

        Args:
            candidates: cells, or a pool; side features of a pool are in it, and not given beside it.
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
