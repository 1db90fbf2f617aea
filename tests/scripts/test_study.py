"""The study of times: what counts as which time, who is shown what, the best within two budgets, and the page."""

import csv
import gc
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from data import load_benchmark
from scripts.grid import page as pages
from scripts.grid.figure import drawn
from scripts.grid.page import budget_lines, point_lines
from scripts.grid.points import METRICS, best, points, tally
from scripts.leaderboards.by_mutation import mutated
from scripts.leaderboards.judging import label_set
from scripts.leaderboards.protocols import Priced
from scripts.study import study
from tests.conftest import ROOT


def row(case: str, tau: float, number: int = 0, seed: int = 0, **more) -> dict:
    found = {"predictor": case, "seed": seed, "set": number, "shown": "after_0_epochs", "labels": 5, "status": "ok"}
    return found | dict.fromkeys(METRICS, tau) | {"seconds_fit": 1.0, "seconds_query": 0.5} | more


def several(case: str, taus: list[float], **more) -> list[dict]:
    return [row(case, tau, number, **more) for number, tau in enumerate(taus)]


# --- points ---------------------------------------------------------------------------------------------------------


def test_initialisation_is_labels_supernet_and_fit_and_what_is_not_known_costs_nothing():
    rows = [
        *several("a", [0.1, 0.3], seconds_labels=10.0),
        *several("b", [0.1, 0.3], seconds_prepare=100.0),
        row("c", 0.1, seconds_labels=4.0),
        row("c", 0.1, 1, seconds_labels=6.0, seconds_query=1.5),
    ]
    found = {one.case: one for one in points(rows)}
    assert {case: one.start for case, one in found.items()} == {"a": 11.0, "b": 101.0, "c": 6.0}
    assert found["a"].mean == pytest.approx(0.2)
    assert found["c"].query == 1.0


def test_a_point_of_which_a_fit_failed_is_none_and_a_slow_predictor_has_fewer_label_sets():
    failed = {**row("b", 0.9, 1), "status": "error"}
    found = points([*several("a", [0.1, 0.2, 0.3]), row("b", 0.9), failed, row("slow", 0.5)])
    assert {one.case: one.tau.shape for one in found} == {"a": (1, 3), "slow": (1, 1)}


def test_the_best_within_two_budgets_costs_no_more_than_these():
    rows = [
        *several("metanp", [0.5, 0.5, 0.52], seconds_fit=1.0, seconds_query=0.1),
        *several("metanp_all", [0.8, 0.8, 0.82], seconds_fit=1.0, seconds_query=5.0),
        *several("gp", [0.6, 0.6, 0.61], seconds_fit=100.0, seconds_query=0.1),
        *several("sotl_e", [0.7, 0.7], seconds_fit=0.1, seconds_query=2.0),
    ]
    found = points(rows)
    little = best(found, 10.0, 1.0)
    assert (little.ours.case, little.other, little.difference) == ("metanp", None, None)
    more = best(found, 10.0, 3.0)
    assert (more.first.case, more.other.case) == ("sotl_e", "sotl_e")
    assert more.difference.mean == pytest.approx(-0.2)  # over the two label sets that both have
    assert best(found, 1000.0, 10.0).first.case == "metanp_all"
    assert tally([little, more, best(found, 1000.0, 10.0)]) == {"ahead": 1, "level": 0, "behind": 1}
    assert best(found, 0.01, 0.01).first is None


# --- label sets -----------------------------------------------------------------------------------------------------


def some_of_mini(**more) -> Priced:
    table = load_benchmark("mini")
    score = table.mean("cifar10_validation_accuracy_10")
    known = np.isfinite(score)
    return Priced(table.cells[known], score[known], {"end": score[known]}, space=table.space, **more)


def test_targets_are_the_same_at_every_number_of_labels_and_never_shown():
    for drawing in ("uniform", "mutation"):
        setting = some_of_mini(targets=50, drawing=drawing)
        few, many = (label_set(setting, 3, budget, 0) for budget in (8, 60))
        np.testing.assert_array_equal(few.target, many.target)
        np.testing.assert_array_equal(few.context, many.context[:8])
        assert len(few.target) == 50
        assert not {*many.context.tolist()} & {*many.target.tolist()}
        assert len({*many.context.tolist()}) == 60


def test_cells_drawn_by_mutation_are_better_than_random_ones():
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:6_000]
    score = table.mean("cifar10_validation_accuracy_200")[chosen]
    setting = Priced(table.cells[chosen], score, {"end": score}, space=table.space)
    drawn_ones = [setting.score[mutated(setting, 80, np.random.default_rng(i))].mean() for i in range(3)]
    assert min(drawn_ones) > setting.score.mean() + 2


