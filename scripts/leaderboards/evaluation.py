"""Predictors judged on the label sets of a protocol: what one fit of a leaderboard is.

What goes wrong is a row too: a predictor that has too few labels, raises, or predicts something that is not finite.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from hydra.utils import instantiate

from metanp.contract import Predictor
from metanp.fitted import ScoreWarning
from scripts.leaderboards.judging import NotFinite, judge, label_set, reads_side
from scripts.leaderboards.protocols import ProtocolConfig, settings
from scripts.leaderboards.reading import read_by
from scripts.results.entrants import Entrant
from scripts.results.fits import TOO_FEW, Attempt, Fit
from scripts.results.rows import Row
from scripts.results.running import Running

Place = tuple[str, str]  # benchmark, column
SCATTER = 300  # targets whose prediction is kept, of the first label set


@dataclass(frozen=True)
class Evaluation:
    """A study (`scripts.results.fits.Study`): label sets of a protocol's columns. seed: of the label sets."""

    protocol: ProtocolConfig
    seed: int = 0

    def open(self) -> Attempt:
        """Rows of a fit: of its predictor on its label set. That scores are strange is no news here."""
        warnings.filterwarnings("ignore", category=ScoreWarning)
        return _Judge(self).rows


class _Judge:
    """Of one process; what several fits share is read once."""

    def __init__(self, evaluation: Evaluation):
        self.seed = evaluation.seed
        self.setting = lru_cache(maxsize=2)(lambda shown: next(settings(evaluation.protocol, [shown]))[1])
        self.pool = lru_cache(maxsize=2)(self._pool)
        self.trained = lru_cache(maxsize=1)(_made)

    def rows(self, fit: Fit) -> list[Row]:
        setting = self.setting(fit.shown)
        predictor = self.trained(fit.make) if fit.seed is not None else _made(fit.make, seed=fit.number)
        if fit.budget < predictor.fewest_labels:
            return fit.failed(TOO_FEW, f"needs {predictor.fewest_labels}")
        predictor.prepare()  # what was learned elsewhere is no fit's time
        pool, seconds = self.pool(fit.make, fit.shown)
        shown = label_set(setting, fit.number, fit.budget, self.seed)
        try:
            found = judge(predictor, pool, setting, shown, SCATTER if fit.number == 0 else 0)
        except NotFinite as error:
            return fit.failed("not finite", str(error))
        return fit.rows([{**row, "seconds_encode": seconds} for row in found])

    def _pool(self, make: str, shown: str) -> tuple[Any, float]:
        """All cells of a column as a predictor reads them, and the seconds that took; once for all its fits.

        Among the seconds are those of computing proxies that it reads, of one core.
        """
        setting, predictor = self.setting(shown), _made(make)
        features = setting.features if reads_side(predictor) and setting.features else None
        started = time.perf_counter()
        pool = predictor.encode(setting.cells, features)
        return pool, time.perf_counter() - started + setting.cost(read_by(predictor, features or ()))


def _made(make: str, **more: Any) -> Predictor:
    return instantiate(json.loads(make), **more)


def judged(
    running: Running, entrants: Iterable[Entrant], place: Place, budgets: Sequence[int], folder: Path
) -> list[Row]:
    """Rows of entrants on one column, which is ranked against itself.

    Raises:
        RuntimeError: one of them has no answer; says why.
    """
    benchmark, column = place
    protocol = ProtocolConfig(benchmark, benchmark=benchmark, budgets=[*budgets], columns={column: [column]})
    fits = ((one, one.fits(column, [column], budgets)) for one in entrants)
    rows = running.carry_out(
        Evaluation(protocol), [pair for found in fits for pair in running.wanted(*found, folder, {})]
    )
    for row in rows:
        if row["status"] != "ok":
            raise RuntimeError(f"{row['predictor']} on {benchmark}: {row['status']}, {row['message']}")
    return rows
