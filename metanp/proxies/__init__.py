"""Zero-cost proxies: what an untrained network says of itself in one batch, in the hope that it goes with accuracy.

    from metanp.networks import network
    from metanp.proxies import grad_norm, measure

    grad_norm(network(cell, "nasbench201"), (images, labels))
    measure(network(cell, "nasbench201"), (images, labels), ["synflow", "nwot"]).values

Each proxy is a function (network, batch) -> float in a file of its own, with a seed as third argument. The network is
any `torch.nn.Module` and stays as it was; random state outside is neither read nor changed. `measure` takes many names.

    params flops l2_norm                    what the network is; no image
    grad_norm snip plain fisher             one forward and one backward pass
    nwot                                    one forward pass, its ReLUs
    jacov jacov_classes epe_nas             one forward pass, the gradient at the images
    grasp synflow zen swap swap_standard    passes of their own
    vote                                    of a pool: the majority of synflow, jacov and snip
"""

from metanp.proxies.batch import Batch
from metanp.proxies.epe_nas import epe_nas
from metanp.proxies.fisher import fisher
from metanp.proxies.flops import flops
from metanp.proxies.grad_norm import grad_norm
from metanp.proxies.grasp import grasp
from metanp.proxies.jacov import jacov, jacov_classes
from metanp.proxies.l2_norm import l2_norm
from metanp.proxies.measure import PROXIES, SUITE_ZERO, Measured, measure
from metanp.proxies.nwot import nwot
from metanp.proxies.params import params
from metanp.proxies.plain import plain
from metanp.proxies.snip import snip
from metanp.proxies.swap import saturation, size_factor, swap, swap_standard
from metanp.proxies.synflow import synflow
from metanp.proxies.vote import pairs_right, vote
from metanp.proxies.zen import zen

__all__ = [
    "PROXIES",
    "SUITE_ZERO",
    "Batch",
    "Measured",
    "epe_nas",
    "fisher",
    "flops",
    "grad_norm",
    "grasp",
    "jacov",
    "jacov_classes",
    "l2_norm",
    "measure",
    "nwot",
    "pairs_right",
    "params",
    "plain",
    "saturation",
    "size_factor",
    "snip",
    "swap",
    "swap_standard",
    "synflow",
    "vote",
    "zen",
]
