"""Made-up learning curves with a known end, and trainings that print them, for tests."""

import numpy as np

from metanp.search.curve_log import Curve

EPOCHS = 20


def curve(end: float, epochs: int = EPOCHS, seed: int = 0) -> Curve:
    """Rises to `end` from 30 below, with half a point of noise that fades; the last value is the end."""
    noise = np.random.default_rng(seed).normal(size=epochs) * np.linspace(0.5, 0, epochs)
    steps = np.exp(-np.arange(1, epochs + 1) / 4)
    values = end - 30 * (steps - steps[-1]) + noise
    return Curve(1, values.tolist())
