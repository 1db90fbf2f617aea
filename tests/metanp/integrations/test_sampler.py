"""MetaNP as a sampler: which trials it reads as what, what it chooses, and what it refuses."""

import pickle
import sys
import warnings

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import TrialState

from metanp.integrations.optuna import Choices, MetaNPSampler, SamplerWarning
from metanp.integrations.optuna.trials import LONGEST, claim, parameters, read_trials
from metanp.search import Search, make
from metanp.spaces import get_space
from tests.metanp.integrations.studies import DISTINCT, cells_of, in_order, study
from tests.metanp.search.in_order import score
from tests.tiny_model import write_checkpoint

CHOICES = Choices(DISTINCT)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> str:
    return str(write_checkpoint(tmp_path_factory.mktemp("model") / "tiny.safetensors"))


def read(own: optuna.Study, me: int = -1):
    sign = 1 if own.direction == optuna.study.StudyDirection.MAXIMIZE else -1
    return read_trials(own.get_trials(deepcopy=False), me, CHOICES.distributions, CHOICES.cell, sign)


def test_it_chooses_what_a_search_with_the_same_history_would_ask_for(tiny):
    """One after the other, label by label, from the first trial on; the seed is that of the search."""
    with warnings.catch_warnings(action="error"):
        own = study(MetaNPSampler(CHOICES, checkpoint=tiny, seed=3))
        own.optimize(lambda trial: score(CHOICES.suggest(trial)), n_trials=6)
    search = Search(DISTINCT, make("metanp", checkpoint=tiny), rng=3)
    for cell in cells_of(own):
        (asked,) = search.ask()
        assert asked == cell
        search.tell(asked, score(asked))


def test_lower_is_better_in_a_study_that_minimises(tiny):
    up, down = (study(MetaNPSampler(CHOICES, checkpoint=tiny, seed=0), maximize) for maximize in (True, False))
    up.optimize(lambda trial: score(CHOICES.suggest(trial)), n_trials=8)
    down.optimize(lambda trial: -score(CHOICES.suggest(trial)), n_trials=8)
    assert cells_of(up) == cells_of(down)
    assert [one.score for one in read(down).history.evaluated] == [one.score for one in read(up).history.evaluated]


def test_trials_are_read_by_their_state():
    own = study(in_order())

    def objective(trial):
        cell = CHOICES.suggest(trial)
        if trial.number == 1:
            raise MemoryError
        if trial.number == 2:
            trial.report(0.5, 1)
            trial.report(0.75, 4)
            raise optuna.TrialPruned
        if trial.number == 3:
            raise optuna.TrialPruned
        return float("inf") if trial.number == 4 else score(cell)

    own.optimize(objective, n_trials=6, catch=MemoryError)
    own.ask().suggest_int("cell", 0, len(DISTINCT) - 1)
    history = read(own).history
    assert [one.cell for one in history.evaluated] == [DISTINCT[0], DISTINCT[5]]
    assert history.failed == [DISTINCT[1], DISTINCT[3], DISTINCT[4]]
    assert [(one.cell, one.scores) for one in history.stopped] == [(DISTINCT[2], (0.75,))]
    assert history.pending == [DISTINCT[6]]
    assert len(history.measurements()[0]) == 3


def test_a_cell_that_was_tried_again_has_all_its_values_and_no_failure():
    own = study(in_order())
    for values in ([1.0], None, [3.0]):
        trial = own.ask({"cell": IntDistribution(0, 0)})
        own.tell(trial, values, TrialState.FAIL if values is None else None)
    first = {"cell": IntDistribution(0, 0)}
    history = read_trials(own.trials, -1, first, CHOICES.cell, 1).history
    assert [one.scores for one in history.evaluated] == [(1.0, 3.0)]
    assert history.failed == []


def test_running_trials_are_not_chosen_again_and_those_that_ask_at_once_take_places_of_one_batch():
    own = study(in_order())
    assert [CHOICES.suggest(own.ask()) for _ in range(4)] == DISTINCT[:4]
    assert read(own).history.pending == DISTINCT[:4]

    third = study(in_order())
    ids = [third._storage.create_new_trial(third._study_id) for _ in range(3)]  # as three workers at the same moment
    frozen = [third._storage.get_trial(number) for number in ids]
    sampler = third.sampler
    assert read(third, 2).ahead == 2
    assert sampler.sample_relative(third, frozen[2], CHOICES.distributions) == {"cell": 2}
    assert sampler.sample_relative(third, frozen[0], CHOICES.distributions) == {"cell": 0}
    assert sampler.sample_relative(third, frozen[1], CHOICES.distributions) == {"cell": 1}


def test_of_two_that_choose_the_same_at_the_same_moment_one_chooses_again():
    own = study(in_order())
    first, second = (own._storage.get_trial(own._storage.create_new_trial(own._study_id)) for _ in range(2))
    sampler = own.sampler
    choose = sampler._choose

    def slowly(*arguments):
        """While it thinks, another worker stores the same choice."""
        values = choose(*arguments)
        if values == {"cell": 0}:
            claim(own, second, values, CHOICES.distributions)
        return values

    sampler._choose = slowly
    assert sampler.sample_relative(own, first, CHOICES.distributions) == {"cell": 1}


