"""Validation on held-out tasks: how well are the other cells ranked, and how well is the uncertainty calibrated.

Always the same tasks, context cells and target cells, so that two checkpoints differ only in themselves.
"""

from __future__ import annotations

import numpy as np

from metanp.metrics import kendall_tau, n_at
from metanp.model import Model
from tasks.episodes import collate, split
from tasks.task import Task, TaskSource

BUDGETS = (20, 50, 100)
TARGETS = 400
REACH = 4.0  # as in training: in the model's units


class Validation:
    """Call it with a model; `score`, by which the best checkpoint is chosen, is the mean Kendall tau over budgets."""

    def __init__(self, source: TaskSource, tasks: int = 16, seed: int = 0):
        self.source = source
        rngs = [np.random.default_rng([seed, i]) for i in range(tasks)]
        self.tasks = [source.draw(max(BUDGETS) + TARGETS, rng) for rng in rngs]

    def __call__(self, model: Model) -> dict[str, float]:
        metrics: dict[str, float] = {}
        for budget in BUDGETS:
            rows = [self._one(model, task, budget) for task in self.tasks]
            tau, n, nll = np.mean(rows, axis=0)
            metrics |= {f"tau@{budget}": tau, f"n10@{budget}": n, f"nll@{budget}": nll}
        metrics["score"] = float(np.mean([metrics[f"tau@{budget}"] for budget in BUDGETS]))
        return {name: round(float(value), 6) for name, value in metrics.items()}

    @staticmethod
    def _one(model: Model, task: Task, budget: int) -> tuple[float, float, float]:
        skipped = max(BUDGETS) - budget  # the targets stay the same at every budget
        part = task.after(skipped)
        episode = split(part, budget, REACH)
        batch = collate([episode]).to(next(model.parameters()).device)
        mixture = model(batch)
        mean = mixture.moments()[0][0].double().cpu().numpy()
        truth = part.score[episode.n_context :]
        nll = -float(mixture.log_prob(batch.yt).mean())
        return kendall_tau(mean, truth), n_at(mean, truth, 10), nll
