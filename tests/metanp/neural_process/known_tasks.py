"""Tasks of a Gaussian process that is known (`tests.exact_gp`), and how far from its exact posterior a process is."""

import numpy as np
import torch
from torch import Tensor

from metanp.encoder import Points
from metanp.neural_process import NeuralProcess
from tests.exact_gp import draw_task, exact_log_density

TARGET = 30


def batch(n: int, n_context: int, rng: np.random.Generator) -> tuple[Points, Tensor, Points, Tensor]:
    """xc, yc, xt, yt of `n` tasks."""
    tasks = [draw_task(n_context + TARGET, rng) for _ in range(n)]
    x, y = (torch.from_numpy(np.stack(part)).float() for part in zip(*tasks, strict=True))
    xc, xt = Points.of_embedding(x[:, :n_context]), Points.of_embedding(x[:, n_context:])
    return xc, y[:, :n_context], xt, y[:, n_context:]


def train(process: NeuralProcess, steps: int, learning_rate: float, tasks: int = 16) -> NeuralProcess:
    """Meta-train on the known process's tasks, by the model's own objective."""
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    optimiser = torch.optim.Adam(process.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        xc, yc, xt, yt = batch(tasks, int(rng.integers(3, 40)), rng)
        mixture = process(xc, yc, torch.ones_like(yc, dtype=torch.bool), xt)
        loss = -process.log_likelihood(mixture, yt, torch.ones_like(yt, dtype=torch.bool)).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(process.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return process.eval()


def nats_below_exact(process: NeuralProcess, n_context: int, tasks: int = 48) -> float:
    """How much lower the mean log-density of unseen targets is than the exact posterior's."""
    xc, yc, xt, yt = batch(tasks, n_context, np.random.default_rng(1))
    x = torch.cat([xc.embedding, xt.embedding], dim=1).double().numpy()
    y = torch.cat([yc, yt], dim=1).double().numpy()
    exact = np.mean([exact_log_density(x[i], y[i], n_context) for i in range(tasks)])
    with torch.inference_mode():
        mixture = process(xc, yc, torch.ones_like(yc, dtype=torch.bool), xt)
    return exact - mixture.log_prob(yt).double().mean().item()
