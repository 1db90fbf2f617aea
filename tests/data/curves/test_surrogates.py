"""Surrogates: random cells that are legal, marks, and the cache."""

import json

import numpy as np
import pytest

from data.curves import load_curves, surrogates
from data.curves.surrogates import draw_darts
from data.fetch import FileUnavailable

OPERATIONS = {"#na#": 0, "sep_conv_3x3": 1, "skip_connect": 2}
PAIRS = {
    3: ("0_1", "0_2", "1_2"),
    4: ("0_1", "0_2", "0_3", "1_2", "1_3", "2_3"),
    5: ("0_1", "0_2", "0_3", "0_4", "1_2", "1_3", "1_4", "2_3", "2_4", "3_4"),
}
CODES = {f"edge_{cell}_{edge}": OPERATIONS for cell in ("normal", "reduce") for edge in range(14)}
CODES |= {
    f"inputs_node_{cell}_{node}": {"#na#": 0, **{pair: i + 1 for i, pair in enumerate(pairs)}}
    for cell in ("normal", "reduce")
    for node, pairs in PAIRS.items()
}


def test_a_drawn_cell_has_operations_on_the_eight_edges_that_are_read_and_on_no_other():
    for seed in range(20):
        drawn = draw_darts(CODES, np.random.default_rng(seed))
        for cell in ("normal", "reduce"):
            edges = {edge for edge in range(14) if drawn[f"edge_{cell}_{edge}"] != "#na#"}
            read = {0, 1}
            for node, first in ((3, 2), (4, 5), (5, 9)):
                read |= {first + int(source) for source in drawn[f"inputs_node_{cell}_{node}"].split("_")}
            assert edges == read
            assert len(edges) == 8


def test_an_answer_is_cached_and_a_damaged_cache_is_written_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("METANP_CACHE", str(tmp_path))
    asked = []

    def ask():
        asked.append(1)
        return np.full((2, 1, 3), 0.5)

    first, second = surrogates._cached("key", ask), surrogates._cached("key", ask)
    np.testing.assert_array_equal(first, second)
    assert len(asked) == 1
    (tmp_path / "curves" / "key.npy").write_bytes(b"damaged")
    np.testing.assert_array_equal(surrogates._cached("key", ask), first)
    assert len(asked) == 2


@pytest.fixture
def few(monkeypatch, tmp_path, mirror):
    """Few configurations, so that the models are asked quickly; in a cache of its own."""
    pytest.importorskip("onnxruntime")
    monkeypatch.setenv("METANP_CACHE", str(tmp_path))
    monkeypatch.setattr(surrogates, "CELLS", 4)
    monkeypatch.setattr(surrogates, "SETTINGS", 30)

    def load(name: str):
        try:
            return load_curves(name)
        except FileUnavailable as error:
            pytest.skip(str(error))

    return load


def test_nasbench301_s_curves_are_marked_and_rise(few):
    table = few("nasbench301_surrogate")
    assert table.surrogate
    assert table.curves.n_epochs == 98
    assert (table.curves.ends() > 85).all()
    assert (table.curves.ends() > table.curves.values[:, 0, 0]).all()
    assert len(json.loads(table.architecture[0])) == 2 * (8 + 3)


def test_lcbench_s_curves_are_marked_and_its_accuracy_and_loss_agree(few):
    table = few("lcbench_surrogate_3945")
    assert table.surrogate
    assert [quantity.name for quantity in table.curves.quantities][:2] == ["validation_accuracy", "validation_loss"]
    accuracy, loss = table.curves.values[:, 0, -1], table.curves.values[:, 1, -1]
    assert (accuracy > 0).all()
    assert (accuracy <= 101).all()
    assert np.corrcoef(accuracy, loss)[0, 1] < 0
    rate = np.exp(table.curves.hyperparameters["log_learning_rate"])
    assert 1e-4 <= rate.min() <= rate.max() <= 0.1
