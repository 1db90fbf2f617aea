"""Rival strategies: what holds for all of them, and what each one's paper says that it does."""

import json
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from metanp import Cell, MetaNP
from metanp.baselines.base import Baseline, ZScore
from metanp.baselines.encodings import adjacency
from metanp.baselines.graph_networks import BRPNAS as PairwiseNetwork
from metanp.baselines.networks import BANANAS as PathEnsemble
from metanp.baselines.trees import RandomForest, XGBoost
from metanp.baselines.tuned import Tuned
from metanp.contract import About
from metanp.search import STRATEGIES, Candidates, Evaluated, History, Listed, Open, Pick, Search, Strategy, make
from metanp.search.strategies.brp_nas import BRPNAS
from metanp.search.strategies.evolution import RegularisedEvolution
from metanp.search.strategies.guided_evolution import GuidedEvolution
from metanp.search.strategies.local_search import LocalSearch
from metanp.search.strategies.mutants import Brood
from metanp.search.strategies.npenas import Ranker
from metanp.search.strategies.one_shot import OneShot
from metanp.search.strategies.weak_nas import WeakNAS
from metanp.search.strategies.weak_predictors import WeakBoosting, WeakForest, WeakMLP
from metanp.search.surrogate import Conditioned, surrogate
from metanp.spaces import get_space
from tests.tiny_model import write_checkpoint

SPACE = get_space("nasbench201")
WORTH = {"none": 0.0, "skip": 1.0, "conv1x1": 2.5, "conv3x3": 3.0, "avgpool3x3": 0.5}
WEIGHT = np.array([1.0, 0.5, 2.0, 1.5, 0.7, 1.2])


def score(cell: Cell) -> float:
    """A sum over the six operations of whatever string of the space computes the same."""
    digits = SPACE.digits(cell)
    return float(WEIGHT @ [WORTH[SPACE.operations[digit]] for digit in digits])


class Additive(Baseline):
    """Ridge regression on one-hot cells: fast, and right about `score`."""

    about = About("ridge", "these tests")
    transform = ZScore
    read = staticmethod(adjacency)

    def _fit(self, context, value):
        table = self._table(context)
        self._weights = table.T @ np.linalg.solve(table @ table.T + 0.1 * np.eye(len(table)), value)

    def _predict(self, inputs):
        mean = self._table(inputs) @ self._weights
        return mean, np.full(len(mean), 0.1)

    def _table(self, inputs):
        return np.concatenate(inputs.blocks(self._context), axis=1).astype(np.float64)


class Backwards(Additive):
    """Takes the worst for the best."""

    def _predict(self, inputs):
        mean, std = super()._predict(inputs)
        return -mean, std


def brief(kind: Any, epochs: int, **attributes: Any) -> Any:
    """The same network, trained for a few epochs only."""
    training = replace(kind.training, epochs=epochs)
    return type(kind.__name__, (kind,), {"training": training, **attributes})


def small(forest: Any) -> Any:
    """The same trees, but few."""
    return type(forest.__name__, (forest,), {"settings": {**forest.settings, "n_estimators": 30}})


# where the published setting takes seconds an ask: the same strategy with a small predictor of the same kind
SHORT: dict[str, dict[str, Any]] = {
    "weak_nas": {"predictor": brief(WeakMLP, 60, width=30)},
    "weak_nas_forest": {"predictor": small(WeakForest)},
    "weak_nas_boosting": {"predictor": small(WeakBoosting)},
    "bananas": {"predictor": brief(PathEnsemble, 60, layers=2)},
    "npenas": {"predictor": brief(Ranker, 30)},
    "brp_nas": {"predictor": brief(Ranker, 60)},
}
RIVALS = [name for name in STRATEGIES if not name.startswith(("metanp", "pareto", "swap_nas"))]
NEED_SPACE = ["bananas", "npenas", "guided_evolution", "guided_evolution_metanp", "evolution", "local_search"]


