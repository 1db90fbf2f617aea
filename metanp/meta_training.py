"""Meta-training: many small tasks, one gradient step for each batch of them.

The loop is read top to bottom in `MetaTrainer.run`. Everything random is a function of the episodes' numbers, and a
step is computed in pieces of a few episodes, the same pieces whoever computes them, the first time or after a resume.
So a killed run resumes to the bits of an uninterrupted one, and several processes with a share of each batch equal one
process with all of it. (A floating-point sum depends on what is summed together; where a gradient is almost nothing,
Adam makes a step of that difference.)

Knows episodes only as `EpisodeBatch`; where they come from is told by the caller.
"""

from __future__ import annotations

import itertools
import json
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
from torch import Tensor

from metanp.atomic import write_whole
from metanp.checkpoint import read_tensors, save_model, write_tensors
from metanp.model import EpisodeBatch, Model

Validate = Callable[[Model], dict[str, float]]
Log = Callable[[dict[str, Any]], None]


@dataclass
class TrainingConfig:
    """Length and pace; `batch` counts the episodes of one step over all processes together."""

    steps: int = 400
    batch: int = 8
    at_once: int = 4  # episodes computed together; two processes with whole pieces of the batch change no bit
    learning_rate: float = 3e-3
    scale_rate: float = 6.0  # length scales, noises and weights of heads learn this many times faster: they travel far
    warmup: int = 30
    weight_decay: float = 1e-3
    clip: float = 1.0
    validate_every: int = 100
    save_every: int = 50
    seed: int = 0
    device: str = "cpu"


FREE_ON_RESUME = ("device", "validate_every", "save_every")  # what may differ when a run goes on


class NonFiniteLoss(RuntimeError):
    """The loss or its gradient was no number; the message names the episodes and the file that holds the batch."""


