"""Simulated searches: summaries worked by hand, runs are kept and resumed, pages are complete."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from data import load_benchmark
from metanp.checkpoint import load_model, save_model
from metanp.search.listed import Listed
from metanp.search.strategies import STRATEGIES, make
from metanp.search.strategies.random_search import RandomSearch
from scripts.results.executors import EXECUTORS
from scripts.results.provenance import settings_digest
from scripts.results.published import read_search
from scripts.results.table import Table
from scripts.search_benchmark import search_benchmark
from scripts.searches.entrants import Rival, entrants, holds_metanp, read_strategies, select, settings_of
from scripts.searches.page import sentences as sentences_of_page
from scripts.searches.page import write_search_page
from scripts.searches.simulation import Problem, SearchConfig, _shared, problem, simulate
from scripts.searches.summary import Found, apart, course, equalled, flat, incumbents, summarise
from scripts.searches.tables import median, search_overview, search_summary, search_table
from tests import bad_strategies
from tests.conftest import ROOT
from tests.in_this_process import in_this_process
from tests.made_up_rows import Made
from tests.scripts.results.test_page import Page

FOLDER = ROOT / "configs"
BENCHMARKS = sorted(path.stem for path in (FOLDER / "search").glob("*.yaml"))
TOLD = "cifar10_validation_accuracy_200"
NO_MIRROR = "benchmarks.nasbench201.reported=''"  # test accuracies are in no package


def composed(*overrides: str):
    with initialize_config_dir(str(FOLDER), version_base="1.3"):
        return OmegaConf.to_object(compose("search_benchmark", list(overrides)))


def small(tmp_path: Path, *overrides: str):
    """Two repeats of random search in NAS-Bench-201, twelve evaluations each."""
    few = ["strategies=[random]", "dataset=cifar10", "repeats=2", "evaluations=12", "jobs=1", "after=[5,10,50]"]
    return composed(*few, NO_MIRROR, f"output={tmp_path}", *overrides)


def under(table: Table) -> list[list[str]]:
    """Texts of its rows."""
    return [[cell.text for cell in row] for row in table.rows]


# --- the configurations ---------------------------------------------------------------------------------------------


def every() -> dict[str, Rival]:
    """All strategies of the configuration, as they run."""
    return select(composed().known, [], slow=True, front=True)


def test_every_strategy_of_the_package_takes_part_with_its_own_settings():
    assert set(every()) == set(STRATEGIES)
    assert read_strategies() == every()
    for name, (path, settings) in STRATEGIES.items():
        mine = dict(every()[name].make)
        assert mine.pop("_target_") == path.replace(":", ".")
        mine.pop("checkpoint", None)
        assert mine == settings


def test_rows_have_the_same_settings_digest_however_a_strategy_is_named():
    # as the first rows were: their marks are in files that nobody wants to fill again
    kind = "metanp.search.strategies.weak_nas.WeakNAS"
    assert every()["weak_nas_metanp"].make == {"_target_": kind, "predictor": "metanp", "checkpoint": "label-free"}
    assert settings_digest([every()["weak_nas_metanp"].make, 10]) == "e6d392b31f39"
    assert settings_digest([every()["metanp_ucb"].make, 1]) == "c9218b9da5dd"
    forest = {"predictor": "metanp.search.strategies.weak_predictors:WeakForest"}
    ways = [
        Rival(),
        Rival(strategy="weak_nas_forest"),
        Rival(strategy="weak_nas", settings=forest),
        Rival(strategy="metanp.search.strategies.weak_nas:WeakNAS", settings=forest),
        Rival({"_target_": kind, **forest}),
    ]
    assert {settings_digest(way.named("weak_nas_forest").make) for way in ways} == {
        settings_digest(every()["weak_nas_forest"].make)
    }


def test_an_entry_may_name_a_class_else_its_name_must_be_known():
    bad = Rival(strategy="tests.bad_strategies:GivesUp", family="bad").named("shaky")
    assert type(bad.made()) is bad_strategies.GivesUp
    with pytest.raises(ValueError, match="unknown strategy 'shaky'; nearest"):
        Rival(family="bad").named("shaky")


def test_exactly_the_strategies_that_use_metanp_name_a_checkpoint():
    for name, rival in every().items():
        strategy = rival.made()
        holder = getattr(strategy, "surrogate", strategy)
        assert hasattr(holder, "model") == ("checkpoint" in rival.make), name
        assert "checkpoint" not in rival.make or "checkpoint" in settings_of(rival.make)
        unnamed = {setting: value for setting, value in rival.make.items() if setting != "checkpoint"}
        assert holds_metanp(unnamed) == ("checkpoint" in rival.make), name


def test_a_strategy_that_names_no_checkpoint_has_the_one_that_was_checked():
    kind = "metanp.search.strategies.{}".format
    rivals = {
        "bare": Rival({"_target_": kind("bayesian.Bayesian")}),
        "guided": Rival({"_target_": kind("guided_evolution.GuidedEvolution"), "predictor": "metanp"}),
        "shown": Rival({"_target_": kind("one_shot.OneShot")}),
        "trees": Rival({"_target_": kind("guided_evolution.GuidedEvolution"), "checkpoint": "cross-task-nasbench201"}),
    }
    rivals["path"] = replace(rivals["guided"], make={**rivals["guided"].make, "predictor": "metanp.predictor:MetaNP"})
    for name in ("bare", "guided", "shown", "path"):
        (one,) = entrants({name: rivals[name]}, "label-free", [], "nasbench201", 2)
        assert (one.make["checkpoint"], one.file) == ("label-free", f"{name}-label-free-0")
        assert "-" in one.marks["config"]
    (trees,) = entrants({"trees": rivals["trees"]}, "label-free", [], "nasbench201", 2)
    assert (trees.file, trees.marks["seed"]) == ("trees", 0)
    with pytest.raises(ValueError, match="may not"):
        list(entrants(rivals, "cross-task", ["cross-task-nasbench201"], "transnas", 2))
    with pytest.raises(ValueError, match="no setting for its checkpoint"):
        holds_metanp({"_target_": "tests.bad_strategies.Hides", "predictor": "metanp"})


def test_titles_of_strategies_are_unique():
    titles = [rival.described().title for rival in every().values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "nasbench201"])
def test_a_benchmark_is_a_problem_and_has_the_columns_of_all_its_data_sets(name, mirror):
    where = composed().benchmarks[name]
    here = problem(where, where.datasets[0])
    assert np.isfinite(here.score[here.rows]).all()
    assert len(here.rows) > (100 if name == "mini" else 1000)  # mini grows
    assert len(here.goals) == (1 if where.cost else len(where.tops))
    columns = [column for column in (where.told, where.reported, where.seconds, where.cost) if column]
    wanted = {column.format(dataset=dataset) for column in columns for dataset in where.datasets}
    assert wanted <= set(load_benchmark(where.benchmark).metrics)


def test_the_shipped_model_finds_the_best_cell_of_nasbench201_within_thirty_evaluations():
    here = problem(composed(NO_MIRROR).benchmarks["nasbench201"], "cifar10")
    for repeat in range(2):  # 7 to 22 in 34 runs
        found = simulate(make("metanp", checkpoint="label-free"), here, repeat, batch=1, limit=30, seed=0)
        assert here.finished(found["cells"])


def test_the_best_cell_of_nasbench201_is_the_known_one():
    here = problem(composed(NO_MIRROR).benchmarks["nasbench201"], "cifar10")
    assert len(here.rows) == 15625
    assert here.gap([0])[0] == pytest.approx(91.61 - here.score[0], abs=0.005)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["benchmark=nasbench202"], "unknown benchmark 'nasbench202'; nearest: nasbench201"),
        (["dataset=cifar"], "has no data set 'cifar'; nearest: cifar10"),
        (["strategies=[metamp]"], "unknown strategy 'metamp'; nearest: metanp"),
        (["strategies=[pareto]"], "pareto searches for a front, and this benchmark has no cost"),
        (["format=xml"], "unknown format 'xml'; known: table, json"),
        (["repeats=0"], "repeats=0"),
        (["stale=true"], "add fill=false"),
        (
            ["benchmark=transnas", "dataset=class_object", "publish=true"],
            "publish=true: MetaNP's search was chosen on class_object of TransNAS-Bench-101",
        ),
        (["kind=everything", "strategies=[metanp]"], "everything"),
        (["kind=cross-task", "checkpoints=[label-free]", "strategies=[metanp]"], "label-free"),
    ],
)
def test_unknown_names_and_options_that_are_not_allowed_are_refused_by_name(tmp_path, overrides, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        search_benchmark(small(tmp_path, *overrides))


def test_a_missing_column_of_one_data_set_is_reported_before_any_run(tmp_path):
    both = "benchmarks.nasbench201.datasets=[cifar10,cifar1000]"
    with pytest.raises(ValueError, match="no metric 'cifar1000_validation_accuracy_200'"):
        search_benchmark(small(tmp_path, both, "dataset=''"))
    assert not [*tmp_path.iterdir()]


def test_a_benchmark_without_proxies_says_so():
    with pytest.raises(ValueError, match="has no zero-cost proxies"):
        problem(composed().benchmarks["nasbench_graph"], "cora", proxies=True)


def test_fast_strategies_run_unless_others_are_named():
    known = {"random": Rival(), "evolution": Rival(slow=True), "pareto": Rival(front=True)}
    assert list(select(known, [], slow=False, front=False)) == ["random"]
    assert list(select(known, [], slow=True, front=True)) == ["random", "evolution", "pareto"]
    assert list(select(known, ["evolution"], slow=False, front=False)) == ["evolution"]


def test_a_benchmark_that_names_strategies_runs_all_when_slow_ones_are_asked_for(monkeypatch, mirror):
    seen: list[set[str]] = []
    monkeypatch.setattr("scripts.search_benchmark.entrants", lambda rivals, *_: seen.append(set(rivals)) or [])
    monkeypatch.setattr("scripts.search_benchmark._one", lambda *_: [])
    monkeypatch.setattr("scripts.search_benchmark.problem", lambda *_: None)
    for slow in ("false", "true"):
        search_benchmark(composed("benchmark=nasbench201_latency", "dataset=edgegpu", f"slow={slow}"))
    assert seen == [{"pareto", "metanp", "random"}, set(composed().known)]


def test_a_strategy_has_the_settings_that_a_benchmark_gives_it():
    config = composed()
    rival = every()["weak_nas"].with_settings(config.benchmarks["nasbench101"].settings["weak_nas"])
    assert rival.made().first == 100
    assert rival.described().tuning == "Here: first 100."
    assert every()["weak_nas"].made().first == 10


def test_settings_of_an_unknown_strategy_are_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown strategies: weak_mas"):
        search_benchmark(small(tmp_path, "+benchmarks.nasbench201.settings.weak_mas.first=3"))


# --- numbers worked by hand -----------------------------------------------------------------------------------------

# rows of NAS-Bench-201 that compute different things, and one more that computes the same as the fifth
CELLS = [6111, 9930, 10676, 1462, 1246, 9637]
SCORE = np.array([9.0, 5.0, 3.0, 7.0, 1.0, 99.0])


def by_hand(**more: object) -> Problem:
    cells = load_benchmark("nasbench201").cells[CELLS]
    settings = {"reported": SCORE - 0.5, "seconds": np.full(6, 3600.0), **more}
    return Problem("told", 1, np.arange(6), Listed(cells), SCORE, **settings)


def runs(name: str, *cells: list[int], seeds: int = 1) -> list[dict]:
    def row(number: int, trajectory: list[int]) -> dict:
        told = {"predictor": name, "set": number, "seed": number % seeds, "status": "ok", "cells": trajectory}
        return {**told, "asked": [1, len(trajectory) - 1], "seconds_ask": [1.0, 3.0]}

    return [row(number, trajectory) for number, trajectory in enumerate(cells)]


def test_a_cell_that_is_no_distinct_candidate_is_not_the_best():
    here = by_hand()
    assert here.candidates.rows(here.candidates.cell(5)).tolist() == [4, 5]  # 99 stands behind the 1
    assert here.gap([4, 1, 3, 2, 0]).tolist() == [8.0, 4.0, 2.0, 2.0, 0.0]
    assert here.finished([1, 0])
    assert not here.finished([1, 3])
    assert not here.finished([])


def test_the_summary_of_two_known_runs():
    one = course(runs("a", [4, 1, 0], [2, 3, 4, 1]), by_hand(), limit=4)
    assert one.valid.tolist() == [[1, 5, 9, 9], [3, 7, 7, 7]]
    assert one.hours_to("best").tolist() == [3, 4]
    (line,) = summarise({"a": one}, {"a": "A"}, by_hand(), [2, 4, 50])
    half = 12.706 * np.std([3, 4], ddof=1) / np.sqrt(2)
    assert line["evaluations_to_best"] == {
        "mean": 3.5,
        "ci95": pytest.approx(half, abs=0.01),
        "median": 3.5,
        "found": 0.5,
    }
    assert {n: (found["valid"], found["test"]) for n, found in line["after"].items()} == {"2": (6, 5.5), "4": (8, 7.5)}
    assert line["training_hours_to_best"] == 3.5
    assert line["seconds_per_ask"] == 2.0
    table = search_table([line], by_hand(), 4)
    assert under(table)[0][:6] == ["A", "2", "3", f"≥ 3.5 ± {half:.1f}", "≥ 3.5", "50 %"]
    assert [cell.sort for cell in table.rows[0]][1:6] == [2, 3, 3.5, 3.5, 0.5]
    assert "5 of 6 are distinct" in table.markdown()
    assert "≥: runs that had not found it are counted with the limit of 4 evaluations" in table.markdown()


@pytest.mark.parametrize(("found", "said"), [(0.4, "≥ 7"), (0.5, "≥ 7"), (0.51, "7"), (1, "7")])
def test_a_median_is_a_lower_bound_until_more_than_half_have_found_it(found, said):
    spent = {"median": 7.0, "found": found}
    assert median({"best_median": 7.0, "best_found": found}, "best") == said
    line = {"strategy": "a", "title": "A", "behind": [], "evaluations_to_best": spent}
    (sentence,) = sentences_of_page([line], by_hand(), {"a": Made("A")})
    assert f"with {said} evaluations at the median" in sentence


def test_metanp_equals_a_rival_when_its_mean_gap_is_no_more_than_the_rivals_at_the_limit():
    here = by_hand()
    ours = course(runs("metanp", [3, 0], [2, 1, 3, 0]), here, limit=5)  # mean gaps 4 2 1 0 0
    rival = course(runs("a", [4, 1, 3], [2, 4, 3]), here, limit=5)  # 7 5 2 2 2: there after 3
    assert ours.gap.mean(0).tolist() == [4, 2, 1, 0, 0]
    assert rival.gap.mean(0).tolist() == [7, 5, 2, 2, 2]
    assert equalled(ours, rival) == {"metanp": 2, "times": 1.5}
    assert equalled(rival, ours) == {"metanp": None, "times": None}
    lines = summarise({"a": rival, "metanp": ours}, {"a": "A", "metanp": "M"}, here, [])
    assert [line["strategy"] for line in lines] == ["metanp", "a"]
    table = search_table(lines, here, 5)
    at = [column.title for column in table.columns].index("M equals it after")
    assert [line[at] for line in under(table)] == ["", "2 (1.5 times)"]
    described = {"metanp": Made("M", "MetaNP"), "a": Made("A", "other")}
    assert sentences_of_page(lines, here, described)[-1] == (
        "It reaches the final mean regret of A after 2 evaluations: 1.5 times fewer."
    )


def test_the_time_of_an_ask_at_100_cells_is_that_of_asks_with_many_known():
    def row(number: int, asked: list[int], seconds: list[float]) -> dict:
        (made,) = runs("a", [4, 1, 0])
        return {**made, "set": number, "asked": asked, "seconds_ask": seconds, "batch": 50}

    # known 0 50 80 120 121, 0 50 79
    rows = [row(0, [50, 30, 40, 1, 50], [1, 2, 4, 8, 99]), row(1, [50, 29, 1], [10, 20, 40])]
    (line,) = summarise({"a": course(rows, by_hand(), 500)}, {"a": "A"}, by_hand(), [])
    assert line["seconds_per_ask_at_100"] == 6
    assert line["seconds_per_ask"] == 9
    assert line["batch"] == 50
    (few,) = summarise({"a": course(rows[1:], by_hand(), 500)}, {"a": "A"}, by_hand(), [])
    assert few["seconds_per_ask_at_100"] is None


def test_if_no_repeat_has_all_seeds_there_is_a_mean_and_no_interval():
    rows = runs("a", [0], [4, 0], [4, 1, 0], [4, 1, 3, 0], seeds=2)
    for lost in (1, 2):
        rows[lost] = {"predictor": "a", "set": lost, "seed": lost % 2, "status": "error"}
    one = course(rows, by_hand(), limit=5)
    (line,) = summarise({"a": one}, {"a": "A"}, by_hand(), [])
    assert (line["evaluations_to_best"]["mean"], line["evaluations_to_best"]["ci95"]) == (2.5, None)
    assert line["seeds"] == 2
    assert search_table([line], by_hand(), 5).markdown()


def test_repeats_are_crossed_with_the_seeds_that_their_rows_name():
    rows = runs("a", *([[0]] * 3), *([[4, 1, 3, 0]] * 3))
    blocks = [{**row, "seed": seed} for row, seed in zip(rows, (5, 5, 5, 3, 3, 3), strict=True)]
    one = course(blocks, by_hand(), limit=5)
    mean, half = one.mean(one.reached["best"])  # of two seeds, 1 and 4, whose repeats do not differ
    assert (mean, half) == (2.5, pytest.approx(12.706 * 1.5, abs=0.01))


def test_one_of_the_best_is_found_earlier_than_the_best():
    here = by_hand(tops=(1, 2))
    one = course(runs("a", [3, 0], [2, 1, 3, 0]), here, limit=5)
    assert {key: reached.tolist() for key, reached in one.reached.items()} == {"best": [2, 4], "top_2": [1, 3]}
    assert [goal.title for goal in here.goals] == ["the best", "one of the 2 best"]


def test_scores_where_lower_is_better_are_reported_in_the_units_of_the_table():
    here = by_hand()
    turned = Problem("told", -1, here.rows, here.candidates, here.score)
    assert course(runs("a", [4, 1]), turned, limit=3).valid.tolist() == [[-1, -5, -5]]


def test_the_first_of_equal_ones_stays_the_best():
    assert incumbents(np.array([2.0, 1.0, 2.0, 3.0, 3.0]), [7, 8, 9, 5, 6]).tolist() == [7, 7, 7, 5, 5]


def test_a_strategy_is_ahead_if_the_interval_of_the_difference_does_not_contain_zero():
    here = by_hand()
    fast, slow = [[0], [4, 0], [0]], [[1, 2, 3, 0], [4, 1, 2, 3, 0], [1, 2, 3, 0]]
    a, b = (course(runs("x", *cells), here, limit=6) for cells in (fast, slow))
    assert (apart(a, b, "best"), apart(b, a, "best")) == (-1, 1)
    lines = summarise({"b": b, "a": a}, {"a": "A", "b": "B"}, here, [])
    assert [(line["strategy"], line["ahead_of"], line["behind"]) for line in lines] == [
        ("a", ["b"], []),
        ("b", [], ["a"]),
    ]
    noisy = course(runs("x", [4, 1, 2, 3, 0], [0], [0]), here, limit=6)
    assert apart(noisy, a, "best") == 0


def test_strategies_without_random_choices_have_no_interval_and_are_not_ahead_of_one_another():
    here = by_hand()
    a, b = (course(runs("x", *cells), here, limit=6) for cells in ([[0]] * 3, [[4, 0]] * 3))
    lines = summarise({"a": a, "b": b}, {"a": "A", "b": "B"}, here, [])
    assert [(line["evaluations_to_best"]["ci95"], line["ahead_of"]) for line in lines] == [(None, []), (None, [])]
    assert "No interval: all runs of A and B are the same" in search_table(lines, here, 6).markdown()


def test_checkpoints_that_differ_widen_the_interval():
    here = by_hand()
    cells = [[0], [1, 2, 3, 0], [0], [1, 2, 3, 0], [0], [1, 2, 3, 0]]
    of_one, of_two = (course(runs("x", *cells, seeds=seeds), here, limit=6) for seeds in (1, 2))
    (mean, half), (same, wider) = (one.mean(one.reached["best"]) for one in (of_one, of_two))
    assert mean == same == 2.5
    assert wider > 2 * half


def test_a_failed_run_is_in_no_mean():
    rows = [*runs("a", [0], [4, 0]), {"predictor": "a", "set": 2, "seed": 0, "status": "error"}]
    one = course(rows, by_hand(), limit=3)
    assert one.failed == 1
    assert one.mean(one.reached["best"])[0] == 1.5


def test_a_failed_run_takes_no_other_checkpoints_runs_out_of_the_mean():
    rows = runs("a", [0], [0], [0], [4, 3, 2, 1, 0], [0], [0], seeds=3)
    whole = course(rows, by_hand(), limit=9)
    rows[5] = {"predictor": "a", "set": 5, "seed": rows[5]["seed"], "status": "error"}
    one = course(rows, by_hand(), limit=9)
    assert whole.mean(whole.reached["best"])[0] == pytest.approx(10 / 6)
    assert one.mean(one.reached["best"])[0] == pytest.approx(9 / 5)


def test_a_front_is_found_if_hardly_any_of_its_area_is_missing():
    here = by_hand(cost=np.array([4.0, 2.0, 1.0, 2.0, 3.0, 9.0]), floor=1.0)
    # up to (1, 11), by the mean step of 2 beyond the highest of five costs: 3 at 1, 7 at 2, 9 at 4
    assert sorted(here.front.tolist()) == [0, 2, 3]
    assert here.gap([2, 3, 0]) == pytest.approx([1 - 20 / 70, 1 - 56 / 70, 0])
    assert here.finished([3, 0, 2])
    assert not here.finished([3, 0])
    one = course(runs("a", [3, 4, 0, 2]), here, limit=5)
    assert one.reached == {"front": [4]}


# --- runs -----------------------------------------------------------------------------------------------------------


def test_a_run_is_the_same_again_and_stops_at_the_best():
    here = by_hand()
    first, again, other = (simulate(RandomSearch(), here, repeat, 2, 9, 0) for repeat in (0, 0, 3))
    assert first["cells"] == again["cells"] != other["cells"]
    assert 0 in first["cells"][-2:]
    assert 5 not in first["cells"]


def test_an_overview_has_a_row_of_metanp_for_each_kind_and_one_of_any_other():
    def row(strategy: str, kind: str, dataset: str, mean: float, found: float = 1.0) -> dict:
        goal = {"evaluations_to_best_mean": mean, "evaluations_to_best_ci95": 2.5}
        same = {"title": strategy, "repeats": 9, "limit": 500, "date": "d", "machine": "m", "run_commits": "c"}
        own = {"strategy": strategy, "kind": kind, "dataset": dataset, "evaluations_to_best_found": found}
        return {**own, **goal, **same}

    rows = [row(name, kind, d, 9) for name in ("metanp", "random") for kind in ("a", "b") for d in ("one", "two")]
    table = search_overview([*rows, row("evolution", "a", "two", 4, 0.5)])
    assert table.markdown().splitlines()[2:6] == [
        "| **metanp, a** | 9.0 ± 2.5 | 9.0 ± 2.5 |",
        "| **metanp, b** | 9.0 ± 2.5 | 9.0 ± 2.5 |",
        "| random | 9.0 ± 2.5 | 9.0 ± 2.5 |",
        "| evolution |  | ≥ 4.0 ± 2.5 (50 %) |",
    ]


def test_metanp_asks_in_the_table_as_a_search_does():
    """The same seeds and scores, in a `Search` with its journal."""
    from metanp.search import Search

    table = load_benchmark("nasbench201")
    rows = np.random.default_rng(0).permutation(15625)[:300]
    score = table.mean(TOLD)
    here = Problem(TOLD, 1, np.sort(rows), Listed(table.cells[np.sort(rows)]), score)
    found = simulate(make("metanp"), here, 5, 3, 9, 1)
    search = Search(here.candidates, "metanp")
    search.seed = [1, 5]  # type: ignore[assignment]
    cells = []
    for _ in range(3):
        if here.finished(cells):
            break
        picks = make("metanp").propose(search.history, here.candidates, 3, np.random.default_rng([1, 5, len(cells)]))
        for pick in search.journal.ask(picks):
            cells.append(here.row(pick.cell))
            search.tell(pick.cell, score[cells[-1]])
    assert found["cells"] == cells
    assert found["asked"] == [3] * (len(cells) // 3)


def test_a_strategy_that_asks_twice_is_refused():
    with pytest.raises(ValueError, match="new cells, it gave rows"):
        simulate(bad_strategies.Again(), by_hand(), 3, 1, 9, 0)


def times_apart(path: Path) -> pa.Table:
    table = pq.read_table(path)
    return table.drop_columns([name for name in table.column_names if name.startswith("seconds_")])


def test_a_benchmark_writes_runs_a_table_and_a_page_and_a_second_one_runs_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(EXECUTORS, "local", in_this_process)
    config = small(tmp_path, "format=json", "strategies=[metanp,random]", "batch=6")
    (lines,) = search_benchmark(config).values()
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed == json.loads((tmp_path / "cifar10-label-free-batch6-evaluations12.json").read_text())
    assert [{name: one[name] for name in line} for one, line in zip(printed, lines, strict=True)] == lines
    for line in printed:
        assert (line["dataset"], line["run_seed"], line["repeats"], line["batch"]) == ("cifar10", 0, 2, 6)
        assert line["distinct_candidates"] < line["candidates"] == 15625
    assert {line["strategy"] for line in printed} == {"metanp", "random"}
    for line in printed:
        assert set(line["evaluations_to_best"]) == {"mean", "ci95", "median", "found"}
        assert set(line["after"]) == {"5", "10"}
        assert {"valid", "valid_ci95"} <= set(line["after"]["10"])
        assert {"seconds_per_ask", "training_hours_to_best", "ahead_of", "behind", "repeats", "failed"} <= set(line)
    rows = pq.read_table(tmp_path / "cifar10-label-free-batch6-evaluations12.parquet").to_pylist()
    assert len(rows) == 4
    assert all(row["batch"] == 6 and row["repeats"] == 2 for row in rows)
    assert {"predictor", "seed", "config", "code", "data", "run_seed", "commit", "cells", "asked"} <= set(rows[0])
    assert all(sum(row["asked"]) == len(row["cells"]) <= 12 for row in rows)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.name for path in before if path.parent == tmp_path} == {
        f"cifar10-label-free-batch6-evaluations12.{ending}" for ending in ("parquet", "csv", "md", "json", "html")
    }

    def never(*args: object) -> None:
        raise AssertionError("ran again")

    monkeypatch.setitem(EXECUTORS, "local", never)
    search_benchmark(small(tmp_path, "strategies=[metanp,random]", "batch=6"))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    a_page_is_whole((tmp_path / "cifar10-label-free-batch6-evaluations12.html").read_text(), "random search")


def test_a_run_that_failed_is_tried_again_when_asked_for_and_the_last_row_counts(tmp_path, monkeypatch):
    config = small(tmp_path, "repeats=1")
    config.known["shaky"] = Rival({"_target_": "tests.bad_strategies.Raises"}, "bad", "shaky")
    config.strategies = ["shaky", "random"]
    asked: list[str] = []

    def noted(study, fits, *more):
        asked.extend(fit.entrant for fit in fits)
        return in_this_process(study, fits, *more)

    monkeypatch.setitem(EXECUTORS, "local", noted)
    search_benchmark(config)
    monkeypatch.setattr("tests.bad_strategies.Raises.propose", RandomSearch.propose)
    search_benchmark(config)
    assert asked == ["shaky", "random"]
    config.retry = True
    (lines,) = search_benchmark(config).values()
    assert asked == ["shaky", "random", "shaky"]
    assert [(line["repeats"], line["failed"]) for line in lines] == [(1, 0), (1, 0)]


def test_rows_of_older_code_make_a_table_on_request_and_are_never_mixed_with_new_ones(tmp_path, monkeypatch):
    monkeypatch.setitem(EXECUTORS, "local", in_this_process)
    search_benchmark(small(tmp_path))
    path = tmp_path / "rows" / TOLD / "random.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for row in rows:  # as before there was a batch and a digest of the rows
        del row["batch"], row["rows"]
        row |= {"code": "another", "commit": "older"}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(ValueError, match="there are no rows"):
        search_benchmark(small(tmp_path, "fill=false"))
    (lines,) = search_benchmark(small(tmp_path, "fill=false", "stale=true")).values()
    assert [(line["repeats"], line["batch"]) for line in lines] == [(2, 1)]
    assert "commit older." in (tmp_path / "cifar10-label-free-evaluations12.html").read_text()
    with pytest.raises(ValueError, match="there are no rows"):
        search_benchmark(small(tmp_path, "fill=false", "stale=true", "seed=1"))


def test_development_data_are_marked_as_such(tmp_path, mirror, monkeypatch):
    monkeypatch.setitem(EXECUTORS, "local", in_this_process)
    search_benchmark(small(tmp_path, "benchmark=nasbench_macro"))
    for ending in ("html", "md"):
        text = (tmp_path / f"cifar10-label-free-evaluations12.{ending}").read_text()
        assert "Development data" in text


def a_page_is_whole(text: str, *said: str) -> None:
    page = Page(text)
    assert {"ranking", "plots", "published", "failures", "strategies", "downloads"} <= set(page.ids)
    assert not re.search(r'(src|href)="(https?:)?//', text)
    for part in (
        "Regret over evaluations",
        "Share of runs that found it",
        "Evaluations to the best",
        "Simulated training hours to the best",
        "Seconds per ask",
        "third-party compilation",
        "WeakPNAG",
        *said,
    ):
        assert part in page.text, part


def test_a_benchmark_killed_at_any_moment_ends_with_the_runs_of_one_that_was_not(tmp_path, monkeypatch):
    overrides = ["strategies=[random]", "dataset=cifar10", "repeats=40", "evaluations=60", "jobs=1", NO_MIRROR]
    command = [sys.executable, "-m", "scripts.search_benchmark", *overrides]
    killed = subprocess.Popen(
        [*command, f"output={tmp_path / 'killed'}"], cwd=ROOT, stdout=-3, stderr=-3, start_new_session=True
    )
    rows = tmp_path / "killed" / "rows" / TOLD / "random.jsonl"
    while not (rows.is_file() and rows.read_bytes().count(b"\n") >= 3):
        assert killed.poll() is None, "it was over before it could be killed"
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    with open(rows, "ab") as file:
        file.write(b'{"shown": "cut o')
    search_benchmark(composed(*overrides, f"output={tmp_path / 'killed'}"))
    monkeypatch.setitem(EXECUTORS, "local", in_this_process)
    search_benchmark(composed(*overrides, f"output={tmp_path / 'whole'}"))
    first, second = (
        times_apart(tmp_path / folder / "cifar10-label-free-evaluations60.parquet") for folder in ("killed", "whole")
    )
    assert first.num_rows == 40
    assert first.equals(second)


@pytest.mark.processes
def test_a_strategy_that_fails_is_a_row_that_says_how_and_the_others_go_on(tmp_path):
    config = small(tmp_path, "repeats=1", "limit=15")
    bad = ("Raises", "Again", "Slow", "Crashes", "GivesUp")
    config.known |= {name: Rival({"_target_": f"tests.bad_strategies.{name}"}, "bad", name) for name in bad}
    config.strategies = [*bad, "random"]
    (lines,) = search_benchmark(config).values()
    assert {line["strategy"] for line in lines} == {"GivesUp", "random"}
    gave_up = next(line for line in lines if line["strategy"] == "GivesUp")
    assert gave_up["evaluations_to_best"] == {"mean": 12, "ci95": None, "median": 12, "found": 0}
    rows = pq.read_table(tmp_path / "cifar10-label-free-evaluations12.parquet").to_pylist()
    said = {row["predictor"]: (row["status"], row["message"]) for row in rows if row["status"] != "ok"}
    assert said.pop("Again")[1].startswith("ValueError: asked for 1 new cells, it gave rows [")
    assert said == {
        "Raises": ("error", "ArithmeticError: it cannot"),
        "Slow": ("timeout", "took more than 15 s"),
        "Crashes": ("error", "its process ended with 7"),
    }
    a_page_is_whole(
        (tmp_path / "cifar10-label-free-evaluations12.html").read_text(), "it cannot", "took more than 15 s"
    )


def test_repeats_are_spread_over_checkpoints(tmp_path):
    model, card = load_model("label-free")
    card["training"]["seed"] = 7
    save_model(tmp_path / "other.safetensors", model, card)
    names = ["label-free", str(tmp_path / "other.safetensors")]
    rivals = select(composed().known, ["metanp", "random"], slow=False, front=False)
    who = [*entrants(rivals, "label-free", names, "nasbench201", 4)]
    assert [(one.marks["seed"], list(one.numbers)) for one in who] == [(0, [0, 2]), (7, [1, 3]), (0, [0, 1, 2, 3])]
    assert [one.make.get("checkpoint") for one in who] == [*names, None]
    assert len({one.marks["config"] for one in who}) == 3
    with pytest.raises(ValueError, match="5 repeats are not shared evenly by 2 checkpoints"):
        list(entrants(rivals, "label-free", names, "nasbench201", 5))


def test_a_search_for_a_front_is_held_against_one_for_the_best(tmp_path, mirror, monkeypatch):
    monkeypatch.setitem(EXECUTORS, "local", in_this_process)
    config = small(
        tmp_path, "benchmark=nasbench201_latency", "dataset=edgegpu", "strategies=[pareto,random]", "batch=6"
    )
    (lines,) = search_benchmark(config).values()
    assert {line["strategy"] for line in lines} == {"pareto", "random"}
    for line in lines:
        assert set(line["after"]["10"]) == {"hypervolume", "hypervolume_ci95"}
        assert 0 <= line["after"]["5"]["hypervolume"] <= line["after"]["10"]["hypervolume"] <= 1
    text = (tmp_path / "edgegpu-label-free-batch6-evaluations12.html").read_text()
    assert "Missing hypervolume over evaluations" in text
    assert "The front that was found" in text


def test_the_page_shows_the_test_accuracy_where_it_is_known_and_several_checkpoints(tmp_path):
    here, titles = by_hand(), {"metanp": "MetaNP", "a": "A & B <i>"}
    rows = {name: runs(name, [4, 1, 0], [2, 3, 4, 1], seeds=2) for name in titles}
    described = {name: Made(title, "bad") for name, title in titles.items()}
    told = ("title", "about", "benchmark", "dataset", "kind", "date", "machine", "commit")
    facts = {**dict.fromkeys(told, "x"), "proxies": False, "notes": ["A note."], "downloads": {"All": "a.parquet"}}
    published = read_search("nasbench201", "imagenet16-120")
    flattened = [row for mine in rows.values() for row in mine]
    found = Found.of(flattened, described, here, 4, [2])
    write_search_page(tmp_path / "page.html", found, published, facts)
    text = (tmp_path / "page.html").read_text()
    a_page_is_whole(text, "Test accuracy over evaluations", "2 checkpoints of MetaNP", "A & B <i>", "A note.")
    for said in ("wider than needed", "6 cells, 5 of them distinct", "may ask for cells that compute the same"):
        assert said in text
    assert "<i>B" not in text


def test_proxies_are_side_features_that_metanp_reads(mirror):
    where = composed().benchmarks["nasbench201"]
    here = problem(where, "cifar10", proxies=True)
    assert len(here.candidates.side.names) == 13
    blind = problem(where, "cifar10")
    found = [simulate(make("metanp"), one, 0, 6, 12, 0)["cells"] for one in (here, blind)]
    assert found[0] != found[1]
    side, rows = here.candidates.side.values, here.candidates.rows
    known = np.isfinite(side).all(1)
    assert all(known[row] == known[rows(here.candidates.cell(row))[0]] for row in range(0, 15625, 50))
    assert known.sum() > 9445


def test_missing_values_are_those_of_the_first_cell_that_computes_the_same():
    values = np.array([np.nan, 5.0, np.nan, 7.0, 8.0, np.nan])
    first = np.array([0, 1, 0, 0, 0, 5])
    assert _shared(values, first) == pytest.approx([7, 5, 7, 7, 8, np.nan], nan_ok=True)


def test_the_docs_table_has_the_numbers_of_the_summary():
    one = course(runs("metanp", [4, 1, 0], [2, 3, 4, 1]), by_hand(), limit=4)
    two = course(runs("random", [2, 1, 3], [2, 3, 4, 1]), by_hand(), limit=4)
    lines = summarise({"metanp": one, "random": two}, {"metanp": "MetaNP", "random": "R"}, by_hand(), [2])
    told = {"limit": 4, "date": "2020-01-01", "machine": "m", "run_commits": "c"}
    told |= {"candidates": 6, "distinct_candidates": 5}
    table = search_summary([{**flat(line), **told} for line in lines]).markdown().splitlines()
    found = "evaluations to best | valid / test after 2 | MetaNP equals it after | seconds per ask"
    assert table[0] == f"| strategy | runs | at once | {found} |"
    assert table[2] == "| **MetaNP** | 2 | 3 | ≥ 3.5 ± 6.4 (50 %) | 6.00 / 5.50 |  | 2 |"
    assert table[3] == "| R | 2 | 3 | ≥ 4.0 (0 %) | 6.00 / 5.50 | 3 (1 times) | 2 |"
    assert "one candidate: 5 of 6." in table[-1]


def test_a_missing_column_of_a_configuration_is_named_with_the_nearest_ones():
    with pytest.raises(ValueError, match="nearest: cifar10_validation_accuracy_200"):
        problem(SearchConfig("t", benchmark="nasbench201", told="{dataset}_validation_acuracy_200"), "cifar10")
