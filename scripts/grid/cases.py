"""The cases of the study: a predictor, and which of the inputs that a benchmark has it is shown.

Predictors of White et al. read what they read there: cells, or one proxy, or curves, or all three. MetaNP and the
strongest simple predictors are shown cells alone, cells and proxies, cells and a curve's start, and everything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hydra.utils import instantiate

from scripts.leaderboards import entrants
from scripts.leaderboards.entrants import Entry, describe
from scripts.leaderboards.judging import reads_curves, reads_side
from scripts.leaderboards.protocols import Priced, ProtocolConfig
from scripts.results.entrants import OURS, Described, Entrant, Fit, trained
from scripts.results.provenance import settings_digest

READING = "scripts.leaderboards.reading.Reading"
SIMPLE = ("gp_wl", "xgboost", "random_forest", "ridge")  # shown proxies as well
OURS_SHOWN = {  # name: features, curves, title
    OURS: (False, False, "MetaNP"),
    f"{OURS}_proxies": (True, False, "MetaNP, with proxies"),
    f"{OURS}_curve": (False, True, "MetaNP, with curves"),
    f"{OURS}_all": (True, True, "MetaNP, with proxies and curves"),
}


@dataclass(frozen=True)
class Case:
    """entrant: its fits. described: for the page. curves: whether it reads them, and so has a fit at each length."""

    entrant: Entrant
    described: Described
    curves: bool

    def fits(self, shown: str, setting: Priced, protocol: ProtocolConfig) -> Iterator[Fit]:
        """Those of one length of prefixes: of all lengths but none for what reads curves, else of none."""
        if (setting.curves is not None) == self.curves:
            yield from entrants.fits(self.entrant, shown, protocol)


def cases(entries: Mapping[str, Entry], protocol: ProtocolConfig, sets: int, slow_sets: int) -> Iterator[Case]:
    """Of the catalogue."""
    for one in entrants.others(entries, "label-free", protocol.benchmark, sets, slow_sets):
        name = one.marks["predictor"]
        known, predictor = describe(name, entries[name]), instantiate(entries[name].make)
        reads, side = reads_curves(predictor), reads_side(predictor)
        alone = not side or reads or "cells" not in predictor.about.needs
        yield Case(one if alone else _shown(one, (), False), known, reads)
        if name in SIMPLE and protocol.features:
            with_proxies = _shown(one, protocol.features, False, f"{name}_proxies")
            yield Case(with_proxies, replace(known, title=f"{known.title}, with proxies"), False)


def ours(kind: str, checkpoints: Sequence[str], protocol: ProtocolConfig, sets: int) -> Iterator[Case]:
    """MetaNP, shown four kinds of input, with each of its checkpoints."""
    for seed, checkpoint in trained(kind, checkpoints, "").items():
        for name, (features, curves, title) in OURS_SHOWN.items():
            if features and not protocol.features:
                continue
            one = entrants.metanp(checkpoint, f"{name}-{kind}-{seed}", seed, sets, name)
            shown = _shown(one, protocol.features if features else (), curves, name)
            needs = (*("side features",) * features, *("learning-curve prefixes",) * curves)
            yield Case(shown, replace(entrants.MINE, title=title, needs=("cells", *needs)), curves)


def _shown(one: Entrant, features: Sequence[str], curves: bool, name: str = "") -> Entrant:
    """The entrant, to which all but this is withheld."""
    make: dict[str, Any] = {"_target_": READING, "features": [*features], "curves": curves}
    make["predictor"] = dict(one.make) if one.seed is not None else {**one.make, "_partial_": True}
    name = name or one.marks["predictor"]
    marks = {**one.marks, "predictor": name, "read": settings_digest([[*features], curves])}
    return replace(one, make=make, marks=marks, file=one.file if one.seed is not None else name)
