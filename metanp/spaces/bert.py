"""NAS-Bench-BERT, FlexiBERT's space with one hidden width a model: two or four layers of 48 kinds, 10,621,440 models.

A layer is an operation with two or four heads, and a feed-forward part of one or three hidden layers, 512 or 1,024
wide. Operations: self-attention (SA) by scaled dot product or weighted multiplicative attention, a linear transform
(LT: DFT or DCT), a dynamic-span convolution (DSC) of kernel size 5 or 9. The hidden width is 128 or 256. FlexiBERT's
own space, of 3.32e9 models, has a hidden width for each layer and a width for each hidden layer.

Text: `256: SA:WMA:4:1024:3 LT:DCT:2:512:1`: hidden width, then operation and its parameter, heads, width and number of
feed-forward layers.

Sources: Tuli et al., "FlexiBERT", JAIR 2023 (arXiv:2205.11656); Serianni and Kalita, "Training-free NAS for RNNs and
transformers", ACL 2023 (arXiv:2306.00288).
"""

from collections.abc import Mapping
from typing import Any

from metanp.given.settings import read_text, shown
from metanp.spaces.block_space import Block, BlockSpace, Network

DEPTHS = (2, 4)
OPERATIONS = ("SA:SDP", "SA:WMA", "LT:DFT", "LT:DCT", "DSC:5", "DSC:9")
CHOICES = {
    "operation": OPERATIONS,
    "heads": (2, 4),
    "feed-forward width": (512, 1024),
    "number of feed-forward layers": (1, 3),
}
HIDDEN_WIDTHS = (128, 256)


def layer(operation: str, heads: int, width: int, count: int) -> dict[str, Any]:
    """What `Cell.from_blocks` takes for a layer; the operation with its parameter, as SA:SDP."""
    kind, _, parameter = operation.partition(":")
    same = {"heads": heads, "feed_forward_width": width, "feed_forward_layers": count}
    if kind == "SA":
        return {"name": "self-attention", "kind": "attention", "variant": parameter, **same}
    if kind == "LT":  # of fixed coefficients
        return {"name": "transform", "kind": "linear", "parametric": False, "variant": parameter, **same}
    return {"name": "span convolution", "kind": "convolution", "kernel_size": int(parameter), **same}


class BERT(BlockSpace):
    """The 10,621,440 models."""

    def __init__(self) -> None:
        super().__init__("bert", [DEPTHS], CHOICES, {"hidden_width": HIDDEN_WIDTHS})

    def block(self, block: Block) -> Mapping[str, Any]:
        return layer(*block)

    def read_code(self, text: str) -> Network:
        hidden, colon, layers = read_text(text, f"a model of {self.name}").strip().partition(": ")
        if not colon:
            raise ValueError(f"not a model of {self.name}: {shown(text)}; expected 256: SA:SDP:4:1024:1 ...")
        if wrong := [one for one in layers.split() if one.count(":") != len(CHOICES)]:
            raise ValueError(f"layer {wrong[0]!r:.40} of {shown(text)}; expected such as SA:SDP:4:1024:1")
        return self.checked([[one.rsplit(":", 3) for one in layers.split()]], [hidden])

    def write_code(self, code: Network) -> str:
        return f"{code.whole[0]}: " + " ".join(":".join(map(str, block)) for block in code.stages[0])


SPACE = BERT()