def short(name: str) -> Strategy:
    return make(name, **SHORT.get(name, {}))


@pytest.fixture(scope="module")
def whole() -> Listed:
    """One for all tests: what was encoded once is not encoded again."""
    return Listed.of(SPACE)


@pytest.fixture(scope="module")
def pool() -> Listed:
    """A quarter of the space."""
    return quarter()


def quarter(**more: Any) -> Listed:
    return Listed(SPACE.arrays()[::4], SPACE, **more)


def told(
    strategy: Strategy,
    candidates: Candidates,
    budget: int,
    batch: int = 10,
    seed: int = 0,
    history: History | None = None,
    value: Callable[[Cell], float] = score,
) -> History:
    """The history after an ask and a tell of `batch` cells at a time."""
    history = history or History()
    while len(history.evaluated) < budget:
        picks = strategy.propose(history, candidates, batch, np.random.default_rng([seed, len(history.evaluated)]))
        if not picks:
            break
        history = tell(history, picks, value)
    return history


def tell(history: History, picks: list[Pick], value: Callable[[Cell], float] = score) -> History:
    """As a journal would keep it: notes are JSON."""
    new = [Evaluated(pick.cell, (value(pick.cell),), json.loads(json.dumps(pick.note))) for pick in picks]
    return replace(history, evaluated=[*history.evaluated, *new])


def keys(cells: Any) -> list[str]:
    return [getattr(one, "cell", one).key for one in cells]


def random_history(n: int, candidates: Candidates) -> History:
    return tell(History(), [Pick(cell) for cell in candidates.random({}, n, np.random.default_rng(0))])


# --- all of them ---


@pytest.mark.parametrize("name", [name for name in RIVALS if name != "random"])
def test_it_finds_better_cells_than_chance(name, whole):
    by_chance = [score(cell) for cell in whole.random({}, 1000, np.random.default_rng(1))]
    after = told(short(name), whole, 80, batch=20, seed=3).evaluated[60:]
    assert np.mean([one.score for one in after]) > np.quantile(by_chance, 0.8)


@pytest.mark.parametrize("name", RIVALS)
def test_it_asks_for_no_taken_cell_and_for_no_two_that_compute_the_same(name, pool):
    strategy, history = short(name), random_history(30, pool)
    failed, pending = pool.random(history.taken, 20, np.random.default_rng(5)), []
    history = replace(history, failed=failed)
    for step in range(3):  # asked without telling in between
        picks = strategy.propose(replace(history, pending=pending), pool, 3, np.random.default_rng(step))
        assert len(picks) == 3
        pending = [*pending, *(pick.cell for pick in picks)]
    taken = [*history.cells, *failed, *pending]
    assert len(set(keys(taken))) == len(taken)


@pytest.mark.parametrize("name", RIVALS)
def test_it_asks_for_feasible_cells_only(name):
    candidates = quarter(feasible=lambda cell: "skip" not in cell.operations)
    history = told(short(name), candidates, 35, batch=7)
    assert len(history.evaluated) == 35
    assert all("skip" not in cell.operations for cell in history.cells)


@pytest.mark.parametrize("name", RIVALS)
def test_a_search_that_is_made_again_goes_on_the_same(name, pool):
    strategy = short(name)
    history = told(strategy, pool, 20)
    on = strategy.propose(history, pool, 5, np.random.default_rng(7))
    again = short(name).propose(History(list(history.evaluated)), quarter(), 5, np.random.default_rng(7))
    assert keys(again) == keys(on)
    assert [pick.note for pick in again] == [pick.note for pick in on]


@pytest.mark.parametrize("name", RIVALS)
def test_it_exhausts_a_short_list(name):
    five = Listed(SPACE.arrays()[:5], SPACE)
    history = told(short(name), five, 100, batch=2)
    assert set(keys(history.evaluated)) == set(keys(SPACE.arrays()[:5].to_cells()))
    assert short(name).propose(history, five, 2, np.random.default_rng(0)) == []


