"""Rival strategies: what holds for all of them."""

from dataclasses import replace

import numpy as np
import pytest

from metanp.search import STRATEGIES, History, Listed, Open, Search, make
from tests.metanp.search.strategies.known_scores import SPACE, keys, random_history, score, thousand, told
from tests.metanp.search.strategies.short_strategies import NEED_SPACE, RIVALS, short


@pytest.mark.parametrize("name", [name for name in RIVALS if name != "random"])
def test_it_finds_better_cells_than_chance(name, pool, whole):
    # neighbours are what these two climb by; the others, which encode all candidates, have enough in a quarter
    candidates = whole if name in ("evolution", "local_search") else pool
    by_chance = [score(cell) for cell in candidates.random({}, 1000, np.random.default_rng(1))]
    after = told(short(name), candidates, 80, batch=20, seed=3).evaluated[60:]
    assert np.mean([one.score for one in after]) > np.quantile(by_chance, 0.8)


@pytest.mark.parametrize("name", RIVALS)
def test_it_asks_for_no_taken_cell_and_for_no_two_that_compute_the_same(name, part):
    strategy, history = short(name), random_history(30, part)
    failed, pending = part.random(history.taken, 20, np.random.default_rng(5)), []
    history = replace(history, failed=failed)
    for step in range(3):  # asked without telling in between
        picks = strategy.propose(replace(history, pending=pending), part, 3, np.random.default_rng(step))
        assert len(picks) == 3
        pending = [*pending, *(pick.cell for pick in picks)]
    taken = [*history.cells, *failed, *pending]
    assert len(set(keys(taken))) == len(taken)


@pytest.mark.parametrize("name", RIVALS)
def test_it_asks_for_feasible_cells_only(name, without_skips):
    history = told(short(name), without_skips, 35, batch=7)
    assert len(history.evaluated) == 35
    assert all("skip" not in cell.operations for cell in history.cells)


@pytest.mark.parametrize("name", RIVALS)
def test_a_search_that_is_made_again_goes_on_the_same(name, part):
    strategy = short(name)
    history = told(strategy, part, 20)
    on = strategy.propose(history, part, 5, np.random.default_rng(7))
    again = short(name).propose(History(list(history.evaluated)), thousand(), 5, np.random.default_rng(7))
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
def test_it_searches_a_list_that_lacks_most_neighbours(name, few):
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
        "nas_bowl": (10, 5), "evolution": (10, 1), "local": (10, 1), "one": (50, 1), "random": (0, 1),
    }  # fmt: skip
    strategy = make(name)
    first, batch = next(setting for start, setting in published.items() if name.startswith(start))
    assert (getattr(strategy, "first", 0), strategy.batch) == (first, batch)
    assert strategy.title
    assert strategy.source


@pytest.mark.parametrize("name", [name for name in RIVALS if name not in ("random", "evolution", "local_search")])
def test_those_with_a_model_write_down_what_it_expects(name, part):
    picks = short(name).propose(random_history(50, part), part, 4, np.random.default_rng(0))
    assert all(np.isfinite(pick.note["mean"]) for pick in picks)
    assert ("std" in picks[0].note) == (name in ("bananas", "nas_bowl", "one_shot") or "metanp" in name)


def test_a_strategy_is_named_as_its_class_is():
    for name, (path, settings) in STRATEGIES.items():
        more = {"cost": float} if name == "pareto" else {}
        assert type(make(name, **more)) is type(make(path, **settings, **more))
    assert Search(SPACE, "tests.bad_strategies:GivesUp").ask(2)


@pytest.mark.parametrize("name", ["mine:Mine", "tests.bad_strategies:Gone", "tests.bad_strategies:np", "os:getcwd"])
def test_a_name_that_is_no_strategy_is_refused(name):
    with pytest.raises(ValueError, match=f"unknown strategy {name!r}: "):
        make(name)
