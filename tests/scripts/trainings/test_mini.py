"""The trainings of `mini`: their order, their rows, how processes share them; the table and the datasheet."""

import json
import multiprocessing
from dataclasses import replace

import numpy as np
import pytest

from data import BENCHMARKS, FileUnavailable, load_benchmark
from data.benchmark import load
from data.table import Table
from metanp.proxies.pool import Plan
from metanp.spaces.nasbench201 import SPACE
from scripts import make_mini
from scripts.computed_proxies import Computing, batch_of
from scripts.trainings import mini, mini_proxies
from scripts.trainings.claims import claimed
from scripts.trainings.mini import IMAGES, WITH_NOISE_FIRST, Work, cells, read_rows, trainings, work_through
from scripts.trainings.mini_page import page
from scripts.trainings.mini_table import table_of
from scripts.trainings.prepared import Images

QUICK = replace(mini.RECIPE, epochs=2)


@pytest.fixture
def quick(monkeypatch):
    """Trainings that are made up: a row of two epochs, its score told by the work."""

    def made_up(work: Work) -> dict:
        score = 10.0 + len(work.cell) % 7 + work.seed + 30 * (work.dataset == "fashion_mnist")
        curves = {name: [score - 1, score] for name in mini.CURVES}
        sizes = {"parameters": 1_500_000, "flops": 2_000_000, "cpu_seconds": 1.5}
        return {**vars(work), **curves, "test_score": score - 2, "test_loss": 1.0, **sizes, "recipe": mini.settings()}

    monkeypatch.setattr(mini, "train", made_up)
    return made_up


def done(folder, n: int, most: int | None = None) -> list[Work]:
    return [Work(row["cell"], row["dataset"], row["seed"]) for row in work_through(folder, n, most, {"commit": "c"})]


def test_no_two_cells_compute_the_same_and_fewer_are_the_first_ones():
    chosen = cells(300)
    assert len({SPACE.parse_text(text).key for text in chosen}) == 300
    assert cells(20) == chosen[:20]


def test_first_come_some_cells_with_both_seeds_then_first_seeds_then_second_ones():
    works = trainings(WITH_NOISE_FIRST + 2)
    assert len(set(works)) == len(works) == 4 * (WITH_NOISE_FIRST + 2)
    assert [(w.dataset, w.seed) for w in works[:4]] == [(name, seed) for seed in (0, 1) for name in IMAGES]
    assert len({w.cell for w in works[:4]}) == 1
    assert [w.seed for w in works[4 * WITH_NOISE_FIRST :]] == [0] * 4 + [1] * 4


def test_what_is_done_is_not_done_again(quick, tmp_path):
    first = done(tmp_path, 3, most=5)
    rest = done(tmp_path, 3)
    assert [*first, *rest] == trainings(3)
    assert done(tmp_path, 3) == []
    assert set(read_rows(tmp_path)) == set(trainings(3))


def test_a_line_that_was_cut_off_is_trained_again_and_spoils_no_other(quick, tmp_path):
    done(tmp_path, 2, most=3)
    (path,) = tmp_path.glob("rows-*.jsonl")
    path.write_bytes(path.read_bytes()[:-40])
    assert len(read_rows(tmp_path)) == 2
    assert done(tmp_path, 2)[0] == trainings(2)[2]
    assert set(read_rows(tmp_path)) == set(trainings(2))


def test_rows_of_other_settings_are_passed_over(quick, tmp_path, monkeypatch):
    done(tmp_path, 1)
    monkeypatch.setattr(mini, "settings", lambda: "other")
    assert read_rows(tmp_path) == {}


def test_a_training_that_another_process_is_at_is_left_to_it(quick, tmp_path):
    tmp_path.mkdir(exist_ok=True)
    waiting, stop = multiprocessing.get_context("fork").Event(), multiprocessing.get_context("fork").Event()

    def hold() -> None:
        with claimed(tmp_path, 1) as mine:
            assert mine
            waiting.set()
            stop.wait(60)

    other = multiprocessing.get_context("fork").Process(target=hold)
    other.start()
    try:
        assert waiting.wait(60)
        assert done(tmp_path, 1) == [work for i, work in enumerate(trainings(1)) if i != 1]
    finally:
        stop.set()
        other.join()
    assert done(tmp_path, 1) == [trainings(1)[1]]


def test_a_real_training_has_all_that_the_table_needs(mirror, monkeypatch):
    if not (mirror.parent / "more" / "images").is_dir():
        pytest.skip("no subsets of images beside the mirror")
    small = {name: replace(images, train=200, validation=100) for name, images in IMAGES.items()}
    monkeypatch.setattr(mini, "IMAGES", small)
    monkeypatch.setattr(mini, "RECIPE", QUICK)
    for cached in (mini._images, mini.settings):
        cached.cache_clear()
    try:
        row = mini.train(Work(cells(1)[0], "fashion_mnist", 1))
    finally:
        for cached in (mini._images, mini.settings):
            cached.cache_clear()
    assert all(len(row[name]) == 2 for name in mini.CURVES)
    assert 0 < row["test_score"] < 100
    assert row["parameters"] > 1_000
    json.dumps(row)


# --- the table ---


