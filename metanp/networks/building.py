"""`network`: the one way from an architecture and a skeleton to a `torch.nn.Module`."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from metanp.given.settings import read_count, read_torch_generator
from metanp.nearest import nearest
from metanp.networks.darts import DARTS
from metanp.networks.inverted import Blocks, NASBenchMacro
from metanp.networks.layers import Pooled
from metanp.networks.nasbench101 import NASBench101
from metanp.networks.nasbench201 import NASBench201
from metanp.networks.skeleton import Skeleton
from metanp.networks.subgraphs import Subgraphs
from metanp.networks.transformer import Transformer
from metanp.networks.transnas import TransNASMacro, TransNASMicro

SKELETONS: dict[str, Skeleton] = {
    "nasbench201": NASBench201(),
    "nasbench101": NASBench101(),
    "transnas_micro": TransNASMicro(),
    "transnas_macro": TransNASMacro(),
    "nasbench_macro": NASBenchMacro(),
    "darts": DARTS(),
    "blocks": Blocks(),
    "transformer": Transformer(),
    "subgraphs": Subgraphs(),
    "small": NASBench201(cells=1, stem_stride=2, between=Pooled),
}


def network(
    architecture: Any,
    skeleton: str | Skeleton,
    classes: int = 10,
    image_channels: int = 3,
    prune: bool = True,
    rng: Any = None,
) -> nn.Module:
    """A network with freshly drawn weights, from images (image, channel, height, width) to scores (image, class).

    Args:
        architecture: what the skeleton takes: a `Cell` for most; a genotype for `darts`, a list of blocks for `blocks`,
            of layers for `transformer`, digits for `transnas_macro`.
        skeleton: one of `SKELETONS`, or its name.
        image_channels: 3 for colour, 1 for grey.
        prune: whether operations that carry nothing are left out. Benchmarks build them; the only difference in what
            is computed is that those that the input does not reach add a constant of their own.
        rng: of the weights: a seed, or a generator of numpy's or PyTorch's; None draws anew.

    Raises:
        ValueError: no such skeleton; an architecture that it does not take; an operation without a module.
    """
    skeleton = find_skeleton(skeleton)
    classes, channels = read_count(classes, "classes"), read_count(image_channels, "image_channels")
    seed = _draw(read_torch_generator(rng))
    with torch.random.fork_rng(devices=[]):  # modules draw their weights from PyTorch's global generator
        torch.default_generator.manual_seed(seed)
        return skeleton.build(architecture, classes, channels, prune)


def find_skeleton(skeleton: str | Skeleton) -> Skeleton:
    """The skeleton, or the one of this name; ValueError names the nearest."""
    if isinstance(skeleton, Skeleton):
        return skeleton
    if skeleton not in SKELETONS:
        raise ValueError(f"no skeleton {skeleton!r:.80}; {nearest(skeleton, SKELETONS)}")
    return SKELETONS[skeleton]


def _draw(rng: torch.Generator) -> int:
    return int(torch.randint(2**62, (1,), generator=rng, device="cpu").item())
