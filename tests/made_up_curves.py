"""Learning curves made by a formula, so that their ends are known."""

import numpy as np

from metanp.curves import Curves, Quantity

ACCURACY = Quantity("validation_accuracy", "percent", True)
LOSS = Quantity("validation_loss", "nats", False)
TRAIN_LOSS = Quantity("train_loss", "nats", False)


def rising(n: int, epochs: int = 12, seed: int = 0, noise: float = 0.0) -> Curves:
    """Accuracies a - b / epoch with random a and b; a is the feature `width`, and b the rate."""
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(60, 90, n), rng.uniform(10, 40, n)
    values = a[:, None] - b[:, None] / np.arange(1, epochs + 1) + noise * rng.normal(size=(n, epochs))
    return Curves.of(values, ACCURACY, architecture={"width": a}, hyperparameters={"rate": b})


def with_train_loss(losses: list[list[float]], accuracies: list[list[float]]) -> Curves:
    """Accuracies, and the training losses beside them."""
    values = np.stack([np.array(accuracies, float), np.array(losses, float)], axis=1)
    n, _, epochs = values.shape
    return Curves((ACCURACY, TRAIN_LOSS), values, np.arange(1, epochs + 1), np.full(n, epochs))


def with_losses(n: int, epochs: int = 8, seed: int = 0, noise: float = 0.3) -> Curves:
    """Accuracies, and a validation and a training loss that follow them."""
    one = rising(max(n, 1), epochs, seed, noise)[:n]
    loss = 5 - one.values / 25
    values = np.concatenate([one.values, loss, loss + 0.01], axis=1)
    return Curves((ACCURACY, LOSS, TRAIN_LOSS), values, one.epochs, one.lengths, one.architecture, one.hyperparameters)
