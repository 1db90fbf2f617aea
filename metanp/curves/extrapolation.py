"""Learning curve extrapolation: each prefix by itself, continued by parametric formulas.

    lce     White et al.'s four formulas; `formulas=ALL` has Domhan et al.'s eleven
    lce_m   four formulas, none of which may fall anywhere, noise that is small

No whole curves are needed; they say how many epochs there are and in which unit. An accuracy is read as a share; a loss
as the share that it has fallen below its first value, so that a perfect network is at 1.

What differs from White et al., whose lce walks by Metropolis steps and copies its parameters so that rejected moves
change them all the same: here emcee draws from the posterior that was meant. Its answer for a curve that cannot be
fitted, a constant and a uniform draw, is not repeated. Domhan et al. cut the start of a curve; not done here.

Sources: Domhan et al. 2015 (IJCAI); White et al. 2021 (arXiv:2104.01177), `lce` and `lce_m` of NASLib.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float64

from metanp.curves.curves import Curves, Quantity, Scores
from metanp.curves.formulas import FORMULAS, STUDY
from metanp.curves.posterior import Chain, Posterior
from metanp.curves.predictor import CurvePredictor, Moments
from metanp.curves.simple import about

SHARES = {"percent": 100.0, "fraction": 1.0}
SMALL_NOISE = (np.log(1e-4), np.log(0.05))
GRID = 50  # points between which a curve of lce_m may not fall


class LCE(CurvePredictor):
    """formulas: names of `FORMULAS`. chain: how long emcee walks. horizon: the epoch to predict, the last if None."""

    about = about("learning curve extrapolation", "Domhan et al. 2015, four formulas of White et al. 2021")
    fewest_epochs = 3
    libraries = ("emcee",)
    grid, noise = 0, (np.log(1e-4), np.log(0.5))

    def __init__(
        self,
        formulas: Sequence[str] = STUDY,
        chain: Chain = Chain(50, 800, 400),  # noqa: B008  a tuple of numbers
        horizon: int | None = None,
        seed: int = 0,
    ):
        if not formulas or (wrong := sorted(set(formulas) - set(FORMULAS))):
            raise ValueError(
                f"formulas are {list(formulas)}, {wrong if formulas else 'none'} unknown; {list(FORMULAS)}"
            )
        self.formulas, self.chain, self.horizon, self.seed = tuple(formulas), chain, horizon, seed

    def ends(self, prefixes: Curves) -> Float64[np.ndarray, "config draw"]:
        """Draws of each end, noise included; prefixes of one length. Raises as `predict`."""
        self._check(prefixes)
        horizon = float(self.horizon or self._whole.epochs[-1])
        start = int(prefixes.epochs[0] == 0)
        found = []
        for row in prefixes.values[:, 0]:
            to_share, back = share(row, prefixes.main)
            # the same draws whichever prefixes are asked for together
            rng = np.random.default_rng([self.seed, len(row)])
            posterior = Posterior(
                self.formulas, prefixes.epochs[start:].astype(float), to_share[start:], horizon, self.grid, self.noise
            )
            draws = posterior.draw(rng, self.chain)
            value = posterior.curve(np.array([horizon]), draws)[:, 0]
            found.append(back(value + np.exp(draws[:, -1]) * rng.normal(size=len(draws))))
        return np.array(found)

    def _moments(self, prefixes: Curves) -> Moments:
        ends = self.ends(prefixes)
        return ends.mean(1), ends.std(1)

    def _quantile(self, prefixes: Curves, p: float) -> Scores:
        return np.quantile(self.ends(prefixes), p, axis=1)

    def chance(self, prefixes: Curves, best: float | Scores) -> Scores:
        """Share of the draws above `best`. Raises as `predict`."""
        best = np.broadcast_to(np.asarray(best, float), len(prefixes))
        found = np.zeros(len(prefixes))
        for row in np.flatnonzero(~prefixes.failed):
            one = prefixes[[row]].prefix(int(prefixes.lengths[row]))
            found[row] = np.mean(self.ends(one) > best[row])
        return found


class LCEM(LCE):
    """Rising everywhere, with little noise."""

    about = about("learning curve extrapolation, rising", "White et al. 2021 (arXiv:2104.01177), lce-m")
    grid, noise = GRID, SMALL_NOISE


def share(row: np.ndarray, quantity: Quantity) -> tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]:
    """A curve as shares of the best possible value, and the function from such shares to scores.

    Raises:
        ValueError: more is better, and the unit is neither percent nor fraction; or a loss begins at 0 or below.
    """
    if quantity.maximize:
        if quantity.unit not in SHARES:
            raise ValueError(f"{quantity.name} is in {quantity.unit}; give it in {' or '.join(SHARES)}")
        unit = SHARES[quantity.unit]
        return row / unit, lambda value: unit * value
    first = float(row[0])
    if first <= 0:
        raise ValueError(f"{quantity.name} begins with {first}; a loss must begin above 0")
    return 1 - row / first, lambda value: -first * (1 - value)
