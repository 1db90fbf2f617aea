"""Acquisitions on beliefs whose draws are known, and beliefs against what the model predicts."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtri

from data import load_benchmark
from metanp import MetaNP
from metanp.predicted import Predicted
from metanp.search import Evaluated, History, Listed, Search
from metanp.search.acquisitions import ACQUISITIONS
from metanp.search.belief import Belief
from metanp.search.strategies.bayesian import Bayesian
from metanp.spaces import get_space
from tests.evaluated_cells import CELLS, CONTEXT, POOL, SCORE
from tests.tiny_model import write_checkpoint


@dataclass
class Known:
    """A belief of four options, of which the last was evaluated; draws are normal and independent."""

    mean: np.ndarray = field(default_factory=lambda: np.array([1.0, 2.0, 0.0, 9.0]))
    std: np.ndarray = field(default_factory=lambda: np.array([0.1, 0.0, 5.0, 0.0]))
    best: float = 9.0
    contenders: np.ndarray = field(default_factory=lambda: np.array([2, 1, 0]))
    pending: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    options: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(known=np.array([3])))

    @property
    def predicted(self):
        return Predicted(self.mean, self.std, lambda probability: self.mean + self.std * ndtri(probability))

    def draws(self, rows, n, rng):
        return self.mean[rows] + self.std[rows] * rng.normal(size=(n, len(rows)))


def picks(name: str, n: int = 1, **belief) -> list[int]:
    return ACQUISITIONS[name](Known(**belief), n, np.random.default_rng(0)).tolist()


def test_the_mean_explores_nothing():
    assert picks("mean", 3) == [1, 0, 2]


def test_an_upper_bound_looks_where_little_is_known():
    assert picks("ucb", 2) == [2, 1]


def test_improvement_needs_a_chance_to_improve():
    assert picks("improvement") == [2]  # only it may be above 9
    assert picks("improvement", best=1.5, std=np.array([0.1, 0.0, 0.1, 0.0])) == [1]


def test_the_noisy_improvement_does_not_take_a_lucky_score_at_its_word():
    lucky = {"best": 9.0, "mean": np.array([1.0, 2.0, 0.0, 1.5]), "std": np.array([0.1, 0.1, 0.1, 0.1])}
    assert picks("noisy_improvement", **lucky) == [1]


def test_the_probability_of_the_best_is_that_of_the_draws():
    assert picks("best", 2) == [1, 2]  # 2 is above 0 + 5 z in two of three draws
    assert picks("best", mean=np.array([1.0, 2.0, 9.0, 9.0])) == [2]


@pytest.mark.parametrize("name", ["best", "improvement"])
def test_what_a_pending_cell_will_find_need_not_be_looked_for(name):
    same = {"mean": np.array([1.0, 5.0, 0.0, 6.0]), "std": np.array([0.1, 0.0, 9.0, 0.0]), "best": 2.0}
    assert picks(name, **same, contenders=np.array([1, 0])) == [1]
    assert picks(name, 2, **same, contenders=np.array([1, 2]), pending=np.array([3])) == [2, 1]


def test_thompson_takes_each_option_once():
    assert sorted(picks("thompson", 3)) == [0, 1, 2]
    assert len(picks("thompson", 10)) == 3


@pytest.mark.parametrize("name", ACQUISITIONS)
def test_no_acquisition_takes_more_than_there_are_or_one_twice(name):
    for n in (1, 2, 3, 7):
        rows = picks(name, n)
        assert len(set(rows)) == len(rows) == min(n, 3)
        assert 3 not in rows


# --- beliefs ---


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return str(write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors"))


def belief_of(checkpoint, listed) -> Belief:
    history = History([Evaluated(cell, (float(s),)) for cell, s in zip(CONTEXT, SCORE, strict=True)])
    model = MetaNP(checkpoint)
    return Belief.of(model, history, listed, 1, np.random.default_rng(0))


@pytest.mark.parametrize("acquisition", ACQUISITIONS)
def test_nothing_left_is_no_error(checkpoint, acquisition):
    search = Search(CELLS[:3], Bayesian(checkpoint, acquisition))
    assert len(search.ask(9)) == len({cell.key for cell in CELLS[:3]})
    assert search.ask(2) == []
    assert Search(CELLS, Bayesian(checkpoint, acquisition), feasible=lambda cell: False).ask() == []


def test_before_any_score_there_is_nothing_to_improve_on(checkpoint):
    search = Search(CELLS, Bayesian(checkpoint))
    assert search.suggestions(1)[0].p_improve is None


def test_a_belief_is_what_the_model_predicts(checkpoint):
    belief = belief_of(checkpoint, Listed(CELLS))
    mean, std = MetaNP(checkpoint).fit(CONTEXT, SCORE).predict(CELLS, return_std=True, noise=False)
    np.testing.assert_allclose(belief.mean, mean, rtol=1e-5)
    np.testing.assert_allclose(belief.std, std, rtol=1e-3)
    assert belief.best == SCORE.max()


def test_contenders_were_not_evaluated_and_the_most_promising_come_first(checkpoint):
    belief = belief_of(checkpoint, Listed(CELLS))
    taken = {cell.key for cell in CONTEXT}
    assert not {CELLS[row].key for row in belief.contenders} & taken
    assert {CELLS[row].key for row in belief.contenders} == {cell.key for cell in POOL} - taken
    promise = (
        MetaNP(checkpoint).fit(CONTEXT, SCORE).predict_quantiles(CELLS, [0.977], noise=False)[0][belief.contenders]
    )
    assert (np.diff(promise) <= 1e-4 * np.ptp(promise)).all()


def test_uncertain_bad_cells_do_not_crowd_out_good_ones():
    """Below a ceiling, the mean plus two standard deviations of a bad cell is above the best, and no score can be."""
    table = load_benchmark("nasbench201")
    accuracy = table.mean("cifar10_validation_accuracy_200")
    chosen = np.random.default_rng(0).choice(len(accuracy), 9, replace=False)
    listed = Listed(table.cells)
    told = [Evaluated(listed.cell(row), (accuracy[row],)) for row in (*chosen.tolist(), int(accuracy.argmin()))]
    belief = Belief.of(MetaNP("label-free"), History(told), listed, 1, np.random.default_rng(0))
    highest = listed.highest(belief.options, belief.mean, 5)
    assert set(highest) <= set(belief.contenders)
    crowded = listed.highest(belief.options, belief.mean + 2 * belief.std, len(belief.contenders))
    assert not set(highest) <= set(crowded)


def test_draws_of_some_options_have_the_moments_of_the_prediction(checkpoint):
    belief = belief_of(checkpoint, Listed(CELLS))
    rows = belief.contenders[:5]
    draws = belief.draws(rows, 4000, np.random.default_rng(0))
    np.testing.assert_allclose(draws.mean(0), belief.mean[rows], atol=0.15 * belief.std[rows].max())


def test_the_same_seed_draws_the_same(checkpoint):
    belief = belief_of(checkpoint, Listed(CELLS))
    first, second = (belief.draws(belief.contenders, 3, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_side_features_reach_the_model(checkpoint):
    flops = np.linspace(0, 1, len(CELLS))
    plain, with_side = belief_of(checkpoint, Listed(CELLS)), belief_of(checkpoint, Listed(CELLS, features={"f": flops}))
    assert not np.allclose(plain.mean, with_side.mean)


def test_an_unknown_acquisition_names_the_nearest():
    with pytest.raises(ValueError, match="nearest: thompson"):
        Bayesian(acquisition="tompson")


@pytest.mark.parametrize("known", [4, 40])
def test_a_quick_pass_over_many_candidates_changes_no_pick(known, monkeypatch):
    cells = get_space("nasbench201").arrays()
    some = cells[np.random.default_rng(0).permutation(len(cells))[:known]].to_cells()
    evaluated = {cell.key: cell.pruned for cell in some}.values()

    def asked() -> list[str]:
        search = Search(cells, Bayesian("label-free"))
        for cell in evaluated:
            search.tell(cell, cell.operations.count("conv3x3") - len(cell.operations) / 3)
        return [cell.key for cell in search.ask(5)]

    monkeypatch.setattr("metanp.search.belief.CONTENDERS", 64)
    quick = asked()
    monkeypatch.setattr("metanp.search.belief.QUICK", 10**6)  # all are predicted
    assert asked() == quick


def test_promising_candidates_hold_those_whose_score_may_be_highest():
    cells = get_space("nasbench201").arrays()
    rows = np.random.default_rng(0).permutation(len(cells))
    model = MetaNP("label-free").fit(cells[rows[:30]], (cells.operation[rows[:30]] == 3).sum(1))
    pool = model.encode(cells[rows[30:]])
    found, upper = model.promising(pool, 500), model.predict_quantiles(pool, [0.977], noise=False)[0]
    assert len(found) == len(set(found.tolist())) == 500
    assert (np.diff(found) > 0).all()
    assert np.isin(upper[found].max(), upper.max())
    highest = pool.distinct()[0]
    highest = highest[np.argsort(-upper[highest], kind="stable")[:50]]
    assert np.isin(highest, found).all()
    assert len(model.promising(cells[:1], 500)) == 1
    with pytest.raises(ValueError, match="n is 0"):
        model.promising(pool, 0)
