"""A model small enough to be written, spoilt and read a hundred times, with random weights."""

from pathlib import Path

import torch

from metanp.checkpoint import save_model
from metanp.encoder import EncoderConfig
from metanp.model import Model, ModelConfig
from metanp.neural_process import ConvCNPConfig, WhitenedConfig
from metanp.neural_process.kernel import KernelConfig


def tiny_config(process: str = "whitened_convcnp", latents: int = 0) -> ModelConfig:
    return ModelConfig(
        process=process,
        encoder=EncoderConfig(width=8, layers=1, d_embed=4),
        whitened=WhitenedConfig(KernelConfig(heads=3, directions=2, embedding_heads=1), maps=1, points=6, channels=4),
        convcnp=ConvCNPConfig(maps=1, points=6, channels=4, layers=2, latents=latents),
    )


def tiny_model(seed: int = 0, config: ModelConfig | None = None) -> Model:
    """Every parameter off its start, so that no part of the model is idle."""
    torch.manual_seed(seed)
    model = Model(config or tiny_config())
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


def write_checkpoint(path: Path, seed: int = 0, config: ModelConfig | None = None) -> Path:
    save_model(path, tiny_model(seed, config), {"kind": "random weights", "sources": []})
    return path
