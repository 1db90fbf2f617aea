"""Meta-training: many small tasks, one gradient step for each batch of them.

The loop is read top to bottom in `MetaTrainer.run`. All randomness is a function of the episodes' numbers, and a step
is computed in fixed pieces of a few episodes, whichever process computes them, at first or after a resume. So a killed
run resumes to the bits of an uninterrupted one, and several processes with a share of each batch equal one process with
all of it. (A floating-point sum depends on how it is grouped; where a gradient is almost zero, Adam makes a full step
of that difference.)

Batches of episodes are whatever the model reads; the caller supplies them. The files of a run are the work of
`metanp.training_state`.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor, nn

from metanp import training_state
from metanp.checkpoint import save_model

Trainable = Any  # a `torch.nn.Module` with `log_likelihood(batch)`, (task,), such as `metanp.model.Model`
Batch = Any  # what that reads, with `to(device)`, such as `metanp.model.EpisodeBatch`
Validate = Callable[[Any], dict[str, float]]
Save = Callable[[Path, Any, Mapping[str, Any]], None]
Log = Callable[[dict[str, Any]], None]


@dataclass
class TrainingConfig:
    """Length and pace; `batch` counts the episodes of one step over all processes together."""

    steps: int = 400
    batch: int = 8
    at_once: int = 4  # episodes computed together; several processes change no bit if each has whole pieces
    learning_rate: float = 3e-3
    scale_rate: float = 6.0  # length scales, noises and weights of heads learn so many times faster: they change most
    warmup: int = 30
    weight_decay: float = 1e-3
    clip: float = 1.0
    validate_every: int = 100
    save_every: int = 50
    seed: int = 0
    device: str = "cpu"


class NonFiniteLoss(RuntimeError):
    """The loss or its gradient was no number; the message names the episodes and the file that holds the batch."""


class MetaTrainer:
    """Trains `model`, saves the best by validation, and can be killed at any moment.

    Args:
        model: trained in place.
        config: length and pace.
        folder: gets `last.safetensors` (to resume from), `best.safetensors` (the model), `log.jsonl`.
        card: the checkpoint's description, above all its sources.
        log: also called with every line of the log, for wandb.
        save_best: how a model of this kind is written.
    """

    def __init__(
        self,
        model: Trainable,
        config: TrainingConfig,
        folder: Path,
        card: Mapping[str, Any],
        log: Log | None = None,
        save_best: Save = save_model,
    ):
        self.model, self.config, self.folder, self.card = model.to(config.device), config, folder, dict(card)
        self.also_log, self.save_best = log, save_best
        self.rank, self.world = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        if config.batch % self.world:
            raise ValueError(f"a batch of {config.batch} episodes cannot be shared by {self.world} processes")
        self.optimiser = torch.optim.AdamW(parameter_groups(model, config), lr=config.learning_rate)
        self.step, self.best, self.seconds = 0, -math.inf, 0.0

    def my_share(self) -> list[list[int]]:
        """Episode numbers of each piece, of all remaining steps, that this process is to draw."""
        return [piece for step in range(self.step, self.config.steps) for piece in self._pieces(step)]

    def _pieces(self, step: int) -> list[list[int]]:
        size = self.config.batch // self.world
        first = step * self.config.batch + self.rank * size
        numbers = list(range(first, first + size))
        return [numbers[i : i + self.config.at_once] for i in range(0, size, self.config.at_once)]

    def run(self, batches: Iterable[Batch], validate: Validate) -> dict[str, float]:
        """Train to the end; `batches` are those of `my_share`, in order. Returns the last validation's metrics."""
        metrics: dict[str, float] = {}
        started = time.perf_counter() - self.seconds
        with _progress(self.rank == 0) as progress:
            bar = progress.add_task("meta-training", total=self.config.steps, completed=self.step, loss=math.nan)
            pieces = iter(batches)
            while step := list(itertools.islice(pieces, len(self._pieces(self.step)))):
                loss = self._train_step(step)
                self.step += 1
                self.seconds = time.perf_counter() - started
                last = self.step == self.config.steps
                self._log({"step": self.step, "loss": loss, "seconds": round(self.seconds, 2)})
                if last or self.step % self.config.validate_every == 0:
                    metrics = self._validate(validate)
                if last or self.step % self.config.save_every == 0:
                    self.save()
                progress.update(bar, completed=self.step, loss=loss)
        return metrics

    def save(self) -> None:
        """Write all that a resumed run needs."""
        if self.rank == 0:
            reached = training_state.Reached(self.step, self.best, self.seconds)
            training_state.save(self.folder, self.model, self.optimiser, reached, asdict(self.config))

    def start_afresh(self) -> None:
        """Drop what an earlier run left in the folder: a later resume would take it for this run's."""
        if self.rank == 0:
            training_state.forget(self.folder)

    def resume(self) -> None:
        """Go on from `last.safetensors`, from the beginning where there is none yet; drops log lines of lost steps.

        Raises:
            metanp.checkpoint.CheckpointError: it is not whole, or not ours.
            ValueError: it is of another model, or was trained with another configuration.
        """
        reached = training_state.restore(self.folder, self.model, self.optimiser, asdict(self.config))
        if reached:
            self.step, self.best, self.seconds = reached
        if self.rank == 0:
            training_state.drop_leftovers(self.folder, self.step)

    def _train_step(self, pieces: Sequence[Batch]) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = group["rate"] * schedule(self.step, self.config)
        self.optimiser.zero_grad()
        numbers = self._pieces(self.step)
        each = [self._backward(piece, first[0]) for piece, first in zip(pieces, numbers, strict=True)]
        total = self._summed(-torch.cat(each).sum() / self.config.batch)
        self._sum_gradients()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        if not torch.isfinite(total + norm):  # one such step would make every weight NaN
            what = "gradient" if torch.isfinite(total) else "loss"
            blamed = training_state.save_blamed(self.folder, self.step, pieces, numbers, each)
            raise NonFiniteLoss(f"step {self.step}: no finite {what}; {blamed}")
        self.optimiser.step()
        return float(total)

    def _backward(self, batch: Batch, first: int) -> Float[Tensor, " task"]:
        """Add a piece's gradient; its log-likelihoods. The model's own random draws are a function of the episodes."""
        torch.manual_seed((self.config.seed << 32) + first)
        batch = batch.to(self.config.device)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.config.device.startswith("cuda")):
            try:
                each = self.model.log_likelihood(batch)
            except torch.linalg.LinAlgError:  # singular kernel matrix: stop as for any loss that is not finite
                return torch.full_like(batch.yt[:, 0], math.nan)
        (-each.sum() / self.config.batch).backward()
        return each.detach()

    def _summed(self, value: Tensor) -> Tensor:
        if self.world > 1:
            dist.all_reduce(value)
        return value

    def _sum_gradients(self) -> None:
        if self.world == 1:
            return
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.model.parameters()]
        flat = self._summed(torch.cat([g.flatten() for g in gradients]))
        for parameter, part in zip(self.model.parameters(), flat.split([g.numel() for g in gradients]), strict=True):
            parameter.grad = part.view_as(parameter)

    def _validate(self, validate: Validate) -> dict[str, float]:
        self.model.eval()
        with torch.inference_mode():
            metrics = validate(self.model)
        self.model.train()
        self._log({"step": self.step, **metrics})
        if metrics["score"] > self.best:
            self.best = metrics["score"]
            if self.rank == 0:
                done = {"step": self.step, "seconds": round(self.seconds, 1), "validation": metrics}
                self.save_best(self.folder / "best.safetensors", self.model, {**self.card, **done})
        return metrics

    def _log(self, line: dict[str, Any]) -> None:
        if self.rank:
            return
        training_state.add_to_log(self.folder, line)
        if self.also_log:
            self.also_log(line)


def parameter_groups(model: nn.Module, config: TrainingConfig) -> list[dict[str, Any]]:
    """Weights, and the kernel's scales (parameters named `log_...`), which learn faster and do not decay."""
    scales = [p for name, p in model.named_parameters() if name.rpartition(".")[2].startswith("log_")]
    weights = [p for name, p in model.named_parameters() if not name.rpartition(".")[2].startswith("log_")]
    fast = config.learning_rate * config.scale_rate
    return [
        {"params": weights, "rate": config.learning_rate, "weight_decay": config.weight_decay},
        {"params": scales, "rate": fast, "weight_decay": 0.0},
    ]


def schedule(step: int, config: TrainingConfig) -> float:
    """Share of the learning rate at a step: linear warm-up, then a cosine down to nothing."""
    warm = min(1.0, (step + 1) / max(config.warmup, 1))
    return warm * 0.5 * (1 + math.cos(math.pi * step / config.steps))


def _progress(shown: bool) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}"),
    )
    times = (TimeElapsedColumn(), TimeRemainingColumn())
    return Progress(*columns, *times, console=Console(stderr=True), disable=not shown)
