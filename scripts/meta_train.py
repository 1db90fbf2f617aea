"""Meta-train a model: `python -m scripts.meta_train experiment=label_free`.

Writes `results/<name>/best.safetensors` (the model), `last.safetensors` (to resume from), `log.jsonl`. To continue a
killed run, repeat the command with `resume=true`. Several processes: `torchrun --nproc-per-node 2 -m
scripts.meta_train ...`; they share each batch, so the result is that of one process.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf
from torch.utils.data import DataLoader

from data import FileUnavailable
from metanp.meta_training import Log, MetaTrainer, TrainingConfig
from metanp.model import Model, ModelConfig
from scripts.available import available_tables
from scripts.command import command
from scripts.results.provenance import provenance
from tasks.episodes import EpisodeStream, collate
from tasks.sources import TasksConfig, allowed_tables, build_source, build_validation
from tasks.validation import Validation

VALIDATION_SEED = 1_000_003  # not a seed that anybody trains with, so that no validation task is trained on


@dataclass
class Config:
    """All options of a meta-training."""

    name: str = "meta-training"
    output: str = "results/${name}"
    model: ModelConfig = field(default_factory=ModelConfig)
    tasks: TasksConfig = field(default_factory=TasksConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    workers: int = 1  # processes that draw episodes; 0 draws them in the training process
    threads: int = 0  # of each training process; 0: torch decides
    wandb: str = "offline"  # or online, or disabled
    resume: bool = False
    download: bool = False  # missing benchmark files
    experiment: Any = None


ConfigStore.instance().store(name="schema_of_meta_train", node=Config)


def meta_train(config: Config) -> dict[str, float]:
    """Train, and return the metrics of the last validation."""
    _check_tables(config)
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.manual_seed(config.training.seed)
    seed = config.training.seed
    stream = EpisodeStream(build_source(config.tasks, seed), config.tasks.episodes, seed)
    validation = Validation(build_validation(config.tasks, VALIDATION_SEED + seed), seed=VALIDATION_SEED)
    card = {
        "name": config.name,
        "kind": config.tasks.kind,
        "tested": config.tasks.tested,
        "sources": stream.source.sources,
        "chosen_by": validation.source.sources,
        "training": vars(config.training),
        "commit": provenance()["commit"],
    }
    with _Logger(config) as log:
        trainer = MetaTrainer(Model(config.model), config.training, Path(config.output), card, log)
        if config.resume:
            trainer.resume()
        else:
            trainer.start_afresh()
        batches = DataLoader(
            stream,
            batch_sampler=trainer.my_share(),
            collate_fn=collate,
            num_workers=config.workers,
            multiprocessing_context="fork" if config.workers else None,
        )
        return trainer.run(batches, validation)


def _check_tables(config: Config) -> None:
    """Check the benchmarks before anything is written.

    Raises:
        ValueError: an unknown kind or benchmark.
        FileUnavailable: missing tables; says how to get them, or how to train without them.
    """
    allowed_tables(config.tasks.kind, config.tasks.tested)
    drawn = [name for name, share in config.tasks.tables.items() if share > 0]
    if missing := available_tables([*drawn, *config.tasks.validation], config.download)[1]:
        without = " ".join(f"tasks.tables.{name}=0" for name in missing)
        raise FileUnavailable(f"{'; '.join(missing.values())}; or train without, which is another model: {without}")


class _Logger:
    """Logs to wandb as well, in the first process only."""

    def __init__(self, config: Config):
        self.mode = config.wandb if not dist.is_initialized() or dist.get_rank() == 0 else "disabled"
        self.config = config

    def __enter__(self) -> Log | None:
        if self.mode == "disabled":
            return None
        import wandb

        Path(self.config.output).mkdir(parents=True, exist_ok=True)
        plain: Any = OmegaConf.to_container(OmegaConf.structured(self.config))
        mode: Any = self.mode  # wandb refuses an unknown mode
        run = wandb.init(project="metanp", name=self.config.name, dir=self.config.output, mode=mode, config=plain)
        return lambda line: run.log({k: v for k, v in line.items() if k != "step"}, step=line["step"])

    def __exit__(self, *error: object) -> None:
        if self.mode != "disabled":
            import wandb

            wandb.finish()


@command("meta_train")
def main(config: Config) -> None:
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if several:
        cuda = config.training.device.startswith("cuda")
        dist.init_process_group("nccl" if cuda else "gloo")
        if cuda:
            config.training.device = f"cuda:{os.environ['LOCAL_RANK']}"
            torch.cuda.set_device(config.training.device)
    try:
        meta_train(config)
    finally:
        if several:
            dist.destroy_process_group()


if __name__ == "__main__":
    main()
