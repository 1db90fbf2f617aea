"""The neural process that reads curves: what it was trained for, and its file."""

import numpy as np
import pytest
import torch

from metanp.checkpoint import CheckpointError, write_tensors
from metanp.curves import Curves, make_predictor
from metanp.curves.neural import (
    CurveConfig,
    CurveModel,
    NeuralCurves,
    _as_read,
    _wider,
    load_curve_model,
    save_curve_model,
)
from metanp.metrics import kendall_tau
from metanp.neural_process.kernel import KernelConfig
from metanp.score_transform import ScoreTransform
from tasks.curves import CurveEpisodes, CurveStream, collate, draw_curves
from tests.made_up_curves import ACCURACY, LOSS, rising

SMALL = CurveConfig(8, 4, KernelConfig(2, 2, embedding_heads=1, free_heads=1, side_heads=1, hints=True))


def synthesized(n: int, seed: int) -> Curves:
    task = draw_curves(n, np.random.default_rng(seed))
    return Curves.of(task.scores, ACCURACY)


def test_it_ranks_better_than_the_last_value_with_twenty_whole_curves():
    gains = []
    for seed in range(12):
        curves = synthesized(120, seed)
        whole, prefixes = curves[:20], curves[20:].prefix(max(2, curves.n_epochs // 4))
        tau = [
            kendall_tau(make_predictor(name).fit(whole).predict(prefixes), curves.ends()[20:])
            for name in ("metanp", "early_stopping")
        ]
        gains.append(tau[0] - tau[1])
    assert np.mean(gains) > 0.02


def test_without_whole_curves_it_ranks_as_well_as_the_last_value():
    gains = []
    for seed in range(12):
        curves = synthesized(100, 100 + seed)
        prefixes = curves.prefix(max(2, curves.n_epochs // 4))
        tau = [
            kendall_tau(make_predictor(name).fit(curves[:0]).predict(prefixes), curves.ends())
            for name in ("metanp", "early_stopping")
        ]
        gains.append(tau[0] - tau[1])
    assert np.mean(gains) > 0


def test_intervals_hold_their_share():
    inside = []
    for seed in range(12):
        curves = synthesized(120, 200 + seed)
        predictor = NeuralCurves().fit(curves[:20])
        prefixes, end = curves[20:].prefix(max(2, curves.n_epochs // 4)), curves.ends()[20:]
        low, high = predictor.quantile(prefixes, 0.05), predictor.quantile(prefixes, 0.95)
        inside.append(((low <= end) & (end <= high)).mean())
    assert 0.84 < np.mean(inside) < 0.985


def test_quantiles_lie_as_far_out_as_whole_curves_lay():
    calm, wild = np.linspace(-1, 1, 100), np.r_[np.linspace(-1, 1, 99), 9.0]
    assert _wider(calm, 0.99) == 1
    assert _wider(wild, 0.99) == pytest.approx(9 / 2.326, abs=0.01)
    assert _wider(-wild, 0.99) == 1
    assert _wider(-wild, 0.01) == pytest.approx(9 / 2.326, abs=0.01)  # downwards
    assert _wider(wild, 0.9) == 1  # nine of ten were as expected
    assert _wider(wild[:3], 0.99) == _wider(wild, 0.5) == 1


def test_the_unit_and_the_direction_do_not_matter():
    curves, prefixes = rising(30, noise=0.5), rising(10, seed=1, noise=0.5)
    plain = NeuralCurves().fit(curves).predict(prefixes.prefix(4))
    losses = [Curves.of(9 - 0.01 * one.values[:, 0], LOSS) for one in (curves, prefixes)]
    np.testing.assert_allclose(-NeuralCurves().fit(losses[0]).predict(losses[1].prefix(4)), 9 - 0.01 * plain, rtol=1e-4)


def test_the_untrained_network_is_no_epoch():
    curves, prefixes = rising(30, noise=0.5), rising(10, seed=1, noise=0.5)
    with_start = [
        Curves.of(np.concatenate([np.full((len(one), 1), 10.0), one.values[:, 0]], 1), ACCURACY, first_epoch=0)
        for one in (curves, prefixes)
    ]
    expected = NeuralCurves().fit(curves).predict(prefixes.prefix(4))
    np.testing.assert_allclose(NeuralCurves().fit(with_start[0]).predict(with_start[1].prefix(5)), expected, rtol=1e-6)


def test_prefixes_of_several_lengths_are_read_at_once():
    curves = rising(30, noise=0.5)
    prefixes = Curves.of([curves.values[i, 0, :n] for i, n in enumerate((3, 0, 7, 3))], ACCURACY)
    end = ScoreTransform.fit(curves.ends()).forward(curves.ends())
    found = NeuralCurves().fit_scaled(curves, end).mixtures(prefixes)
    assert [rows.tolist() for rows, _ in found] == [[0, 3], [2]]
    assert found[0][1].moments()[1].min() > found[1][1].moments()[1].max()


def test_where_there_are_many_lengths_some_are_read_without_their_last_epochs():
    lengths = np.array([0, 1, 2, 3, 10, 40, 41, 50])
    assert _as_read(lengths, lengths[1:], 10)[1:].tolist() == lengths[1:].tolist()
    few = _as_read(lengths, lengths[1:], 3)
    assert len(np.unique(few[1:])) <= 3
    assert (few[1:] <= lengths[1:]).all()
    assert few[1] == 1


def test_what_something_else_expects_counts_as_far_as_it_was_right():
    rng, curves = np.random.default_rng(0), synthesized(150, 5)
    end = ScoreTransform.fit(curves.ends()).forward(curves.ends())
    good, bad = end + 0.3 * rng.normal(size=150), rng.normal(size=150)
    prefixes = curves[50:].prefix(2)

    def tau(guess):
        predictor = NeuralCurves().fit_scaled(curves[:50], end[:50], None if guess is None else guess[:50])
        found = predictor.mixtures(prefixes, None if guess is None else guess[50:])[0][1].moments()[0][0]
        return kendall_tau(found.double().numpy(), end[50:])

    assert tau(good) > tau(None) + 0.1
    assert tau(bad) > tau(None) - 0.1


def test_a_file_is_read_as_it_was_written(tmp_path):
    model = CurveModel(SMALL)
    save_curve_model(tmp_path / "one.safetensors", model, {"name": "one"})
    again, card = load_curve_model(tmp_path / "one.safetensors")
    batch = collate([CurveStream(CurveEpisodes(), 0)[i] for i in range(2)])
    with torch.no_grad():
        torch.testing.assert_close(again(batch).mean, model.eval()(batch).mean)
    assert card["name"] == "one"


def test_other_checkpoints_are_refused(tmp_path):
    write_tensors(tmp_path / "other.safetensors", {"x": torch.zeros(1)}, {"kind": "other"})
    with pytest.raises(CheckpointError, match="holds no model of curves"):
        load_curve_model(tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="no such file"):
        NeuralCurves(tmp_path / "none.safetensors")


def test_the_shipped_one_has_seen_no_measured_curve():
    assert load_curve_model()[1]["kind"] == "label-free"
