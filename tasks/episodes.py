"""Episodes: tasks split into context cells, whose scores are shown, and target cells.

Episode number i of a stream is a pure function of (seed, i): every worker and process gets the same one, and no two
draw the same number. This is all that parallel loading, several processes and resuming need.

Scores are transformed by the context alone, so the model gets no information about targets.

Axes: task, context, target, side as in `metanp.model.EpisodeBatch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch.utils.data import Dataset

from metanp.graphs import Graphs
from metanp.model import EpisodeBatch
from metanp.score_transform import ScoreTransform
from metanp.side import HINTS, standardise_hint, standardise_side
from tasks.task import Task, TaskSource


@dataclass
class EpisodeConfig:
    """How many context and target cells an episode has."""

    context_cells: list[int] = field(default_factory=lambda: [3, 200])  # log-uniform, both ends included
    target_cells: int = 128
    alike: int = 8  # so many consecutive episodes share their context size, so that a batch needs little padding
    empty_context: float = 0.03  # share of episodes with an empty context, which train the prior
    reach: float = 4.0  # scores are clipped to this, in the model's units: one failure must not outweigh a task


@dataclass(frozen=True)
class Episode:
    """One task, split; its first `n_context` cells are the context. Scores in the model's units."""

    graphs: Graphs
    n_context: int
    value: Float[np.ndarray, " cell"]
    side: Float[np.ndarray, "cell side"]
    hint: Float[np.ndarray, "cell kind"]


class EpisodeStream(Dataset):
    """Endless episodes by number; a torch data set for any sampler of numbers.

    Raises:
        ValueError: sizes that no episode can have.
    """

    def __init__(self, source: TaskSource, config: EpisodeConfig, seed: int):
        low, high = config.context_cells
        if not 1 <= low <= high or config.target_cells < 1:
            raise ValueError(
                f"context_cells={config.context_cells}, target_cells={config.target_cells}: expected 1 <= lowest "
                "<= highest and at least one target; empty_context sets how many contexts are empty"
            )
        self.source, self.config, self.seed = source, config, seed

    def __getitem__(self, index: int) -> Episode:
        rng = np.random.default_rng([self.seed, index])
        sizes = np.random.default_rng([self.seed, index // self.config.alike, 1])
        n_context = draw_context_size(self.config, sizes)
        task = self.source.draw(n_context + self.config.target_cells, rng)
        return split(task, n_context, self.config.reach)


def draw_context_size(config: EpisodeConfig, rng: np.random.Generator) -> int:
    """Log-uniform over the integers of the range, both ends included; sometimes 0."""
    low, high = config.context_cells
    if rng.random() < config.empty_context:
        return 0
    return int(np.exp(rng.uniform(np.log(low), np.log(high + 1))))


def split(task: Task, n_context: int, reach: float) -> Episode:
    """Make a task's first cells the context; transform all scores by the context."""
    n_context = min(n_context, len(task.score) - 1)
    transform = ScoreTransform.fit(task.score[:n_context])
    value = np.clip(transform.forward(task.score), -reach, reach)
    side = standardise_side(task.side[:n_context], task.side)
    if task.hint is None:
        hint = np.zeros((len(task.score), HINTS))
    else:
        hint = standardise_hint(task.hint[:n_context], task.hint, task.hint)
    return Episode(task.graphs, n_context, value, side, hint)


def collate(episodes: Sequence[Episode]) -> EpisodeBatch:
    """Episodes of any sizes as one padded batch."""
    graphs = Graphs.concatenate([e.graphs for e in episodes])
    first = np.cumsum([0, *(len(e.graphs) for e in episodes)])
    context = [np.arange(e.n_context) for e in episodes]
    target = [np.arange(e.n_context, len(e.value)) for e in episodes]
    side = max(e.side.shape[1] for e in episodes)

    def rows(part: list[np.ndarray]) -> torch.Tensor:
        return _padded([start + i for start, i in zip(first, part, strict=False)], 0)

    def sides(part: list[np.ndarray]) -> torch.Tensor:
        columns = [
            np.pad(e.side[i], ((0, 0), (0, side - e.side.shape[1])), constant_values=np.nan)
            for e, i in zip(episodes, part, strict=True)
        ]
        return _padded(columns, np.nan).float()

    def hints(part: list[np.ndarray]) -> torch.Tensor:
        return _padded([e.hint[i] for e, i in zip(episodes, part, strict=True)], 0.0).float()

    return EpisodeBatch(
        graphs=graphs.to_batch(),
        context=rows(context),
        target=rows(target),
        yc=_padded([e.value[i] for e, i in zip(episodes, context, strict=True)], 0).float(),
        yt=_padded([e.value[i] for e, i in zip(episodes, target, strict=True)], 0).float(),
        context_mask=_padded([np.ones(len(i), dtype=bool) for i in context], False),
        target_mask=_padded([np.ones(len(i), dtype=bool) for i in target], False),
        context_side=sides(context),
        target_side=sides(target),
        context_hint=hints(context),
        target_hint=hints(target),
    )


def _padded(rows: list[np.ndarray], fill) -> torch.Tensor:
    width = max(len(row) for row in rows)
    out = np.full((len(rows), width, *rows[0].shape[1:]), fill, dtype=rows[0].dtype)
    for i, row in enumerate(rows):
        out[i, : len(row)] = row
    return torch.from_numpy(out)