@pytest.mark.parametrize("name", RIVALS)
def test_it_searches_a_space_that_is_not_listed(name):
    candidates = Open(SPACE, samples=50, parents=2)
    history = told(short(name), candidates, 30)
    assert len(set(keys(history.evaluated))) == 30


@pytest.mark.parametrize("name", RIVALS)
def test_it_searches_a_list_that_lacks_most_neighbours(name):
    few = Listed(SPACE.arrays()[::40], SPACE)
    history = told(short(name), few, 40)
    assert len(set(keys(history.evaluated))) == 40
    assert all(len(few.rows(cell)) for cell in history.cells)


@pytest.mark.parametrize("name", NEED_SPACE)
def test_without_a_space_those_that_need_neighbours_say_so(name):
    with pytest.raises(ValueError, match="no neighbours"):
        told(short(name), Listed(SPACE.arrays()[:500]), 60)


@pytest.mark.parametrize("name", [name for name in RIVALS if name not in NEED_SPACE])
def test_without_a_space_the_others_search_all_the_same(name):
    assert len(told(short(name), Listed(SPACE.arrays()[:500]), 30).evaluated) == 30


@pytest.mark.parametrize("name", RIVALS)
def test_the_published_setting_is_the_default(name):
    published = {
        "weak_nas": (10, 10), "bananas": (10, 10), "npenas": (10, 10), "brp_nas": (20, 20), "guided": (20, 20),
        "evolution": (10, 1), "local": (10, 1), "one": (50, 1), "random": (0, 1),
    }  # fmt: skip
    strategy = make(name)
    first, batch = next(setting for start, setting in published.items() if name.startswith(start))
    assert (getattr(strategy, "first", 0), strategy.batch) == (first, batch)
    assert strategy.title
    assert strategy.source


@pytest.mark.parametrize("name", [name for name in RIVALS if name not in ("random", "evolution", "local_search")])
def test_those_with_a_model_write_down_what_it_expects(name, pool):
    picks = short(name).propose(random_history(50, pool), pool, 4, np.random.default_rng(0))
    assert all(np.isfinite(pick.note["mean"]) for pick in picks)
    assert ("std" in picks[0].note) == (name == "bananas" or "metanp" in name or name == "one_shot")


OUTSIDE = [
    Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)]),
    Cell(["input", "maxpool3x3", "output"], [(0, 1), (1, 2), (0, 2)]),
    Cell(["input", "conv5x5", "conv3x3", "output"], [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (0, 3)]),
    Cell(
        ["input", "conv1x1", "conv3x3", "maxpool3x3", "conv3x3", "conv1x1", "output"],
        [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (4, 5), (5, 6), (0, 6)],
    ),
]
KNOWN = [Evaluated(cell, (1000.0 + i, 900.0)) for i, cell in enumerate(OUTSIDE)]


@pytest.mark.parametrize("name", [*RIVALS, "metanp"])
def test_cells_known_from_outside_are_never_asked_for_and_trouble_no_strategy(name, pool):
    strategy = short(name)
    history = replace(random_history(25, pool), outside=KNOWN, failed=[OUTSIDE[0]])
    for step in range(2):
        picks = strategy.propose(history, pool, 3, np.random.default_rng(step))
        assert len(picks) == 3
        assert not set(keys(picks)) & set(keys([*OUTSIDE, *history.cells]))
        history = tell(history, picks)


@pytest.mark.parametrize("name", [*RIVALS, "metanp"])
def test_a_search_may_begin_with_nothing_but_cells_known_from_outside(name):
    """With side features, which those cells have not, where the strategy reads some."""
    reads_none = name in ("npenas", "brp_nas")
    features = None if reads_none else {"flops": np.arange(len(SPACE.arrays()[::40]), dtype=float)}
    few = Listed(SPACE.arrays()[::40], SPACE, features=features)
    history = told(short(name), few, 24, batch=4, history=History(outside=KNOWN))
    assert len(history.evaluated) == 24
    assert all(len(few.rows(cell)) for cell in history.cells)


