"""The whole model on episodes: shapes, precision, and what every process has to do."""

import numpy as np
import pytest
import torch

from metanp.encoder import EncoderConfig
from metanp.model import WITHOUT_GRIDS, EpisodeBatch, Model, ModelConfig
from metanp.neural_process import AttentionConfig, ConvCNPConfig, WhitenedConfig
from metanp.neural_process.kernel import KernelConfig
from tasks.episodes import EpisodeConfig, EpisodeStream, collate
from tasks.prior import PriorConfig, PriorTasks
from tasks.sources import pool

PROCESSES = {
    "whitened": ModelConfig(whitened=WhitenedConfig(KernelConfig(4, 4, 2), maps=2, points=8, channels=4)),
    "heads": ModelConfig(whitened=WhitenedConfig(KernelConfig(4, 4, 2), maps=0)),
    "convcnp": ModelConfig(process="convcnp", convcnp=ConvCNPConfig(2, 8, 4, 3)),
    "latent": ModelConfig(process="convcnp", convcnp=ConvCNPConfig(2, 8, 4, 3, latents=3)),
    **{name: ModelConfig(process=name, attention=AttentionConfig(16, 2, 2)) for name in WITHOUT_GRIDS},
}


@pytest.fixture(scope="module")
def batch() -> EpisodeBatch:
    source = PriorTasks("transnas", pool("transnas", 0), PriorConfig(side=1.0))
    stream = EpisodeStream(source, EpisodeConfig(context_cells=[3, 30], target_cells=20, alike=1), seed=0)
    return collate([stream[i] for i in range(4)])


def build(name: str) -> Model:
    torch.manual_seed(0)
    config = PROCESSES[name]
    config.encoder = EncoderConfig(width=16, layers=2, d_embed=8)
    return Model(config)


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_answers_for_every_target_and_learns_from_all_its_weights(name, batch):
    model = build(name)
    loss = -model.log_likelihood(batch).mean()
    loss.backward()
    assert torch.isfinite(loss)
    mean, std = model(batch).moments()
    assert mean.shape == std.shape == batch.yt.shape
    assert (std > 0).all()
    idle = [n for n, p in model.named_parameters() if p.grad is None]
    assert idle == []


@pytest.mark.parametrize("name", PROCESSES)
def test_half_precision_changes_a_likelihood_by_little(name, batch):
    model = build(name).eval()
    with torch.inference_mode():
        torch.manual_seed(1)
        full = model.log_likelihood(batch)
        torch.manual_seed(1)
        with torch.autocast("cpu", torch.bfloat16):
            half = model.log_likelihood(batch)
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, full, atol=0.15, rtol=0.1)


def test_an_unknown_process_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'gaussian'.*whitened_convcnp"):
        Model(ModelConfig(process="gaussian"))


def test_the_context_matters(batch):
    model = build("whitened").eval()
    with torch.inference_mode():
        first = model(batch).moments()[0]
        other = EpisodeBatch(**{**vars(batch), "yc": -batch.yc})
        second = model(other).moments()[0]
    assert np.abs((first - second).numpy()).max() > 0.1
