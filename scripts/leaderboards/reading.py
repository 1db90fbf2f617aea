"""Which side features a predictor reads, and a predictor that is given some of them alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Self

from metanp.baselines.proxies import Proxy
from metanp.contract import About, Predictor


class Reading:
    """Another predictor, to which all side features but these are withheld; else it is the other one.

    Args:
        predictor: unfitted; or, as `functools.partial`, what makes one of a seed.
        features: names; without any it sees none.
        curves: whether it sees learning curves, where it can read them.
        seed: of the predictor.
    """

    def __init__(self, predictor: Any, features: Sequence[str] = (), curves: bool = True, seed: int = 0):
        self.predictor: Predictor = predictor(seed=seed) if isinstance(predictor, partial) else predictor
        self.features, self.curves = tuple(features), curves

    @property
    def about(self) -> About:
        """Of the other one, without what is withheld."""
        about = self.predictor.about
        withheld = {"side features": not self.features, "learning-curve prefixes": not self.curves}
        return replace(about, needs=tuple(need for need in about.needs if not withheld.get(need)))

    def __getattr__(self, name: str) -> Any:
        if name == "predictor":  # while it is unpickled
            raise AttributeError(name)
        return getattr(self.predictor, name)

    def fit(self, cells: Any, score: Any, /, features: Any = None, **more: Any) -> Self:
        self.predictor.fit(cells, score, self._chosen(features), **more)
        return self

    def encode(self, candidates: Any, /, features: Any = None, **more: Any) -> Any:
        return self.predictor.encode(candidates, self._chosen(features), **more)

    def _chosen(self, features: Mapping[str, Any] | None) -> dict[str, Any] | None:
        return {name: features[name] for name in self.features} if features and self.features else None


def read_by(predictor: Predictor | Reading, features: Collection[str]) -> Collection[str]:
    """Names of the side features that it reads, of those that there are; it takes some."""
    if isinstance(predictor, Proxy):
        return [found] if (found := predictor.among(features)) else []
    return predictor.features if isinstance(predictor, Reading) else features