def test_a_long_claim_is_read_back_and_half_of_one_is_nothing():
    names = {f"parameter {i}": FloatDistribution(0, 1) for i in range(200)}
    values = {name: i / 7 % 1 for i, name in enumerate(names)}
    own = study(in_order())
    trial = own._storage.get_trial(own._storage.create_new_trial(own._study_id))
    claim(own, trial, values, names)
    stored = own.trials[0]
    assert len(stored.system_attrs) > 2
    assert all(len(part) <= LONGEST for part in stored.system_attrs.values())
    assert parameters(stored, names) == values
    own._storage.set_trial_system_attr(trial._trial_id, "metanp:parameters:1", "")
    assert parameters(own.trials[0], names) is None


def test_the_same_seed_and_trials_give_the_same_parameters_in_another_process(tiny):
    def run(seed: int, trials: int, sampler=None):
        own = study(sampler or MetaNPSampler(CHOICES, checkpoint=tiny, acquisition="thompson", seed=seed))
        own.optimize(lambda trial: score(CHOICES.suggest(trial)), n_trials=trials)
        return own

    whole = cells_of(run(0, 8))
    assert cells_of(run(0, 8)) == whole
    assert cells_of(run(1, 8)) != whole
    half = run(0, 4)
    half.sampler = pickle.loads(pickle.dumps(half.sampler))  # as one that is loaded elsewhere
    half.optimize(lambda trial: score(CHOICES.suggest(trial)), n_trials=4)
    assert cells_of(half) == whole


def objective(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("rate", 1e-4, 1e-1, log=True)
    return -abs(np.log10(rate) + 2) - abs(trial.suggest_int("layers", 1, 9) - 4)


def test_plain_parameters_that_are_named_are_chosen_from_the_first_trial_on(tiny):
    kinds = {"rate": FloatDistribution(1e-4, 1e-1, log=True), "layers": IntDistribution(1, 9)}
    own = study(MetaNPSampler(kinds, checkpoint=tiny, seed=0))
    with warnings.catch_warnings(action="error"):
        own.optimize(objective, n_trials=5)
    assert all(trial.system_attrs for trial in own.trials)
    assert len({tuple(trial.params.values()) for trial in own.trials}) == 5


def test_plain_parameters_that_are_not_named_are_known_from_the_second_trial_on_without_a_warning(tiny):
    own = study(MetaNPSampler(checkpoint=tiny, seed=0))
    with warnings.catch_warnings(action="error"):
        own.optimize(objective, n_trials=4)
    assert [bool(trial.system_attrs) for trial in own.trials] == [False, True, True, True]


def test_a_parameter_that_only_some_trials_have_is_drawn_by_another_sampler_with_a_warning(tiny):
    def branching(trial):
        deep = trial.suggest_categorical("deep", [True, False])
        more = trial.suggest_int("more", 1, 9) if trial.number % 2 else 0
        return deep + more

    own = study(MetaNPSampler(checkpoint=tiny, seed=0))
    with pytest.warns(SamplerWarning, match="trial 1 asks for 'more', which MetaNP does not choose.*RandomSampler"):
        own.optimize(branching, n_trials=4)
    silent = study(MetaNPSampler(checkpoint=tiny, seed=0, warn_independent_sampling=False))
    with warnings.catch_warnings(action="error"):
        silent.optimize(branching, n_trials=4)


def test_when_every_candidate_was_evaluated_it_is_said_and_the_search_goes_on():
    three = Choices(DISTINCT[:3])
    own = study(MetaNPSampler(three, strategy=in_order().strategy, seed=0))
    with pytest.warns(SamplerWarning, match="every candidate was evaluated"):
        own.optimize(lambda trial: score(three.suggest(trial)), n_trials=4)
    assert [trial.params["cell"] for trial in own.trials][:3] == [0, 1, 2]


def test_several_objectives_are_refused_with_what_to_do():
    own = optuna.create_study(directions=["maximize", "minimize"], sampler=in_order())
    with pytest.raises(ValueError, match="one objective, and this study has 2; join them"):
        own.optimize(lambda trial: (CHOICES.suggest(trial), 0), n_trials=1)


def test_what_it_cannot_search_is_refused():
    with pytest.raises(ValueError, match=r"where is .*; give Choices\(space\)"):
        MetaNPSampler(get_space("nasbench201"))
    with pytest.raises(ValueError, match="unknown acquisition 'bset'"):
        MetaNPSampler(acquisition="bset")


def test_without_optuna_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "optuna" or "integrations" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ImportError, match=r"this needs optuna: pip install 'metanp\[optuna\]'"):
        import metanp.integrations.optuna  # noqa: F401