@pytest.mark.parametrize("name", ["metanp", "bananas", "weak_nas", "evolution", "local_search", "guided_evolution"])
def test_an_open_space_takes_what_is_known_from_outside(name):
    history = told(short(name), Open(SPACE, samples=50, parents=2), 24, batch=4, history=History(outside=KNOWN))
    assert len(set(keys(history.evaluated))) == 24


def test_what_is_known_from_outside_is_learned_from(pool):
    history = random_history(20, pool)
    turned = replace(history, outside=[Evaluated(one.cell, (-one.score,) * 9) for one in history.evaluated])
    first, second = (
        [pick.note["mean"] for pick in WeakNAS(Additive).propose(one, pool, 20, np.random.default_rng(0))]
        for one in (history, turned)
    )
    assert np.mean(first) > np.mean(second) + 1


def test_the_incumbent_is_a_candidate(tmp_path, pool):
    """What is known from outside may be far better than any candidate."""
    strategy = make("metanp", checkpoint=str(write_checkpoint(tmp_path / "tiny.safetensors")))
    history = replace(random_history(10, pool), outside=KNOWN)
    assert history.best.score < 100
    picks = strategy.propose(history, pool, 2, np.random.default_rng(0))
    assert all(0 <= pick.note["p_improve"] <= 1 for pick in picks)
    empty = strategy.propose(History(outside=KNOWN), pool, 2, np.random.default_rng(0))
    assert not any("p_improve" in pick.note for pick in empty)  # nothing to be better than


# --- predictors inside ---


def test_a_pool_is_encoded_once_over_all_asks():
    read = []

    class Counting(Additive):
        def encode(self, cells, features=None):
            read.append(len(cells))
            return super().encode(cells, features)

    candidates = quarter()
    told(WeakNAS(Counting), candidates, 60)
    assert read.count(len(candidates.cells)) == 1


def test_side_features_are_read():
    cells = SPACE.arrays()[:300].to_cells()
    hidden = np.random.default_rng(0).permutation(300).astype(float)  # nothing of it is in the cells
    candidates = Listed(cells, SPACE, features={"hint": hidden})
    value = {cell.key: number for cell, number in zip(cells, hidden, strict=True)}
    history = told(OneShot("metanp", first=30), candidates, 40, value=lambda cell: value[cell.key])
    assert np.mean([one.score for one in history.evaluated[30:]]) > 250


def test_repeated_measurements_are_all_learned_from(pool):
    history = random_history(20, pool)
    doubled = [replace(one, scores=(one.score + 30, one.score - 30)) for one in history.evaluated]
    for evaluated in (history.evaluated, doubled):
        picks = WeakNAS(Additive).propose(History(evaluated), pool, 5, np.random.default_rng(0))
        assert len(picks) == 5


UNKNOWN = [
    "",
    "metanpp",
    "metanp.baselines.trees:XGBust",
    "metanp.baselines.treees:XGBoost",
    "mine:Mine",
    "a..b:C",
]


def test_an_unknown_predictor_is_named():
    for name in UNKNOWN:
        with pytest.raises(ValueError, match=f"unknown predictor {name!r}: .*; expected 'metanp', or a class"):
            surrogate(name)


def test_a_predictor_is_named_as_its_class_is_with_a_colon_or_without_and_metanp_too():
    for name in ("metanp.baselines.trees:XGBoost", "metanp.baselines.trees.XGBoost"):
        assert surrogate(name).title == "XGBoost"
    for name in ("metanp", "metanp:MetaNP", "metanp.predictor:MetaNP", MetaNP):
        inside = surrogate(name, "label-free")
        assert (type(inside), inside.checkpoint) == (Conditioned, "label-free")


def test_what_makes_no_predictor_is_refused():
    with pytest.raises(TypeError, match=r"makes no predictor \(metanp.contract\), but dict"):
        surrogate(dict)


