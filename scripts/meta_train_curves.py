"""Meta-train the neural process of curves: `python -m scripts.meta_train_curves`.

Writes `results/<name>/best.safetensors` (the model), `last.safetensors` (to resume from), `log.jsonl`, as
`scripts.meta_train` does. All tasks are synthesized (`tasks.curves`); validation tasks are others of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from hydra.core.config_store import ConfigStore
from torch.utils.data import DataLoader

from metanp.curves.neural import CurveConfig, CurveModel, save_curve_model
from metanp.meta_training import MetaTrainer, TrainingConfig
from metanp.metrics import kendall_tau
from scripts.command import command
from scripts.results.provenance import provenance
from tasks.curves import CurveEpisodes, CurveStream, collate

VALIDATION_SEED = 1_000_003
VALIDATION_EPISODES = 64


@dataclass
class Config:
    """All options of a meta-training."""

    name: str = "curves"
    output: str = "results/${name}"
    model: CurveConfig = field(default_factory=CurveConfig)
    episodes: CurveEpisodes = field(default_factory=CurveEpisodes)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    workers: int = 0  # processes that draw episodes; 0 draws them in the training process
    threads: int = 1
    resume: bool = False


ConfigStore.instance().store(name="schema_of_meta_train_curves", node=Config)


class Validation:
    """Always the same episodes; `score` is the mean log-density of ends."""

    def __init__(self, episodes: CurveEpisodes, seed: int = VALIDATION_SEED):
        stream = CurveStream(episodes, seed)
        self.batches = [collate([stream[i]]) for i in range(0, VALIDATION_EPISODES * episodes.alike, episodes.alike)]

    def __call__(self, model: CurveModel) -> dict[str, float]:
        density, tau = [], []
        for batch in self.batches:
            batch = batch.to(next(model.parameters()).device)
            mixture = model(batch)
            density.append(float(mixture.log_prob(batch.yt).mean()))
            tau.append(kendall_tau(mixture.moments()[0][0].double().cpu().numpy(), batch.yt[0].double().cpu().numpy()))
        return {"score": round(float(np.mean(density)), 6), "tau": round(float(np.mean(tau)), 6)}


def meta_train_curves(config: Config) -> dict[str, float]:
    """Train, and return the metrics of the last validation."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.training.seed)
    stream = CurveStream(config.episodes, config.training.seed)
    card = {"name": config.name, "kind": "label-free", "training": vars(config.training)}
    card["commit"] = provenance()["commit"]
    model = CurveModel(config.model)
    trainer = MetaTrainer(model, config.training, Path(config.output), card, save_best=save_curve_model)
    if config.resume:
        trainer.resume()
    else:
        trainer.start_afresh()
    forked = "fork" if config.workers else None
    batches = DataLoader(
        stream,
        batch_sampler=trainer.my_share(),
        collate_fn=collate,
        num_workers=config.workers,
        multiprocessing_context=forked,
    )
    return trainer.run(batches, Validation(config.episodes))


@command("meta_train_curves")
def main(config: Config) -> None:
    meta_train_curves(config)


if __name__ == "__main__":
    main()
