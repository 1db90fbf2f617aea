"""MetaNP's pruner: the rule of searches, on intermediate values."""

import math
import pickle

import optuna
import pytest
from optuna.trial import TrialState

from metanp.integrations.optuna import MetaNPPruner
from metanp.search.curve_log import Curve
from metanp.search.stopping import FEWEST, Stopping, Whole
from tests.metanp.integrations.studies import in_order
from tests.metanp.integrations.test_sampler import CHOICES, read
from tests.metanp.search.learning_curves import EPOCHS, curve

ENDS = [80 + i / 4 for i in range(FEWEST + 2)]


def trained(pruner=None, maximize: bool = True, every: int = 1, ends=ENDS) -> optuna.Study:
    """A study in which trials of these ends were trained; a trial that is pruned reports no more."""
    own = optuna.create_study(
        direction="maximize" if maximize else "minimize", pruner=pruner or MetaNPPruner(), sampler=in_order()
    )
    for end in ends:
        train(own, end, every)
    return own


def train(own: optuna.Study, end: float, every: int = 1) -> int:
    """The step at which the trial was pruned, 0 where it was not."""
    trial = own.ask()
    CHOICES.suggest(trial)
    sign = 1 if own.direction == optuna.study.StudyDirection.MAXIMIZE else -1
    for step, value in enumerate(curve(end, seed=int(end * 10)).values, start=1):
        trial.report(sign * value, step * every)
        if trial.should_prune():
            own.tell(trial, state=TrialState.PRUNED)
            return step
    own.tell(trial, sign * end)
    return 0


def test_it_decides_as_a_search_does():
    own = trained()
    assert all(trial.state == TrialState.COMPLETE for trial in own.trials)
    whole = [Whole(curve(end, seed=int(end * 10)), end) for end in ENDS]
    for end in (60.0, 78.0, 83.0, 85.0):
        values = curve(end, seed=int(end * 10)).values
        stops = [Stopping().verdict(Curve(1, values[:n]), whole, max(ENDS)) is not None for n in range(1, EPOCHS)]
        own = trained()
        assert train(own, end) == (stops.index(True) + 1 if True in stops else 0)


@pytest.mark.parametrize("maximize", [True, False])
def test_a_pruned_trial_keeps_the_end_that_was_predicted_and_the_sampler_learns_it(maximize):
    own = trained(maximize=maximize)
    step = train(own, 60.0)
    assert 0 < step < EPOCHS
    (stopped,) = read(own).history.stopped
    assert abs(stopped.score - 60) < 5
    last = own.trials[-1].intermediate_values[step] * (1 if maximize else -1)
    assert last < stopped.score - 5  # far from the end: the last value would have been a worse guess
    assert own.best_value == (max(ENDS) if maximize else -max(ENDS))


def test_steps_need_not_be_epochs_and_others_steps_are_not_compared():
    own = trained(every=5)
    assert 0 < train(own, 60.0, every=5) < EPOCHS
    assert train(trained(every=5), 60.0, every=4) == 0


def test_none_is_pruned_before_enough_have_finished():
    assert train(trained(ends=ENDS[: FEWEST - 1]), 20.0) == 0
    assert train(trained(MetaNPPruner(fewest=5), ends=ENDS[:5]), 20.0) > 0


def test_a_trial_that_diverged_is_pruned_and_counts_as_failed():
    own = trained(ends=[])
    trial = own.ask()
    cell = CHOICES.suggest(trial)
    assert not trial.should_prune()
    trial.report(50.0, 1)
    trial.report(math.nan, 2)
    assert trial.should_prune()
    own.tell(trial, state=TrialState.PRUNED)
    assert read(own).history.failed == [cell]


def test_it_can_be_pickled_and_refuses_what_is_no_probability():
    pruner = pickle.loads(pickle.dumps(MetaNPPruner(0.99)))
    assert pruner.stopping.delta == 0.99
    assert train(trained(pruner), 20.0) > 0
    with pytest.raises(ValueError, match="95 is no probability"):
        MetaNPPruner(95)
