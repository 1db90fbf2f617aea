"""Predictors judged on the label sets of a protocol: what one fit of a leaderboard is.

What goes wrong is a row too: a predictor that has too few labels, raises, or predicts something that is not finite.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hydra.utils import instantiate

from metanp.contract import Predictor
from metanp.fitted import ScoreWarning
from scripts.leaderboards.judging import LabelSet, NotFinite, Setting, judge, label_sets, reads_side
from scripts.leaderboards.protocols import ProtocolConfig, settings
from scripts.results.fits import TOO_FEW, Attempt, Fit
from scripts.results.rows import Row

SCATTER = 300  # targets whose prediction is kept, of the first label set


@dataclass(frozen=True)
class Evaluation:
    """A study (`scripts.results.fits.Study`): label sets of a protocol's columns. seed: of the label sets."""

    protocol: ProtocolConfig
    sets: int
    seed: int

    def open(self) -> Attempt:
        """Rows of a fit: of its predictor on its label set. That scores are strange is no news here."""
        warnings.filterwarnings("ignore", category=ScoreWarning)
        return _Judge(self).rows


class _Judge:
    """Of one process; what several fits share is read once."""

    def __init__(self, evaluation: Evaluation):
        self.evaluation = evaluation
        self.setting = lru_cache(maxsize=2)(self._setting)
        self.pool = lru_cache(maxsize=2)(self._pool)
        self.trained = lru_cache(maxsize=1)(lambda make: instantiate(json.loads(make)))

    def rows(self, fit: Fit) -> list[Row]:
        setting, label_set = self.setting(fit.shown)
        predictor = self.trained(fit.make) if fit.seed is not None else _seeded(fit.make, fit.number)
        if fit.budget < predictor.fewest_labels:
            return fit.failed(TOO_FEW, f"needs {predictor.fewest_labels}")
        predictor.prepare()  # what was learned elsewhere is no fit's time
        pool, seconds = self.pool(fit.make, fit.shown)
        scatter = SCATTER if fit.number == 0 else 0
        try:
            found = judge(predictor, pool, setting, label_set[fit.number, fit.budget], scatter)
        except NotFinite as error:
            return fit.failed("not finite", str(error))
        return fit.rows([{**row, "seconds_encode": seconds} for row in found])

    def _setting(self, shown: str) -> tuple[Setting, Mapping[tuple[int, int], LabelSet]]:
        of = self.evaluation
        _, setting = next(settings(of.protocol, [shown], of.sets, of.seed))
        return setting, {(one.number, one.budget): one for one in label_sets(setting)}

    def _pool(self, make: str, shown: str) -> tuple[Any, float]:
        """All cells of a column as a predictor reads them, and the seconds that took; once for all its fits."""
        setting, _ = self.setting(shown)
        predictor = instantiate(json.loads(make))
        features = setting.features if reads_side(predictor) and setting.features else None
        started = time.perf_counter()
        pool = predictor.encode(setting.cells, features)
        return pool, time.perf_counter() - started


def _seeded(make: str, number: int) -> Predictor:
    return instantiate(json.loads(make), seed=number)
