"""From an architecture to a `torch.nn.Module`, and what it costs. PyTorch alone; no images, no training.

    from metanp.networks import cost, network

    net = network(Cell.from_nasbench201("|nor_conv_3x3~0|+..."), "nasbench201", classes=10)
    cost(net, (3, 32, 32))  # .parameters .flops .activations .latency

`metanp.networks.supernet` has one network for all architectures of a space.

What surrounds the cells is a skeleton (`SKELETONS`), which can be made anew in another size; what an operation becomes
is an entry of its table (`metanp.networks.modules`), which can be added to.
"""

from metanp.networks.building import SKELETONS, network
from metanp.networks.costs import Cost, cost
from metanp.networks.darts import DARTS
from metanp.networks.inverted import Block, Blocks, NASBenchMacro
from metanp.networks.modules import Maker
from metanp.networks.nasbench101 import NASBench101
from metanp.networks.nasbench201 import NASBench201
from metanp.networks.place import Place
from metanp.networks.skeleton import ImageNetwork, Images, Skeleton, TextNetwork
from metanp.networks.subgraphs import Subgraphs
from metanp.networks.transformer import Transformer, TransformerLayer
from metanp.networks.transnas import TransNASMacro, TransNASMicro

__all__ = [
    "DARTS",
    "SKELETONS",
    "Block",
    "Blocks",
    "Cost",
    "ImageNetwork",
    "Images",
    "Maker",
    "NASBench101",
    "NASBench201",
    "NASBenchMacro",
    "Place",
    "Skeleton",
    "Subgraphs",
    "TextNetwork",
    "TransNASMacro",
    "TransNASMicro",
    "Transformer",
    "TransformerLayer",
    "cost",
    "network",
]
