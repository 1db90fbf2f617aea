"""How a network is trained: numbers alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Recipe:
    """SGD with Nesterov momentum and a cosine that ends at zero, a step a batch.

    learning_rate: at the first step.
    label_smoothing: share of the target that all classes have alike.
    padding: pixels around an image before it is cropped at random; 0 crops nothing.
    flip: whether half of the images are mirrored.
    clip: largest norm of a gradient; 0 leaves it as it is.
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 5e-4
    label_smoothing: float = 0.1
    padding: int = 4
    flip: bool = True
    clip: float = 0.0
