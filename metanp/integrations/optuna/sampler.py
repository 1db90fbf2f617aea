"""MetaNP as a sampler of Optuna.

    trials of the study -> history -> MetaNP -> a batch of picks -> this trial's place in it -> parameters

Running trials are pending, failed ones failed, pruned ones known to be bad. Nothing is kept between trials, so that a
killed worker loses nothing, and any number of workers may share a study. Workers that ask at the same moment see the
same history, choose the same batch, and each takes another place of it; where two choose the same all the same, at
least one of them sees it in the storage and chooses again.

Parameters that are not known beforehand (define-by-run) are sampled by another sampler: all of the first trial, and
those that only some trials have.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import intersection_search_space
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from metanp.given import InputError, read_seed, shown
from metanp.integrations.optuna.choices import Choices, Values
from metanp.integrations.optuna.parameters import ParameterSpace
from metanp.integrations.optuna.trials import Distributions, Made, claim, read_trials
from metanp.search.candidates import Candidates
from metanp.search.open_space import Open
from metanp.search.strategies.bayesian import Bayesian
from metanp.search.strategy import Strategy

ATTEMPTS = 20  # to choose what nobody else has chosen at the same moment
SAMPLES, PARENTS, NEAR = 500, 5, 1000  # of a space of parameters, as in `metanp.search.Open`


class SamplerWarning(UserWarning):
    """Parameters that MetaNP did not choose."""


class _Domain(NamedTuple):
    """What is searched: candidates, the cell of some values, the values of a candidate."""

    candidates: Candidates
    cell: Made
    values: Any


class MetaNPSampler(BaseSampler):
    """Chooses the parameters of trials.

    Args:
        where: `Choices` of a space or a list; distributions by name, for a space of plain parameters; without it, the
            parameters that all finished trials have.
        checkpoint: as in `metanp.search.strategies.bayesian.Bayesian`.
        acquisition: as there.
        device: as there.
        strategy: another one, instead of the last three.
        seed: the same seed and the same finished trials give the same parameters, in whichever process; None for
            others each time.
        independent_sampler: for what is not known beforehand; at random without one.
        warn_independent_sampling: whether to say so.

    Raises:
        ValueError: what is given is none of these; a strategy that needs another kind of candidates.
    """

    def __init__(
        self,
        where: Choices | Mapping[str, BaseDistribution] | None = None,
        *,
        checkpoint: str = "default",
        acquisition: str = "best",
        device: str = "cpu",
        strategy: Strategy | None = None,
        seed: int | None = None,
        independent_sampler: BaseSampler | None = None,
        warn_independent_sampling: bool = True,
    ):
        if where is not None and not isinstance(where, Choices | Mapping):
            raise InputError(f"where is {shown(where)}; give Choices(space), Optuna's distributions by name, or None")
        self.choices = where if isinstance(where, Choices) else None
        self.space = None if where is None or isinstance(where, Choices) else ParameterSpace(where).distributions
        self.strategy = strategy if strategy is not None else Bayesian(checkpoint, acquisition, device)
        self.seed = read_seed(seed)
        self.warns = warn_independent_sampling
        self._independent = independent_sampler or RandomSampler(seed=self.seed % 2**32)
        self._thinking = threading.Lock()  # a model serves one thread at a time

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_thinking"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._thinking = threading.Lock()

    def reseed_rng(self) -> None:
        """Nothing of MetaNP's own: trials of one study differ by what is known before them."""
        self._independent.reseed_rng()

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        _check_one_objective(study)
        if self.choices is not None:
            return self.choices.distributions
        if self.space is not None:
            return dict(self.space)
        found = intersection_search_space(study.get_trials(deepcopy=False), include_pruned=True)
        return {name: kind for name, kind in found.items() if not kind.single()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if not search_space:
            return {}
        sign = -1 if study.direction == StudyDirection.MINIMIZE else 1
        with self._thinking:
            domain = self._domain(search_space)
            for attempt in range(ATTEMPTS):
                values = self._choose(study, trial, search_space, domain, sign)
                if values is None:
                    self._say("every candidate was evaluated; parameters are drawn at random, and trials are repeated")
                    return {}
                claim(study, trial, values, search_space)
                if attempt == ATTEMPTS - 1 or not self._is_taken(study, trial, search_space, domain, values):
                    return values
        raise AssertionError  # the last attempt returns

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        _check_one_objective(study)
        if any(other.state.is_finished() for other in study.get_trials(deepcopy=False)):
            own = (
                "those of Choices"
                if self.choices is not None
                else "those that all finished trials have, or where= names"
            )
            self._say(
                f"trial {trial.number} asks for {param_name!r}, which MetaNP does not choose: it chooses {own}; "
                f"{type(self._independent).__name__} draws it (warn_independent_sampling=False silences this)"
            )
        return self._independent.sample_independent(study, trial, param_name, param_distribution)

    # --- inside -----------------------------------------------------------------------------------------------

    def _domain(self, search_space: Distributions) -> _Domain:
        if self.choices is not None:
            return _Domain(self.choices.candidates, self.choices.cell, self.choices.values)
        space = ParameterSpace(search_space)
        return _Domain(Open(space, samples=SAMPLES, parents=PARENTS, near=NEAR), space.cell, space.values)

    def _choose(
        self, study: Study, trial: FrozenTrial, space: Distributions, domain: _Domain, sign: int
    ) -> Values | None:
        """Parameters for this trial; None where no candidate is free."""
        read = read_trials(study.get_trials(deepcopy=False), trial.number, space, domain.cell, sign)
        rng = np.random.default_rng([self.seed, read.known])  # the same for all that see the same
        picks = self.strategy.propose(read.history, domain.candidates, read.ahead + 1, rng)
        return domain.values(picks[min(read.ahead, len(picks) - 1)].cell) if picks else None

    def _is_taken(
        self, study: Study, trial: FrozenTrial, space: Distributions, domain: _Domain, values: Values
    ) -> bool:
        """Whether another trial has these parameters too. Each stores its own before it looks: one of two sees it."""
        key = domain.cell(values).key
        others = read_trials(study.get_trials(deepcopy=False), trial.number, space, domain.cell, 1)
        return key in others.history.taken

    def _say(self, text: str) -> None:
        if self.warns:
            warnings.warn(text, SamplerWarning, stacklevel=3)


def _check_one_objective(study: Study) -> None:
    if len(study.directions) > 1:
        raise ValueError(
            f"MetaNPSampler searches for one objective, and this study has {len(study.directions)}; join them into "
            "one, or use metanp.search.strategies.pareto, which searches for the front of score against a known cost"
        )
