"""How alike the images' Jacobians are: the correlation between the rows of (image, pixel)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from torch import Tensor


def correlation(rows: Tensor) -> Float[np.ndarray, "row row"]:
    """Pearson's, in float64, between rows.

    Raises:
        ValueError: a row is constant: the network answers that image, whatever it shows, alike; names it.
    """
    values = rows.detach().double().cpu().numpy()
    values = values - values.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(values, axis=1)
    if not (sizes > 0).all():
        bad = int(np.argmin(sizes > 0))
        raise ValueError(f"the network's scores of image {bad} have the same gradient, or none, at all of its pixels")
    values /= sizes[:, None]
    return np.clip(values @ values.T, -1, 1)
