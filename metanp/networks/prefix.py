"""Children that share their first cells alone: what follows, each has for itself.

With no cell shared, that is the stem; with all, everything but the head behind the cells. For skeletons whose layers
follow one another.

Source: Zhang et al. 2020 (arXiv:2001.01431), prefix sharing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from metanp.cell import Cell
from metanp.networks.building import network
from metanp.networks.choices import Picks
from metanp.networks.skeleton import ImageNetwork
from metanp.networks.supernet import Supernet, has_choice


class SharedPrefix(nn.Module):
    """A supernet's first cells, and for each child all that follows.

    Args:
        supernet: whose stem and first cells are shared.
        children: cells of its space.
        cells: how many are shared.
        seed: of the weights of what each child has for itself.

    Raises:
        ValueError: no child, more cells than there are, or a skeleton whose layers do not follow one another.
    """

    def __init__(self, supernet: Supernet, children: Sequence[Cell], cells: int, seed: int):
        super().__init__()
        starts = [i for i, layer in enumerate(supernet.layers) if has_choice(layer)]
        if not children:
            raise ValueError("a prefix without children; give the cells that share it")
        if not 0 <= cells <= len(starts):
            raise ValueError(f"{cells} cells to share; this skeleton has {len(starts)}: give 0 to {len(starts)}")
        if not isinstance(body := supernet.net.body, nn.Sequential):
            raise ValueError(
                f"the cells of the skeleton {supernet.skeleton} do not follow one another alone: none of it can be a "
                "shared prefix; take another skeleton, such as subgraphs or small"
            )
        cut = [*starts, starts[-1] + 1][cells]
        rests = [self._rest(supernet, child, cut, seed + i) for i, child in enumerate(children)]
        self.shared, self.own = body[:cut], OneOf(rests)
        self._supernet = [supernet]  # in a list, as what is cut off it is no part of this
        self._number = {supernet.picks(child): i for i, child in enumerate(children)}

    def forward(self, images: Float[Tensor, "image channel height width"]) -> Float[Tensor, "image class"]:
        return self.own(self.shared(images))

    @property
    def layers(self) -> list[nn.Module]:
        """What runs one after the other."""
        return [*self.shared.children(), self.own]

    def pick(self, picks: Picks | None) -> None:
        """Compute what this child computes.

        Raises:
            ValueError: it is none of the children, or no single one.
        """
        if picks not in self._number:
            raise ValueError(f"{picks} is none of the {len(self._number)} children of this prefix; make one with it")
        self._supernet[0].pick(picks)
        self.own.active = self._number[picks]

    @staticmethod
    def _rest(supernet: Supernet, child: Cell, cut: int, seed: int) -> nn.Module:
        rng = torch.Generator().manual_seed(int(np.random.default_rng(seed).integers(2**62)))
        net = network(child, supernet.skeleton, supernet.classes, supernet.image_channels, prune=False, rng=rng)
        assert isinstance(net, ImageNetwork)
        assert isinstance(net.body, nn.Sequential)
        return nn.Sequential(*net.body[cut:].children(), net.head)


class OneOf(nn.Module):
    """Several modules, of which one is active."""

    def __init__(self, modules: Sequence[nn.Module]):
        super().__init__()
        self.options, self.active = nn.ModuleList(modules), 0

    def forward(self, images: Tensor) -> Tensor:
        return self.options[self.active](images)