@pytest.mark.parametrize(
    ("predictor", "library"),
    [
        ("metanp.baselines.trees:XGBoost", "xgboost"),
        ("metanp.baselines.gaussian_process:WLGaussianProcess", "sklearn.gaussian_process"),
        ("metanp.baselines.study_trees:StudyNGBoost", "ngboost"),
        (partial(Tuned, XGBoost, {}, 1), "xgboost"),
    ],
)
def test_a_missing_library_is_told_before_the_search_begins(monkeypatch, predictor, library):
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=r"metanp\[research\]"):
        make("guided_evolution", predictor=predictor)


def test_anything_that_keeps_to_the_contract_may_be_inside(pool):
    """`Tuned` is no `Baseline`."""
    strategy = make("weak_nas", predictor=partial(Tuned, RandomForest, {"n_estimators": [5]}, 1))
    assert strategy.title == "WeakNAS (random forest, tuned on its labels)"
    picks = strategy.propose(random_history(20, pool), pool, 3, np.random.default_rng(0))
    assert all("mean" in pick.note for pick in picks)


# --- their names ---


def test_a_strategy_is_named_as_its_class_is():
    for name, (path, settings) in STRATEGIES.items():
        more = {"cost": float} if name == "pareto" else {}
        assert type(make(name, **more)) is type(make(path, **settings, **more))
    assert Search(SPACE, "tests.bad_strategies:GivesUp").ask(2)


@pytest.mark.parametrize("name", ["mine:Mine", "tests.bad_strategies:Gone", "tests.bad_strategies:np", "os:getcwd"])
def test_a_name_that_is_no_strategy_is_refused(name):
    with pytest.raises(ValueError, match=f"unknown strategy {name!r}: "):
        make(name)


def test_another_checkpoint_may_be_inside(tmp_path, pool):
    path = write_checkpoint(tmp_path / "tiny.safetensors")
    strategy = make("weak_nas_metanp", checkpoint=str(path))
    assert len(strategy.propose(random_history(20, pool), pool, 3, np.random.default_rng(0))) == 3


# --- the first cells ---


def test_as_many_random_cells_are_asked_for_as_are_missing(pool):
    strategy, history = WeakNAS(Additive, first=10), random_history(8, pool)
    picks = strategy.propose(history, pool, 5, np.random.default_rng(0))
    assert ["mean" in pick.note for pick in picks] == [False, False, True, True, True]
    pending = replace(history, pending=[pick.cell for pick in picks[:2]])
    assert all("mean" in pick.note for pick in strategy.propose(pending, pool, 5, np.random.default_rng(0)))


def test_cells_are_random_while_nothing_is_told(pool):
    pending = pool.random({}, 30, np.random.default_rng(0))
    for name in RIVALS:
        picks = short(name).propose(History(pending=pending), pool, 4, np.random.default_rng(0))
        assert len(picks) == 4
        assert not any("mean" in pick.note for pick in picks)


# --- one shot ---


def test_one_shot_learns_from_the_first_cells_alone(pool):
    strategy, history = OneShot(Additive, first=20), random_history(20, pool)
    ranking = keys(strategy.propose(history, pool, 6, np.random.default_rng(0)))
    misleading = tell(history, strategy.propose(history, pool, 2, np.random.default_rng(0)), lambda cell: -1000.0)
    assert keys(strategy.propose(misleading, pool, 4, np.random.default_rng(0))) == ranking[2:]


# --- WeakNAS ---


def expected(history: History, candidates: Listed, kind: Any = Additive) -> np.ndarray:
    """What the predictor says of the whole list."""
    cells, scores = history.measurements()
    return kind(seed=0).fit(cells, scores).predict(candidates.cells)


def test_a_batch_of_weak_nas_is_drawn_among_the_highest_predicted(pool):
    history = random_history(30, pool)
    highest = set(np.argsort(-expected(history, pool), kind="stable")[:100].tolist())
    strategy = WeakNAS(Additive, top=100)
    batches = [strategy.propose(history, pool, 5, np.random.default_rng(seed)) for seed in range(20)]
    for pick in [pick for batch in batches for pick in batch]:
        assert highest & set(pool.rows(pick.cell).tolist())
    assert len({key for batch in batches for key in keys(batch)}) > 30  # not always the same five


