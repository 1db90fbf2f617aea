"""How well the children of a supernet do on images, with the weights that they share.

What all children have alike, the layers before their first choice, runs once for all of them; the numbers are those of
each child's own network, to the last bit.

Axes: child; image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from metanp.networks.choices import Picks
from metanp.networks.normalising import READINGS, read_by, restored, set_statistics
from metanp.networks.prefix import OneOf, SharedPrefix
from metanp.networks.supernet import Supernet, has_choice

Images = Float[Tensor, "image channel height width"]


def accuracies(
    net: Supernet | SharedPrefix,
    children: Iterable[Picks],
    images: Images,
    labels: Int[Tensor, " image"],
    reading: str = READINGS[0],
    training: Sequence[Images] = (),
) -> Float[np.ndarray, " child"]:
    """Accuracy of each child in percent; the network chooses the last one afterwards.

    Args:
        images: read at once, so that they all are one batch where a reading uses the batch's statistics.
        reading, training: as in `metanp.networks.normalising.read_by`.

    Raises:
        ValueError: as `read_by`.
    """
    stem, rest = _halves(net)
    right: list[float] = []
    with torch.inference_mode():
        with read_by(stem, reading, training):
            images, training = stem(images), [stem(batch) for batch in training]
        with restored(rest) as layers:
            for picks in children:
                net.pick(picks)
                set_statistics(rest, layers, reading, training)
                right.append(float((rest(images).argmax(1) == labels).sum()))
    return 100 * np.array(right) / len(labels)


def _halves(net: Supernet | SharedPrefix) -> tuple[nn.Module, nn.Module]:
    """The layers before the first choice, and all that follow."""
    layers = net.layers
    first = next(i for i, layer in enumerate(layers) if isinstance(layer, OneOf) or has_choice(layer))
    halves = nn.Sequential(*layers[:first]), nn.Sequential(*layers[first:])
    for half in halves:
        half.training = net.training  # to which `read_by` goes back
    return halves