def test_what_cannot_be_drawn_is_said():
    setting = some_of_mini(targets=50)
    with pytest.raises(ValueError, match="ask for 1 fewer"):
        label_set(setting, 0, len(setting.score) - 49, 0)
    with pytest.raises(ValueError, match="drawing=odd: it is one of uniform, mutation"):
        label_set(replace(setting, drawing="odd"), 0, 5, 0)
    with pytest.raises(ValueError, match="names no space; take drawing=uniform"):
        label_set(replace(setting, drawing="mutation", space=None), 0, 5, 0)


# --- the command ----------------------------------------------------------------------------------------------------


def composed(*overrides: str):
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        return OmegaConf.to_object(compose("study", list(overrides)))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small study of real trainings."""
    folder = tmp_path_factory.mktemp("study")
    config = composed(
        "protocol.epochs=[0,3]", "protocol.targets=60", "budgets=[0,12]", "sets=2", "jobs=1", f"output={folder}",
        "predictors=[ridge,jacov,sotl_e,srm_ols,gp_wl_prefix]",
    )  # fmt: skip
    return study(config), folder


def test_who_reads_curves_is_shown_them_and_pays_for_them(run):
    found, _ = run
    shown = {(one.case, one.shown) for one in found}
    cells = {"metanp", "metanp_proxies", "ridge", "ridge_proxies", "jacov"}
    curves = {"metanp_curve", "metanp_all", "sotl_e", "srm_ols", "gp_wl_prefix"}
    assert shown == {(one, "after_0_epochs") for one in cells} | {(one, "after_3_epochs") for one in curves}
    at = {(one.case, one.labels): one for one in found}
    assert {labels for case, labels in at if case == "metanp"} == {0, 12}
    assert at["sotl_e", 0].query > 0.3  # three epochs
    assert at["metanp", 12].query < at["metanp_proxies", 12].query < at["metanp_all", 12].query
    assert at["metanp", 0].start < 5 < at["metanp", 12].start
    assert at["jacov", 0].start == pytest.approx(0, abs=0.1)
    assert at["ridge", 12].tau.shape == (1, 2)


def test_its_files_are_written_and_a_second_run_measures_nothing_anew(run, monkeypatch):
    _, folder = run
    with open(folder / "points.csv", newline="") as file:
        lines = [*csv.DictReader(file)]
    assert {line["title"] for line in lines} >= {"MetaNP, with proxies and curves", "jacov alone"}
    assert (folder / "times.svg").read_bytes().startswith(b"<?xml")
    gc.collect()  # the first run's files are closed
    before = {path: path.read_bytes() for path in folder.rglob("*.jsonl")}
    again = composed(
        "protocol.epochs=[0,3]", "protocol.targets=60", "budgets=[0,12]", "sets=2", f"output={folder}", "fill=false",
        "predictors=[ridge,jacov,sotl_e,srm_ols,gp_wl_prefix]",
    )  # fmt: skip
    assert len(study(again)) == len(lines)
    assert before == {path: path.read_bytes() for path in folder.rglob("*.jsonl")}


# --- the page -------------------------------------------------------------------------------------------------------


def test_the_page_says_who_is_best_and_how_often_metanp_is_ahead(tmp_path, monkeypatch):
    rows = [
        *several("metanp", [0.5, 0.5, 0.52], seconds_query=0.01),
        *several("gp", [0.6, 0.6, 0.61], seconds_labels=100.0, seconds_query=0.001),
        *several("sotl_e", [0.7, 0.7, 0.7], seconds_fit=0.1, seconds_query=2.0),
    ]
    titles = {"metanp": "MetaNP", "gp": "GP", "sotl_e": "SoTL-E"}
    found = points(rows)
    monkeypatch.setattr(pages, "SUMMARIES", tmp_path)
    with pytest.raises(ValueError, match="no study is published yet"):
        pages.page()
    marks = {"date": "2026-01-01", "machine": "a", "commit": "b"}
    for name, lines in (("points", point_lines(found, titles)), ("budgets", budget_lines(found, titles))):
        write(tmp_path / f"study_x-uniform-{name}.csv", [{**line, **marks} for line in lines])
    text = pages.page()
    assert "## `study_x`, uniform" in text
    assert "| MetaNP (5 labels) 0.51 |" in text
    assert "\n3 label sets." in text
    assert "**behind** -0.10" in text
    assert re.search(r"\| SoTL-E \| 5 \| 0 \| [\d.]+ m?s \| 2 s \| 0.70 \|", text)
    assert drawn(found, titles) == drawn(found, titles)


def write(path: Path, lines: list[dict]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, [*lines[0]])
        writer.writeheader()
        writer.writerows(lines)
