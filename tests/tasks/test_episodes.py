"""Episodes: the same whoever asks, never a target among what is shown, and padding that changes nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch.utils.data import DataLoader

from metanp.encoder import EncoderConfig
from metanp.graphs import Graphs
from metanp.model import Model, ModelConfig
from metanp.neural_process.convcnp import ConvCNPConfig
from metanp.neural_process.kernel import KernelConfig
from metanp.neural_process.whitened import WhitenedConfig
from metanp.spaces import get_space
from tasks.episodes import Episode, EpisodeConfig, EpisodeStream, collate, draw_context_size, split
from tasks.prior import PriorConfig, PriorTasks
from tasks.task import Task

CONFIG = EpisodeConfig(context_cells=[3, 20], target_cells=12, alike=4, empty_context=0.1)
POOL = Graphs.distinct(get_space("transnas").arrays())[0]


class Numbered:
    """Each score is the number of its cell in the pool, so that a score says where it comes from."""

    sources: list = []  # noqa: RUF012 (a protocol's property)

    def draw(self, n, rng):
        chosen = rng.choice(len(POOL), size=n, replace=False)
        return Task(POOL[chosen], chosen.astype(float), np.zeros((n, 0)))


def prior_stream(seed=0, **config):
    return EpisodeStream(PriorTasks("transnas", POOL, PriorConfig(side=0.5)), replace(CONFIG, **config), seed)


def same(a: Episode, b: Episode) -> bool:
    return (
        a.n_context == b.n_context
        and np.array_equal(a.value, b.value)
        and np.array_equal(a.side, b.side, equal_nan=True)
        and np.array_equal(a.graphs.pruned.operation, b.graphs.pruned.operation)
        and np.array_equal(a.graphs.pruned.adjacency, b.graphs.pruned.adjacency)
    )


def test_an_episode_is_a_function_of_seed_and_number():
    forwards = [prior_stream()[i] for i in range(6)]
    stream = prior_stream()
    backwards = [stream[i] for i in reversed(range(6))][::-1]
    assert all(same(a, b) for a, b in zip(forwards, backwards, strict=True))


def test_no_two_numbers_and_no_two_seeds_give_the_same_episode():
    streams = [prior_stream(seed, context_cells=[5, 5], empty_context=0.0) for seed in (0, 1, 2)]
    episodes = [stream[i] for stream in streams for i in range(4)]
    graphs = {episode.graphs.pruned.fingerprint().tobytes() for episode in episodes}
    assert len(graphs) == len({episode.value.tobytes() for episode in episodes}) == 12


def test_context_sizes_differ_between_seeds():
    sizes = [[prior_stream(seed)[i].n_context for i in range(0, 40, 4)] for seed in (0, 1)]
    assert sizes[0] != sizes[1]


def test_two_workers_yield_each_episode_once_and_as_one_process_does():
    numbers = [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]]
    stream = prior_stream()
    loader = DataLoader(stream, batch_sampler=numbers, collate_fn=list, num_workers=2, multiprocessing_context="fork")
    loaded = [episode for batch in loader for episode in batch]
    assert len(loaded) == 12
    assert all(same(episode, stream[i]) for i, episode in enumerate(loaded))


def test_no_target_was_shown():
    stream = prior_stream(empty_context=0.0)
    for i in range(20):
        episode = stream[i]
        fingerprint = episode.graphs.pruned.fingerprint()
        shown, asked = fingerprint[: episode.n_context], fingerprint[episode.n_context :]
        assert len(shown) >= 3
        assert len(asked) == 12
        assert not set(shown.tolist()) & set(asked.tolist())


def test_shown_and_asked_are_all_cells_of_the_task_in_order():
    episode = EpisodeStream(Numbered(), CONFIG, 0)[5]
    batch = collate([episode])
    rows = torch.cat([batch.context[0], batch.target[0]])
    assert rows.tolist() == list(range(len(episode.value)))
    assert torch.cat([batch.yc[0], batch.yt[0]]).tolist() == pytest.approx(episode.value.tolist())


@pytest.mark.parametrize(("low", "high"), [(1, 4), (3, 3), (3, 12)])
def test_context_sizes_are_log_uniform_with_both_ends(low, high):
    config = EpisodeConfig(context_cells=[low, high], empty_context=0.0)
    rng = np.random.default_rng(0)
    drawn = np.array([draw_context_size(config, rng) for _ in range(20_000)])
    sizes = np.arange(low, high + 1)
    observed = np.array([(drawn == size).sum() for size in sizes])
    assert observed.sum() == len(drawn)
    # the logarithm is uniform from low to high + 1, so a size k has log((k + 1) / k) of it
    expected = np.log((sizes + 1) / sizes) / np.log((high + 1) / low) * len(drawn)
    assert chisquare(observed, expected).pvalue > 1e-3 if low < high else observed[0] == len(drawn)


@pytest.mark.parametrize("sizes", [{"context_cells": [0, 5]}, {"context_cells": [9, 5]}, {"target_cells": 0}])
def test_sizes_that_no_episode_can_have_are_refused(sizes):
    with pytest.raises(ValueError, match=r"context_cells=\[.*expected 1 <= lowest <= highest"):
        prior_stream(**sizes)


def test_as_many_contexts_are_empty_as_configured():
    rng = np.random.default_rng(0)
    empty = np.mean([draw_context_size(CONFIG, rng) == 0 for _ in range(10_000)])
    assert empty == pytest.approx(0.1, abs=0.01)


def test_consecutive_episodes_share_their_context_size():
    stream = prior_stream(alike=4)
    sizes = np.array([stream[i].n_context for i in range(24)]).reshape(6, 4)
    assert (sizes == sizes[:, :1]).all()
    assert len(set(sizes[:, 0].tolist())) > 2


def test_no_score_is_further_out_than_the_reach():
    score = np.concatenate([np.linspace(90, 94, 20), [-1e6, 1e6]])
    value = split(Task(POOL[np.arange(22)], score, np.zeros((22, 0))), 20, 4.0).value
    assert value[-2:].tolist() == [-4, 4]


def test_a_task_too_small_for_its_context_still_asks_for_one_cell():
    episode = split(Task(POOL[np.arange(5)], np.arange(5.0), np.zeros((5, 0))), 9, 4.0)
    assert episode.n_context == 4


def episode_of(n_context: int, n_target: int, sides: int, seed: int) -> Episode:
    rng = np.random.default_rng(seed)
    n = n_context + n_target
    graphs = POOL[rng.choice(len(POOL), n, replace=False)]
    side = rng.normal(size=(n, sides))
    side[rng.random(side.shape) < 0.3] = np.nan
    return split(Task(graphs, graphs.features[:, 1] + rng.normal(size=n), side), n_context, 4.0)


def model_of(process: str) -> Model:
    torch.manual_seed(0)
    kernel = KernelConfig(heads=4, directions=2, embedding_heads=2)
    config = ModelConfig(
        process,
        EncoderConfig(width=8, layers=2, d_embed=8),
        WhitenedConfig(kernel, maps=2, points=8, channels=4),
        ConvCNPConfig(maps=2, points=8, channels=4, layers=2),
    )
    model = Model(config).eval()
    if process == "whitened_convcnp":  # its correction starts as zero and would hide the grids from this test
        torch.nn.init.normal_(model.process.correct[-1].weight)
        torch.nn.init.constant_(model.process.heads.kernel.log_linear_weight, -4.0)
    return model


@pytest.mark.parametrize("process", ["whitened_convcnp", "convcnp"])
def test_an_episode_has_the_same_likelihood_alone_and_padded_in_a_batch(process):
    model = model_of(process)
    sizes = [(7, 5, 0), (20, 12, 2), (0, 3, 0), (1, 9, 5), (20, 1, 1)]
    episodes = [episode_of(*size, seed) for seed, size in enumerate(sizes)]
    with torch.inference_mode():
        alone = torch.cat([model.log_likelihood(collate([episode])) for episode in episodes])
        together = model.log_likelihood(collate(episodes))
    assert torch.isfinite(alone).all()
    assert torch.allclose(alone, together, atol=2e-5), (alone - together).abs().max()


def test_a_batch_that_shows_nothing_at_all_has_a_likelihood():
    model = model_of("whitened_convcnp")
    batch = collate([episode_of(0, 4, 0, 0), episode_of(0, 6, 2, 1)])
    assert batch.yc.shape == (2, 0)
    assert torch.isfinite(model.log_likelihood(batch)).all()


def test_masks_are_true_where_cells_are_real():
    batch = collate([episode_of(2, 3, 0, 0), episode_of(4, 1, 1, 1)])
    assert batch.context_mask.tolist() == [[True, True, False, False], [True] * 4]
    assert batch.target_mask.tolist() == [[True] * 3, [True, False, False]]
    assert batch.context_side.isnan()[0].all()
