"""Set convolution: evaluated cells become a signal on regular grids, and back again.

A handful of evaluated cells is a set: unordered and of any size. A convolutional network wants a regular grid. This
module is the bridge, used twice: context cells -> grids before the network, grids -> target cells after it. The grids
are two-dimensional, several of them, each with learned coordinates of its own; the kernel is separable.

Axes: task; map, one of the grids; cell, context or target; x and y, points of a grid; channel.
Independent of cells: embeddings and channels in, channels out.

Source: Gordon et al., "Convolutional Conditional Neural Processes", ICLR 2020 (arXiv:1910.13556).
"""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor, nn

EXTENT = 2.5  # a grid reaches from -EXTENT to EXTENT; coordinates are squeezed to within 2


class GridMaps(nn.Module):
    """Learned coordinates on several two-dimensional grids, and the two set convolutions between cells and grids."""

    def __init__(self, d_embed: int, maps: int, points: int):
        super().__init__()
        self.maps = maps
        self.coordinates = nn.Linear(d_embed, 2 * maps)
        self.grid: Tensor
        self.register_buffer("grid", torch.linspace(-EXTENT, EXTENT, points), persistent=False)
        self.log_scale = nn.Parameter(torch.full((maps, 1, 1), 0.35).log())

    def weights(
        self, embedding: Float[Tensor, "task cell d_embed"]
    ) -> tuple[Float[Tensor, "task map x cell"], Float[Tensor, "task map y cell"]]:
        """The weight of each cell at each point of a grid, along both axes of the grid."""
        place = 2 * torch.tanh(self.coordinates(embedding) / 2)
        place = place.unflatten(-1, (self.maps, 2)).permute(3, 0, 2, 1)  # (axis, task, map, cell)
        near = torch.exp(-0.5 * ((self.grid[:, None] - place[..., None, :]) / self.log_scale.exp()) ** 2)
        return near[0], near[1]

    def to_grid(
        self,
        weights: tuple[Tensor, Tensor],
        channels: Float[Tensor, "task channel cell"],
        present: Float[Tensor, "task cell"],
    ) -> Float[Tensor, "task map channels x y"]:
        """Density first, then each channel as its local average; `present` is 0 for padded cells."""
        along_x, along_y = weights
        along_x = along_x * present[:, None, None]
        density = along_x @ along_y.mT
        weighted = along_x[:, :, None] * channels[:, None, :, None, :]
        total = torch.einsum("tmcxn,tmyn->tmcxy", weighted, along_y)
        return torch.cat([density[:, :, None], total / (density[:, :, None] + 1e-2)], dim=2)

    def from_grid(
        self, weights: tuple[Tensor, Tensor], signal: Float[Tensor, "task map channel x y"]
    ) -> Float[Tensor, "task cell all_channels"]:
        """Each cell's local average of every channel of every grid, side by side."""
        along_x, along_y = (w / w.sum(2, keepdim=True) for w in weights)
        # both axes at once: one large matrix product is faster than a product along y and a sum along x
        near = (along_x[:, :, :, None] * along_y[:, :, None]).flatten(2, 3)
        return (signal.flatten(3) @ near).flatten(1, 2).mT


def convolutions(channels_in: int, width: int, channels_out: int, layers: int = 3) -> nn.Sequential:
    """A plain convolutional network that keeps the grid's size."""
    widths = [channels_in, *[width] * (layers - 1), channels_out]
    steps: list[nn.Module] = []
    for a, b in pairwise(widths):
        steps += [nn.Conv2d(a, b, kernel_size=5, padding=2), nn.GELU()]
    return nn.Sequential(*steps[:-1])