def test_the_table_has_every_number_in_its_place(quick, tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.trainings.mini_table.RECIPE", QUICK)
    done(tmp_path, 3, most=7)  # the third training of the second cell is missing: CIFAR-10's second seed is there
    rows = read_rows(tmp_path)
    table = table_of(rows, 3, with_proxies=False)
    assert table.ids == cells(3)[:2]
    for i, cell in enumerate(table.ids):
        expected = quick(Work(cell, "cifar10", 1))["validation_score"]
        assert table.values("cifar10_validation_accuracy_1")[i, 1] == expected[0]
        assert table.values("cifar10_validation_accuracy_2")[i, 1] == expected[1]
    assert np.isnan(table.values("fashion_mnist_test_accuracy_2")).tolist() == [[False, False], [False, True]]
    assert table.features["cifar10_parameters"].tolist() == [1.5, 1.5]
    assert table.metrics["cifar10_train_loss_2"].column == "training_loss"
    with pytest.raises(ValueError, match="none of the 3 cells was trained yet"):
        table_of({}, 3)


def test_the_command_makes_a_table_that_opens_and_a_page_of_its_numbers(quick, tmp_path, monkeypatch):
    for module in ("scripts.trainings.mini_table", "scripts.trainings.mini_page"):
        monkeypatch.setattr(f"{module}.RECIPE", QUICK)
    done(tmp_path, 4)
    place, sheet = tmp_path / "mini.parquet", tmp_path / "mini.md"
    said = make_mini.make_table(tmp_path, 4, place, sheet, with_proxies=False)
    assert "4 cells, 16 trainings" in said
    table = Table.open(place)
    text = sheet.read_text()
    assert "4 cells of NAS-Bench-201 (4 are meant to be)" in text
    assert f"| best | {table.mean('cifar10_validation_accuracy_2').max():.1f} |" in text
    assert text == page(table, read_rows(tmp_path), 4, place.stat().st_size)
    kept = tmp_path / "rows.jsonl.gz"
    assert read_rows(tmp_path / "another machine", kept) == read_rows(tmp_path)
    left = work_through(tmp_path / "another machine", 5, None, {"commit": "c"}, kept)
    assert {row["cell"] for row in left} == {cells(5)[4]}  # the others are done


def test_the_table_has_proxies_of_the_trained_networks_and_what_they_cost(quick, tmp_path, monkeypatch):
    monkeypatch.setattr("scripts.computed_proxies.journal_path", lambda plan, batch: tmp_path / "journal.jsonl")
    images = Images("digits", side=16, train=100, validation=50)
    for module in ("mini", "mini_table", "mini_page", "mini_proxies"):
        monkeypatch.setattr(f"scripts.trainings.{module}.IMAGES", {"cifar10": images, "fashion_mnist": images})
    for module in ("mini_page", "mini_proxies"):
        monkeypatch.setattr(f"scripts.trainings.{module}.NAMES", ("epe_nas", "jacov_classes", "nwot"))
    here = mini_proxies.computing
    monkeypatch.setattr(mini_proxies, "computing", lambda dataset: replace(here(dataset), workers=1))
    for module in ("mini_table", "mini_page"):
        monkeypatch.setattr(f"scripts.trainings.{module}.RECIPE", QUICK)
    mini.settings.cache_clear()
    try:
        done(tmp_path, 3)
        make_mini.make_table(tmp_path, 3, tmp_path / "mini.parquet", tmp_path / "mini.md")
    finally:
        mini.settings.cache_clear()
    table = Table.open(tmp_path / "mini.parquet")
    batch, classes = batch_of(Computing(images="digits", side=16, train=100))
    for i, cell in enumerate(cells(3)):
        expected = Plan("small", classes, mini_proxies.NAMES, prune=True).measure(SPACE.parse_text(cell), batch)
        for name in mini_proxies.NAMES:
            assert table.features[f"cifar10_{name}"][i] == pytest.approx(expected.values[name], rel=1e-4, nan_ok=True)
        assert 0 < table.features["cifar10_nwot_seconds"][i] < table.features["cifar10_jacov_classes_seconds"][i]
    assert table.feature_metrics["cifar10_nwot_seconds"].unit == "s"
    assert "| seconds, median | epe_nas |" in (tmp_path / "mini.md").read_text()


def test_proxies_without_their_images_are_refused_with_the_remedy(quick, tmp_path, monkeypatch):
    monkeypatch.delenv("METANP_MIRROR", raising=False)
    done(tmp_path, 1)
    with pytest.raises(FileUnavailable, match=r"cifar10_jpeg.*proxies=false leaves them out of the table"):
        make_mini.make_table(tmp_path, 1, tmp_path / "mini.parquet", tmp_path / "mini.md")
    assert not (tmp_path / "mini.parquet").exists()


def test_the_benchmark_names_its_file_and_says_how_it_is_made(tmp_path, monkeypatch):
    table = load_benchmark("mini")
    assert table.space == "nasbench201"
    assert len({SPACE.parse_text(text).key for text in table.ids}) == len(table)
    source = table.metrics["cifar10_test_accuracy_10"]
    assert source.source == "mini.parquet"
    assert len(source.sha256) == 64
    assert (BENCHMARKS["mini"].own["mini.parquet"]).stat().st_size < 2e6
    absent = replace(BENCHMARKS["mini"], own={"mini.parquet": tmp_path / "mini.parquet"})
    with pytest.raises(FileUnavailable, match=r"make it with python -m scripts.make_mini"):
        load(absent)