class MetaTrainer:
    """Trains `model`, keeps the best of it by validation, and can be killed at any moment.

    Args:
        model: moved in place.
        config: length and pace.
        folder: gets `last.safetensors` (to resume from), `best.safetensors` (the model), `log.jsonl`.
        card: what the checkpoint says of itself, sources above all.
        log: also called with every line of the log, for wandb.
    """

    def __init__(
        self, model: Model, config: TrainingConfig, folder: Path, card: Mapping[str, Any], log: Log | None = None
    ):
        self.model, self.config, self.folder, self.card = model.to(config.device), config, folder, dict(card)
        self.also_log = log
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

    def run(self, batches: Iterable[EpisodeBatch], validate: Validate) -> dict[str, float]:
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
        if self.rank:
            return
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimiser.state.get(parameter, {}).items():
                tensors[f"optimiser.{name}.{key}"] = value
        progress = {"step": self.step, "best": self.best, "seconds": self.seconds}
        card = {"kind": "training state", **progress, "training": asdict(self.config)}
        write_tensors(self.folder / "last.safetensors", tensors, card)

    def start_afresh(self) -> None:
        """Forget what an earlier run left in the folder: a later resume would take it for this one's."""
        if self.rank:
            return
        (self.folder / "last.safetensors").unlink(missing_ok=True)
        self._drop_leftovers(0)

    def resume(self) -> None:
        """Go on from `last.safetensors`, from the beginning where there is none yet; drops log lines of lost steps.

        Raises:
            metanp.checkpoint.CheckpointError: it is not whole, or not ours.
            ValueError: it is of another model, or was trained with another configuration.
        """
        path = self.folder / "last.safetensors"
        if not path.is_file():
            self._drop_leftovers(0)
            return
        tensors, card = read_tensors(path)
        self._check_resumable(card)
        state = {name[len("model.") :]: value for name, value in tensors.items() if name.startswith("model.")}
        try:
            self.model.load_state_dict(state)
        except RuntimeError as error:
            raise ValueError(f"{self.folder} was trained with another model configuration: {error}") from None
        for name, parameter in self.model.named_parameters():
            prefix = f"optimiser.{name}."
            found = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
            # the step counter stays on the CPU, where AdamW expects it
            self.optimiser.state[parameter] = {k: v if k == "step" else v.to(parameter) for k, v in found.items()}
        self.step, self.best, self.seconds = card["step"], card["best"], card["seconds"]
        self._drop_leftovers(self.step)

    def _check_resumable(self, card: Mapping[str, Any]) -> None:
        before = card.get("training", {})
        for name, value in asdict(self.config).items():
            if name not in FREE_ON_RESUME and before.get(name) != value:
                raise ValueError(
                    f"{self.folder} was trained with {name}={before.get(name)}, not {value}: "
                    "resume it with the same configuration, or train into another folder"
                )

    def _train_step(self, pieces: Sequence[EpisodeBatch]) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = group["rate"] * schedule(self.step, self.config)
        self.optimiser.zero_grad()
        numbers = self._pieces(self.step)
        each = [self._backward(piece, first[0]) for piece, first in zip(pieces, numbers, strict=True)]
        total = self._summed(-torch.cat(each).sum() / self.config.batch)
        self._sum_gradients()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        if not torch.isfinite(total + norm):  # one such step would leave no weight a number
            self._stop_on(pieces, each, "gradient" if torch.isfinite(total) else "loss")
        self.optimiser.step()
        return float(total)

    def _backward(self, batch: EpisodeBatch, first: int) -> Float[Tensor, " task"]:
        """Add a piece's gradient; its log-likelihoods. What the model itself draws is a function of the episodes."""
        torch.manual_seed((self.config.seed << 32) + first)
        batch = batch.to(self.config.device)
        with torch.autocast("cuda", torch.bfloat16, enabled=self.config.device.startswith("cuda")):
            try:
                each = self.model.log_likelihood(batch)
            except torch.linalg.LinAlgError:  # no kernel matrix: to be stopped on like any loss that is no number
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
                save_model(self.folder / "best.safetensors", self.model, {**self.card, **done})
        return metrics

    def _stop_on(self, pieces: Sequence[EpisodeBatch], each: Sequence[Tensor], what: str) -> None:
        """Save the pieces with episodes to blame; all of this process where none can be told."""
        numbers = self._pieces(self.step)
        wrong = [
            [number for number, value in zip(piece, values.tolist(), strict=True) if not math.isfinite(value)]
            for piece, values in zip(numbers, each, strict=True)
        ]
        saved = []
        for i, batch in enumerate(pieces):
            if wrong[i] or not any(wrong):
                graphs = {f"graphs.{name}": value for name, value in batch.graphs.to_dict().items()}
                rest = {name: value for name, value in vars(batch).items() if name != "graphs"}
                saved.append(str(self.folder / f"non-finite-step{self.step}-episode{numbers[i][0]}.safetensors"))
                card = {"kind": "batch", "step": self.step, "episodes": numbers[i], "non-finite": wrong[i]}
                write_tensors(Path(saved[-1]), {**graphs, **rest, "log_likelihood": each[i]}, card)
        blamed = f"episodes {list(itertools.chain(*wrong))}" if any(wrong) else "no single episode of this process"
        raise NonFiniteLoss(f"step {self.step}: no finite {what}; {blamed} to blame; saved in {', '.join(saved)}")

    def _log(self, line: dict[str, Any]) -> None:
        if self.rank:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "log.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")
        if self.also_log:
            self.also_log(line)

    def _drop_leftovers(self, step: int) -> None:
        """What a killed run left: half-written files, and log lines of steps that will be done again."""
        if self.rank:
            return
        for half_written in self.folder.glob(".*.safetensors.*"):
            half_written.unlink(missing_ok=True)
        path = self.folder / "log.jsonl"
        if not path.is_file():
            return
        lines = path.read_text().splitlines()
        kept = [line for line in lines if line.endswith("}") and json.loads(line)["step"] <= step]
        write_whole(path, "".join(line + "\n" for line in kept).encode())  # a run may be killed here as well


def parameter_groups(model: Model, config: TrainingConfig) -> list[dict[str, Any]]:
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
