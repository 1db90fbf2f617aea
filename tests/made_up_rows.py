"""Rows of made-up predictors, for tests of what is made of rows."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Made:
    """What a page is told of a predictor."""

    title: str
    family: str = "model-based"
    needs: tuple[str, ...] = ("cells",)
    source: str = "Somebody 2020"
    tuning: str = "As published."


def rows(predictor: str, labels: int, taus: list, column: tuple[str, str] = ("c", "c"), **more: Any) -> list[dict]:
    """A row a label set, with its tau; None for a fit that ran out of time. A list of lists is one a training seed."""
    by_seed = taus if taus and isinstance(taus[0], list) else [taus]
    return [
        {"predictor": predictor, "labels": labels, "seed": seed, "set": number}
        | {"shown": column[0], "scored": column[1], **_numbers(tau), **more}
        for seed, known in enumerate(by_seed)
        for number, tau in enumerate(known)
    ]


def _numbers(tau: float | None) -> dict[str, Any]:
    if tau is None:
        return {"status": "timeout", "message": "took more than 60 s", "kendall_tau": None, "n_at_10": None}
    numbers = {"n_at_10": 1 + round(100 * (1 - tau)), "regret_at_10": 1 - tau, "coverage_90": 0.9}
    return {"status": "ok", "message": "", "kendall_tau": tau, **numbers, "seconds_fit": 0.5, "seconds_predict": 0.01}
