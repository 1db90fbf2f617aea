"""Hyperband's brackets as published, a bracket followed by hand, and rules within rungs."""

import numpy as np
import pytest

from metanp.curves import Curves
from metanp.curves.stopping import Hyperband, Rule, Rung, Stopper, brackets
from tests.made_up_curves import ACCURACY, rising


def test_the_brackets_of_81_epochs_are_those_of_the_paper():
    """Table 1 of Li et al."""
    found = [[(rung.count, rung.epochs) for rung in bracket] for bracket in brackets(81, 3)]
    assert found == [
        [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        [(34, 3), (11, 9), (3, 27), (1, 81)],
        [(15, 9), (5, 27), (1, 81)],
        [(8, 27), (2, 81)],
        [(5, 81)],
    ]


def test_the_last_rung_has_all_epochs_where_they_are_no_power():
    assert [bracket[-1].epochs for bracket in brackets(50, 3)] == [50] * 4


def test_a_run_keeps_the_best_third_and_trains_none_twice():
    curves = rising(30, epochs=9)
    spent = Hyperband(curves).run(np.random.default_rng(0))
    # 9 epochs: 9 at 1, 3 at 3, 1 at 9; 5 at 3, 1 at 9; 3 at 9
    assert [epochs for _, epochs in spent.jobs] == [1] * 9 + [3] * 3 + [9] + [3] * 5 + [9] + [9] * 3
    first = [config for config, epochs in spent.jobs[:9]]
    scores = curves.scores()
    best = sorted(first, key=lambda config: -scores[config, 0])[:3]
    assert [config for config, _ in spent.jobs[9:12]] == best
    assert spent.total == 6 * 1 + 2 * 3 + 9 + 4 * 3 + 9 + 3 * 9
    assert spent.found == max(scores[config, -1] for config, epochs in spent.jobs if epochs == 9)


class StopsEverything(Rule):
    def learn(self, whole, end=None):
        self.known = whole
        return self

    def bar(self, prefixes):
        return np.full(len(prefixes), -np.inf)


def test_f_hyperband_waits_until_enough_is_known_and_leaves_a_third_of_a_rung():
    curves = rising(60, epochs=9)
    told: list[StopsEverything] = []

    def make() -> StopsEverything:
        told.append(StopsEverything())
        return told[-1]

    hyperband = Hyperband(curves, stopper=Stopper(make, known=8, kappa=1 / 3))
    spent = [hyperband.run(np.random.default_rng(seed)) for seed in range(3)]
    plain = [Hyperband(curves).run(np.random.default_rng(seed)) for seed in range(3)]
    assert spent[0].total == plain[0].total  # 3 epochs: 3 and 5 known at the end of it
    assert sum(one.total for one in spent) < sum(one.total for one in plain)
    assert {one.known.n_epochs for one in told} == {3, 9}
    for run in spent:
        assert sum(1 for _, epochs in run.jobs if epochs == 9) >= 3  # one a bracket
    for job in spent[2].jobs:
        assert job[1] in (1, 2, 3, 4, 9)  # stopped after the first epoch that is asked about, or at a rung


def test_a_failed_run_is_never_kept():
    values = rising(9, epochs=9).values[:, 0].copy()
    best = int(values[:, -1].argmax())
    values[best, 2:] = np.nan
    curves = Curves.of(values, ACCURACY)
    spent = Hyperband(curves).run(np.random.default_rng(0))
    assert spent.found < np.inf
    assert spent.found <= np.nanmax(curves.ends())


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="kappa is 0"):
        Hyperband(rising(9), stopper=Stopper(StopsEverything, kappa=0))
    with pytest.raises(ValueError, match="0 epochs and eta 3"):
        brackets(0)
    assert brackets(1) == [[Rung(1, 1)]]
