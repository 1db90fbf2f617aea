"""The example of the library: what it holds, and that its numbers are the benchmark's."""

import numpy as np
import pytest

from data import load_benchmark
from metanp import MetaNP, examples
from metanp.metrics import true_ranks
from scripts.write_examples import METRIC, texts


@pytest.fixture(scope="module")
def example() -> examples.Example:
    return examples.load()


def test_no_two_cells_of_the_example_compute_the_same_and_each_computes_something(example):
    cells = [*example.cells, *example.candidates]
    assert (len(example.cells), len(example.candidates)) == (60, 500)
    assert len({cell.key for cell in cells}) == len(cells)
    assert all(len(cell.pruned) > 2 for cell in cells)


def test_the_stored_numbers_are_those_of_the_benchmark(example):
    table = load_benchmark("nasbench201")
    accuracy = dict(zip(table.ids, table.mean(METRIC), strict=True))
    for cells, stored in (
        (example.cells, example.accuracy),
        (example.candidates, example.candidate_accuracy),
    ):
        np.testing.assert_allclose(stored, [accuracy[cell.to_nasbench201()] for cell in cells], atol=5e-5)


def test_the_script_writes_the_very_files_that_are_there():
    for path, text in texts(load_benchmark("nasbench201")).items():
        assert path.read_text(encoding="utf-8") == text


def test_a_model_that_saw_no_measurement_finds_the_best_candidates_of_the_example(example):
    ranking = MetaNP("label-free").fit(example.cells, example.accuracy).rank(example.candidates, k=10)
    assert true_ranks(example.candidate_accuracy)[ranking.index].min() <= 5
    assert np.median(true_ranks(example.candidate_accuracy)[ranking.index]) < 25
