"""Synthesized curves and their episodes."""

import numpy as np
import torch

from metanp.curves.traits import N_KINDS, N_TRAITS
from tasks.curves import FEWEST_EPOCHS, MOST_EPOCHS, REACH, CurveEpisodes, CurveStream, collate, draw_curves, draw_guess


def tasks(n: int = 60):
    return [draw_curves(40, np.random.default_rng(seed)) for seed in range(n)]


def test_curves_are_finite_and_of_all_lengths():
    found = tasks()
    assert all(np.isfinite(task.scores).all() and np.isfinite(task.end).all() for task in found)
    epochs = [task.scores.shape[1] for task in found]
    assert FEWEST_EPOCHS <= min(epochs) < 20
    assert 100 < max(epochs) <= MOST_EPOCHS


def test_curves_mostly_rise_cross_and_sometimes_fall():
    found = tasks()
    rose = np.array([np.mean(task.scores[:, -1] > task.scores[:, 0]) for task in found])
    assert np.median(rose) > 0.9
    assert (rose < 0.9).any()
    orders = [
        np.corrcoef(task.scores[:, len(task.scores[0]) // 4].argsort().argsort(), task.end.argsort().argsort())[0, 1]
        for task in found
    ]
    assert 0.3 < np.median(orders) < 0.98


def test_an_episode_is_a_function_of_its_number():
    streams = [CurveStream(CurveEpisodes(), seed) for seed in (0, 0, 1)]
    first, again, other = (stream[5] for stream in streams)
    assert torch.equal(first.xt, again.xt)
    assert first.xt.shape != other.xt.shape or not torch.equal(first.xt, other.xt)


def test_consecutive_episodes_make_a_batch():
    stream = CurveStream(CurveEpisodes(), 0)
    batch = collate([stream[i] for i in range(8, 16)])
    assert batch.xt.shape == (8, 64, N_TRAITS + 1)
    assert batch.xc.shape[1] == batch.yc.shape[1]
    assert batch.kind.shape == (8, N_KINDS)
    assert float(batch.yt.abs().max()) <= REACH


def test_what_architectures_say_is_of_any_worth():
    end, rng = np.random.default_rng(0).normal(size=400), np.random.default_rng(1)
    worth = [abs(np.corrcoef(draw_guess(end, np.zeros(400), 100, rng), end)[0, 1]) for _ in range(60)]
    assert min(worth) < 0.1
    assert max(worth) > 0.7


def test_some_episodes_have_no_whole_curve():
    stream = CurveStream(CurveEpisodes(none=0.5), 0)
    sizes = [stream[i].xc.shape[0] for i in range(0, 160, 8)]
    assert 0 in sizes
    assert max(sizes) > 20
