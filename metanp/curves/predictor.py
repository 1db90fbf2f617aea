"""What predicts the end of a curve from its start: one interface for all.

    fit(whole curves)  ->  predict(prefixes) -> mean and standard deviation of each end
                           quantile(prefixes, p), chance(prefixes, best)

Ends are scores, higher is better (a loss is negated), in the unit of the curves. `std` is of the end as it would be
measured. A prefix that has failed is given the worst end that `fit` saw, with the spread of all ends.

Axes: config, epoch, as in `metanp.curves.curves`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from scipy.special import ndtr, ndtri

from metanp.brief import counted
from metanp.contract import About
from metanp.curves.curves import Curves, Scores
from metanp.estimator import NotFittedError
from metanp.given import read_probability, read_scores

Moments = tuple[Scores, Scores]


class CurvePredictor(ABC):
    """A subclass says what it is, learns in `_fit` and answers in `_moments`.

    about: as in `metanp.contract`. fewest_labels: whole curves without which `fit` refuses. fewest_epochs: columns
    of a prefix, counted from epoch 1, without which `predict` refuses. libraries: what `fit` or `predict` imports.
    """

    about: About
    fewest_labels: int = 0
    fewest_epochs: int = 1
    libraries: tuple[str, ...] = ()
    _whole: Curves
    _end: Scores

    def __repr__(self) -> str:
        whole = getattr(self, "_whole", None)
        fitted = "" if whole is None else f"fitted on {counted(len(whole), 'curve')}"
        return f"{type(self).__name__}({fitted})"

    def fit(self, whole: Curves, end: Any = None) -> Self:
        """Learn from curves that were trained to their ends, and nothing of an earlier fit. Failed ones are left out.

        None at all will do where `fewest_labels` is 0: `curves[:0]` still says how many epochs there are.

        Args:
            end: the score to predict, higher is better, (config,); the end of the main quantity unless given.

        Raises:
            ValueError: fewer whole curves than `fewest_labels`; an end that is not finite.
            ImportError: one of `libraries` is missing.
        """
        well = ~whole.failed
        ends = whole.ends() if end is None else np.where(well, read_scores(end, len(whole)), np.nan)
        if well.sum() < self.fewest_labels:
            needs = f"{type(self).__name__} needs at least {self.fewest_labels}"
            raise ValueError(f"{counted(int(well.sum()), 'whole curve')} of {len(whole)} given; {needs}: train more")
        self._whole, self._end = whole[well], ends[well]
        self._fit()
        return self

    def predict(self, prefixes: Curves, return_std: bool = False) -> Any:
        """The end that it expects of each prefix, (config,); with `return_std` a pair with the standard deviation.

        Raises:
            NotFittedError: before `fit`.
            ValueError: prefixes longer than every whole curve or shorter than `fewest_epochs`, of another quantity or
                direction than those of `fit`, or without what the predictor reads; says which.
        """
        mean, std = self._by_length(prefixes, self._moments, 2)
        return (mean, std) if return_std else mean

    def quantile(self, prefixes: Curves, p: float) -> Scores:
        """The score that the end of each prefix is below with probability `p`; errors as `predict`."""
        p = read_probability(p, "the probability of a quantile")
        return self._by_length(prefixes, lambda some: (self._quantile(some, p),), 1)[0]

    def chance(self, prefixes: Curves, best: Any) -> Scores:
        """The probability that the end of each prefix is above `best`, one number or (config,). Raises as `predict`."""
        mean, std = self.predict(prefixes, return_std=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            above = ndtr((mean - best) / std)
        return np.where(std == 0, (mean > best).astype(float), above)

    def _fit(self) -> None:
        """Learn from `_whole` and `_end`; nothing where all is learned when a length is asked for."""
        return

    @abstractmethod
    def _moments(self, prefixes: Curves) -> Moments:
        """Mean and standard deviation of prefixes of one length, none of them failed."""

    def _quantile(self, prefixes: Curves, p: float) -> Scores:
        mean, std = self._moments(prefixes)
        return mean + ndtri(p) * std

    def _by_length(
        self, prefixes: Curves, ask: Callable[[Curves], tuple[Scores, ...]], answers: int
    ) -> tuple[Scores, ...]:
        """What `ask` says of the prefixes, those of one length at a time; of failed ones what little is known."""
        self._check(prefixes)
        found = np.full((answers, len(prefixes)), np.nan)
        failed = prefixes.failed
        if failed.any():
            found[:, failed] = self._of_failed()[:answers, None]
        for n in np.unique(prefixes.lengths[~failed]):
            rows = np.flatnonzero((prefixes.lengths == n) & ~failed)
            found[:, rows] = ask(prefixes[rows].prefix(int(n)))
        return tuple(found)

    def _of_failed(self) -> np.ndarray:
        if not len(self._end):
            return np.array([-np.inf, np.inf])
        return np.array([self._end.min(), self._end.std()])

    def _check(self, prefixes: Curves) -> None:
        whole = getattr(self, "_whole", None)
        if whole is None:
            raise NotFittedError(f"{type(self).__name__} was not fitted; call fit(whole curves) first")
        whole.check_like(prefixes)
        longest = int(whole.lengths.max(initial=0)) or whole.n_epochs
        lengths = prefixes.lengths
        if (long := np.flatnonzero(lengths > longest)).size:
            row = int(long[0])
            raise ValueError(
                f"the prefix of configuration {row} has {lengths[row]} epochs, the longest whole curve {longest}; "
                f"cut it with prefix({longest}), or fit on longer curves"
            )
        trained = lengths - (prefixes.epochs[0] == 0)
        if (short := np.flatnonzero((trained < self.fewest_epochs) & ~prefixes.failed)).size:
            row = int(short[0])
            raise ValueError(
                f"the prefix of configuration {row} has {counted(int(trained[row]), 'epoch')}; "
                f"{type(self).__name__} needs at least {self.fewest_epochs}"
            )
