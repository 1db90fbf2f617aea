"""NAS-Bench-NLP: recurrent recipes as cells, failed runs as NaN, known losses."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from data import FileUnavailable, load_benchmark
from data.nasbench_nlp import parse
from metanp.cell import Cell


@pytest.fixture(scope="module")
def table(mirror):
    if not (mirror.parent / "derived").is_dir():
        pytest.skip("no derived tables beside the mirror")
    return load_benchmark("nasbench_nlp")


def test_the_plain_recurrent_cell():
    recipe = {
        "f": {"op": "linear", "input": ["x", "h_prev_0"]},
        "h_new_0": {"op": "activation_tanh", "input": ["f"]},
    }
    assert parse(recipe) == Cell(
        ["input", "skip", "linear", "tanh", "output"], [(0, 1), (0, 2), (1, 2), (2, 3), (3, 4)]
    )


def test_reading_the_state_is_not_reading_the_token():
    token, state = ({"h_new_0": {"op": "activation_tanh", "input": [name]}} for name in ("x", "h_prev_0"))
    assert parse(token).key != parse(state).key


def test_every_state_after_reaches_the_output_and_its_parts_do_not():
    recipe = {
        "h_new_1_part1": {"op": "linear", "input": ["x", "h_prev_1"]},
        "h_new_1": {"op": "activation_sigm", "input": ["h_new_1_part1"]},
        "h_new_0": {"op": "elementwise_prod", "input": ["h_new_1", "h_prev_0"]},
    }
    cell = parse(recipe)
    reach = {cell.operations[u] for u, v in cell.edges if cell.operations[v] == "output"}
    assert reach == {"sigmoid", "product"}


def test_without_the_derived_tables_it_says_where_they_belong(monkeypatch):
    monkeypatch.delenv("METANP_MIRROR", raising=False)
    with pytest.raises(FileUnavailable, match=r"nasbench_nlp cannot be read without.*derived/ beside the folder"):
        load_benchmark("nasbench_nlp")


def test_failed_runs_are_nan_from_where_they_broke_off(table):
    assert len(table) == 14_322
    assert np.isfinite(table.mean("ptb_validation_loss_50")).sum() == 11_598
    assert np.isfinite(table.mean("ptb_validation_loss_1")).sum() > 11_598


def test_known_losses(table):
    loss = table.mean("ptb_validation_loss_50")
    best = int(np.nanargmin(loss))
    assert np.exp(loss[best]) == pytest.approx(82.71, abs=0.005)
    assert np.exp(table.mean("ptb_test_loss_50")[best]) == pytest.approx(78.89, abs=0.005)
    assert table.ids[42] == "1000204"
    assert loss[42] == pytest.approx(4.7349, abs=1e-4)
    assert table.features["ptb_parameters"][42] == pytest.approx(8.3332)
    assert not table.metrics["ptb_validation_loss_50"].maximize


@pytest.mark.parametrize(("epochs", "rank"), [(1, 0.6553), (5, 0.88), (10, 0.9433), (20, 0.9833)])
def test_early_losses_rank_late_ones(table, epochs, rank):
    late = table.mean("ptb_validation_loss_50")
    done = np.isfinite(late)
    early = table.mean(f"ptb_validation_loss_{epochs}")
    assert spearmanr(early[done], late[done]).statistic == pytest.approx(rank, abs=1e-4)


def test_every_cell_is_live(table):
    assert all(cell.is_live for cell in table.cells[::50].to_cells())
