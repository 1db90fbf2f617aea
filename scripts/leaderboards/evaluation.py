"""The evaluation of a predictor on one label set of a protocol: one fit of a leaderboard.

    setting -> label set -> fit -> rows, one for each scored column

`seconds_query` is of one candidate: computing what is read of it, its training so far, and the answer. `seconds_labels`
are of training the evaluated cells, `seconds_prepare` of training a supernet.

A predictor that fails has rows that say so: it has too few labels, raises an error, or predicts values that are not
finite.
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

from metanp.baselines.weight_sharing import WeightSharing
from metanp.contract import Predictor
from metanp.fitted import ScoreWarning
from scripts.leaderboards.judging import NotFinite, judge, label_set, reads_curves, reads_side
from scripts.leaderboards.protocols import ProtocolConfig, settings
from scripts.leaderboards.reading import read_by
from scripts.results.entrants import TOO_FEW, Attempt, Entrant, Fit
from scripts.results.rows import Row
from scripts.results.running import Files, Running

Place = tuple[str, str]  # benchmark, column
SCATTER = 300  # targets whose prediction is stored, of the first label set


@dataclass(frozen=True)
class Evaluation:
    """A study (`scripts.results.entrants.Study`): label sets of a protocol's columns. seed: of the label sets."""

    protocol: ProtocolConfig
    seed: int = 0

    def open(self) -> Attempt:
        """The function from a fit to its rows; warnings about unusual scores are hidden."""
        warnings.filterwarnings("ignore", category=ScoreWarning)
        return _Judge(self).rows


class _Judge:
    """Evaluates fits in one process; what several fits share is computed once."""

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
        predictor.prepare()  # training on other benchmarks is not part of a fit's time
        pool, seconds = self.pool(fit.make, fit.shown)
        shown = label_set(setting, fit.number, fit.budget, self.seed)
        try:
            found = judge(predictor, pool, setting, shown, SCATTER if fit.number == 0 else 0)
        except NotFinite as error:
            return fit.failed("not finite", str(error))
        curves = setting.curves is not None and reads_curves(predictor)
        paid = {"seconds_encode": seconds, **setting.paid(shown, curves)}
        if isinstance(predictor, WeightSharing):
            paid["seconds_prepare"] = predictor.training_seconds
        answers = len(shown.target) if curves else len(setting.cells)
        known = seconds / len(setting.cells) + paid.get("seconds_begun", 0.0)
        return fit.rows([{**row, **paid, "seconds_query": row["seconds_predict"] / answers + known} for row in found])

    def _pool(self, make: str, shown: str) -> tuple[Any, float]:
        """All cells of a column in the predictor's encoding, and the seconds that it took; once for all its fits.

        The seconds include those of computing proxies that it reads, on one core.
        """
        setting, predictor = self.setting(shown), _made(make)
        features = setting.features if reads_side(predictor) and setting.features else None
        cost = setting.cost(read_by(predictor, features or ()))
        if setting.curves is not None and reads_curves(predictor):
            return None, cost  # curves are those of the targets, which differ between label sets: see `judge`
        started = time.perf_counter()
        pool = predictor.encode(setting.cells, features)
        return pool, time.perf_counter() - started + cost


def _made(make: str, **more: Any) -> Predictor:
    return instantiate(json.loads(make), **more)


def judged(
    running: Running, entrants: Iterable[Entrant], place: Place, budgets: Sequence[int], folder: Path
) -> list[Row]:
    """Rows of entrants on one column, which is ranked against itself.

    Raises:
        RuntimeError: a fit failed; says why.
    """
    benchmark, column = place
    protocol = ProtocolConfig(benchmark, benchmark=benchmark, budgets=[*budgets], columns={column: [column]})
    files: Files = {}
    for one in entrants:
        files |= running.files_of(one, one.fits(column, [column], budgets), folder, {})
    rows = running.run(Evaluation(protocol), files)
    for row in rows:
        if row["status"] != "ok":
            raise RuntimeError(f"{row['predictor']} on {benchmark}: {row['status']}, {row['message']}")
    return rows
