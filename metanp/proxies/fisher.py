"""fisher: how much the loss depends on each channel, as the empirical Fisher information sees it.

A channel counts once for every weight that makes it: so the published values do, whose code spreads a channel's value
over its weights before it sums. Summed over channels alone, NAS-Bench-201's cells are ordered otherwise (Spearman .93).

Source: Theis et al. 2018 (arXiv:1801.05787), Turner et al., "BlockSwap", ICLR 2020 (arXiv:1906.04113); as a proxy
Abdelfattah et al. 2021 (arXiv:2101.08134).
"""

from __future__ import annotations

from typing import Any

from torch import nn

from metanp.proxies.passes import CHANNELS, passed


def fisher(network: nn.Module, batch: Any, rng: Any = 0) -> float:
    """The sum over weights of their channel's mean over images of half the squared flow; ValueError as `read_batch`.

    A channel's flow is its output times the cross entropy's gradient there, summed over pixels.
    """
    with passed(network, batch, rng, [CHANNELS]) as run:
        values = [(layer.weight[0].numel(), flow.square().mean(0).sum() / 2) for layer, flow in run.channel_flows]
        return sum(weights * float(value) for weights, value in values)
