"""Many proxies of one network at once: what can share a forward or backward pass does, and what fails is said.

`PROXIES` has them by name, each a function (network, batch) -> float with a seed as third argument. One that reads a
`Pass` names what it watches there, so that one pass serves all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn

from metanp.brief import brief
from metanp.given.settings import read_items, read_seed
from metanp.nearest import nearest_one
from metanp.proxies.epe_nas import epe_nas
from metanp.proxies.fisher import fisher
from metanp.proxies.flops import flops
from metanp.proxies.grad_norm import grad_norm
from metanp.proxies.grasp import grasp
from metanp.proxies.jacov import jacov, jacov_classes
from metanp.proxies.l2_norm import l2_norm
from metanp.proxies.nwot import nwot
from metanp.proxies.params import params
from metanp.proxies.passes import CHANNELS, IMAGES, PATTERNS, passed
from metanp.proxies.plain import plain
from metanp.proxies.snip import snip
from metanp.proxies.swap import swap, swap_standard
from metanp.proxies.synflow import synflow
from metanp.proxies.zen import zen

Proxy = Callable[..., float]

PROXIES: Mapping[str, Proxy] = {
    "params": params,
    "flops": flops,
    "l2_norm": l2_norm,
    "grad_norm": grad_norm,
    "snip": snip,
    "plain": plain,
    "fisher": fisher,
    "grasp": grasp,
    "synflow": synflow,
    "jacov": jacov,
    "jacov_classes": jacov_classes,
    "epe_nas": epe_nas,
    "nwot": nwot,
    "zen": zen,
    "swap": swap,
    "swap_standard": swap_standard,
}
# the thirteen of NAS-Bench-Suite-Zero
SUITE_ZERO = tuple(sorted(PROXIES.keys() - {"jacov_classes", "swap", "swap_standard"}))
SHARING: Mapping[str, tuple[str, ...]] = {  # proxies that read a pass -> what they watch in it
    "grad_norm": (),
    "snip": (),
    "plain": (),
    "fisher": (CHANNELS,),
    "nwot": (PATTERNS,),
    "jacov": (IMAGES,),
    "jacov_classes": (IMAGES,),
    "epe_nas": (IMAGES,),
}


@dataclass(frozen=True)
class Measured:
    """Proxies of one network, higher or lower as they are.

    values: NaN where one failed.
    reasons: of those that failed, why.
    seconds: that each would take alone (`metanp.proxies.meter`); where it failed, until then.
    together: seconds of all, which share passes.
    """

    values: Mapping[str, float]
    reasons: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    together: float = math.nan

    __repr__ = brief


def measure(network: nn.Module, batch: Any, names: Iterable[str] = SUITE_ZERO, rng: Any = 0) -> Measured:
    """Several proxies of a network, which stays as it is.

    Args:
        batch: images and labels, as `read_batch` takes them; 32 images in NAS-Bench-Suite-Zero.
        names: of `PROXIES`.
        rng: of what is random in a proxy or in the network: a seed, or a generator.

    Raises:
        ValueError: an unknown proxy, named with the nearest; or a batch that no proxy can read.
    """
    wanted, seed = read_names(names), read_seed(rng)
    watched = {what for name in wanted for what in SHARING.get(name, ())}
    values, reasons, spans = dict.fromkeys(wanted, math.nan), {}, {}
    with passed(network, batch, seed, watched) as run, run.meter.span() as everything:
        for name in wanted:
            try:
                with run.meter.span() as spans[name]:
                    values[name] = _finite(PROXIES[name](network, run, seed))
            except (ValueError, ArithmeticError, RuntimeError, NotImplementedError) as error:
                reasons[name] = str(error)
    seconds = {name: run.meter.alone(span) for name, span in spans.items()}
    return Measured(values, reasons, seconds, everything.inner + everything.own)


def read_names(names: Any) -> list[str]:
    """Names of proxies, each once; ValueError names one that is unknown, and the nearest."""
    wanted = dict.fromkeys([names] if isinstance(names, str) else read_items(names, "the list of proxies"))
    for name in wanted:
        if name not in PROXIES:
            known = f"known: {', '.join(PROXIES)}"
            raise ValueError(f"unknown proxy {name!r:.80}; {nearest_one(name, PROXIES)}; {known}")
    if not wanted:
        raise ValueError(f"no proxy is asked for; known: {', '.join(PROXIES)}")
    return list(wanted)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ArithmeticError(f"the value is {value}: the network's numbers leave the range of floats")
    return float(value)