def test_where_the_highest_are_taken_the_next_ones_follow(pool):
    history = random_history(30, pool)
    order = np.argsort(-expected(history, pool), kind="stable")
    picks = WeakNAS(Additive, top=3).propose(history, pool, 8, np.random.default_rng(0))
    rest = pool.fresh((pool.cell(int(row)) for row in order), history.taken, 8)
    assert set(keys(picks)) == set(keys(rest))


# --- BRP-NAS ---


def test_every_other_cell_of_brp_nas_is_the_highest_predicted(pool):
    history = random_history(40, pool)
    order = np.argsort(-expected(history, pool), kind="stable")
    highest = keys(pool.fresh((pool.cell(int(row)) for row in order), history.taken, 20))
    picks = keys(BRPNAS(Additive).propose(history, pool, 20, np.random.default_rng(0)))
    assert picks[:10] == highest[:10]
    upper = order[: len(pool.cells) // 4]  # of the second iteration
    assert set(picks[10:]) <= {pool.cell(int(row)).key for row in upper}
    assert not set(picks[10:]) <= set(highest)


def test_asked_for_one_at_a_time_half_of_brp_nas_is_random_too(pool):
    history, strategy, first = random_history(20, pool), BRPNAS(Additive), []
    for count in range(20):
        order = np.argsort(-expected(history, pool), kind="stable")
        best = pool.fresh((pool.cell(int(row)) for row in order), history.taken, 1)
        picks = strategy.propose(history, pool, 1, np.random.default_rng(count))
        first.append(keys(best) == keys(picks))
        history = tell(history, picks)
    assert first[::2] == [True] * 10
    assert sum(first[1::2]) <= 1


def test_after_its_last_iteration_brp_nas_goes_down_the_list(pool):
    history = random_history(100, pool)
    order = np.argsort(-expected(history, pool), kind="stable")
    highest = keys(pool.fresh((pool.cell(int(row)) for row in order), history.taken, 6))
    assert keys(BRPNAS(Additive).propose(history, pool, 6, np.random.default_rng(0))) == highest


def test_the_pairwise_network_is_inside():
    few = Listed(SPACE.arrays()[:60], SPACE)
    picks = BRPNAS(brief(PairwiseNetwork, 2)).propose(random_history(30, few), few, 4, np.random.default_rng(0))
    assert len({pick.note["mean"] for pick in picks}) == 4


# --- children ---


def test_children_are_neighbours_of_the_best(pool):
    history = random_history(40, pool)
    best = sorted(history.evaluated, key=lambda one: -one.score)[:2]
    children = Brood(parents=2, each=200, enough=200).children(history, pool, 1, np.random.default_rng(0))
    near = {key for one in best for key in keys(pool.neighbours(one.cell))} - set(history.taken)
    assert set(keys(children)) == near


def test_further_parents_have_children_where_a_batch_would_be_short(pool):
    history = random_history(40, pool)
    children = Brood(parents=1, each=200, enough=200).children(history, pool, 60, np.random.default_rng(0))
    assert len(set(keys(children))) >= 60


def test_the_predictor_chooses_among_the_children(pool):
    history, brood = random_history(40, pool), Brood(parents=3, each=50, enough=200)
    chosen = {
        kind: [
            pick
            for seed in range(5)
            for pick in GuidedEvolution(kind, brood=brood).propose(history, pool, 5, np.random.default_rng(seed))
        ]
        for kind in (Additive, Backwards)
    }
    means = [np.mean([score(pick.cell) for pick in picks]) for picks in chosen.values()]
    assert means[0] > means[1] + 2


def test_thompson_sampling_wants_a_spread(pool):
    with pytest.raises(ValueError, match="standard deviation"):
        make("bananas", predictor=small(WeakForest)).propose(
            random_history(20, pool), pool, 1, np.random.default_rng(0)
        )


# --- evolution ---


def test_parents_are_of_the_last_population_only(pool):
    history = random_history(60, pool)
    best = max(range(60), key=lambda i: history.evaluated[i].score)
    aged = [history.evaluated[best], *(one for i, one in enumerate(history.evaluated) if i != best)]
    picks = RegularisedEvolution(population=30).propose(History(aged), pool, 40, np.random.default_rng(0))
    parents = {pick.note["parent"] for pick in picks}
    assert parents <= set(keys(aged[-30:]))
    young = RegularisedEvolution(population=60, tournament=200).propose(
        History(aged), pool, 5, np.random.default_rng(0)
    )
    assert {pick.note["parent"] for pick in young} == {aged[0].cell.key}


def test_a_child_is_a_neighbour_of_its_parent(pool):
    history = random_history(30, pool)
    cells = {one.cell.key: one.cell for one in history.evaluated}
    for pick in RegularisedEvolution().propose(history, pool, 10, np.random.default_rng(0)):
        assert pick.cell.key in keys(pool.neighbours(cells[pick.note["parent"]]))


# --- local search ---


def peaks(cell: Cell) -> float:
    """No rule, and so a local optimum in every neighbourhood."""
    return float(zlib.crc32(cell.key.encode()))


def test_the_centre_of_a_climb_only_moves_up_and_climbs_begin_again(pool):
    history = told(LocalSearch(first=3), pool, 100, batch=1, value=peaks)
    scores = {one.cell.key: one.score for one in history.evaluated}
    climbs: dict[int, list[float]] = {}
    for one in history.evaluated:
        if "centre" in one.note:
            climbs.setdefault(one.note["climb"], []).append(scores[one.note["centre"]])
    assert len(climbs) > 2
    for centres in climbs.values():
        assert centres == sorted(centres)


def test_a_climb_moves_to_the_first_better_neighbour(pool):
    history = told(LocalSearch(first=3), pool, 60, batch=1)
    for before, after in zip(history.evaluated[3:], history.evaluated[4:], strict=False):
        if before.note.get("climb") == after.note["climb"] and "centre" in before.note and "centre" in after.note:
            centre = next(one for one in history.evaluated if one.cell.key == before.note["centre"])
            moved = before.score > centre.score
            assert after.note["centre"] == (before.cell.key if moved else before.note["centre"])


def test_a_climb_ends_when_no_neighbour_is_better(pool):
    history = told(LocalSearch(first=3), pool, 80, batch=1, value=peaks)
    for climb in range(max(one.note["climb"] for one in history.evaluated)):
        met = [one for one in history.evaluated if one.note["climb"] == climb]
        centre = max(met, key=lambda one: one.score)
        assert set(keys(pool.neighbours(centre.cell))) <= set(history.taken)


def test_a_score_that_comes_late_opens_its_climb_again(pool):
    strategy = LocalSearch(first=1)
    history = tell(History(), strategy.propose(History(), pool, 1, np.random.default_rng(0)))
    near = strategy.propose(history, pool, 24, np.random.default_rng(1))
    near = [pick for pick in near if "centre" in pick.note]
    late, others = near[0], near[1:]
    history = tell(history, others, lambda cell: -1.0)
    waiting = replace(history, pending=[late.cell])
    assert strategy.propose(waiting, pool, 1, np.random.default_rng(2))[0].note == {"climb": 1}
    history = tell(history, [late], lambda cell: 1000.0)
    picks = strategy.propose(history, pool, 1, np.random.default_rng(2))
    assert picks[0].note == {"climb": 0, "centre": late.cell.key}


def test_cells_told_without_a_note_are_climbed_from(pool):
    history = random_history(10, pool)
    picks = LocalSearch().propose(history, pool, 3, np.random.default_rng(0))
    assert {pick.note["centre"] for pick in picks} == {history.best.cell.key}
