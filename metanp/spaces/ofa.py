"""Once-for-all, the space of its MobileNetV3 supernet: five stages of 2 to 4 inverted bottlenecks, 5.4e20 networks.

Each block has a kernel size of 3, 5 or 7 and an expansion of 3, 4 or 6; images have 128 to 224 pixels, by 4. The width
is fixed. Every network of the benchmark `ofa` is in it; those of `ofa_cifar10` and its like have exits, and are not.

Text: `3x5 4x3|6x7 ...@224`: expansion x kernel size of each active block, a bar between stages, the resolution.
`OFA(resolutions=(224,))` is the space of one resolution.

Source: Cai et al., "Once-for-All", ICLR 2020 (arXiv:1908.09791).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from metanp.given.settings import read_text, shown
from metanp.spaces.block_space import Block, BlockSpace, Network

STAGES = 5
DEPTHS = (2, 3, 4)
KERNEL_SIZES = (3, 5, 7)
EXPANSIONS = (3, 4, 6)
RESOLUTIONS = tuple(range(128, 225, 4))


def inverted_bottleneck(kernel_size: int, expansion: int) -> dict[str, Any]:
    """What `Cell.from_blocks` takes for one block."""
    return {"kind": "inverted bottleneck", "kernel_size": kernel_size, "expansion": expansion}


class OFA(BlockSpace):
    """Networks of some resolutions.

    Args:
        resolutions: in pixels.
        name: of the space; one of fewer resolutions needs its own, if it is searched on the command line.
    """

    def __init__(self, resolutions: Sequence[int] = RESOLUTIONS, name: str = "ofa"):
        choices = {"expansion": EXPANSIONS, "kernel size": KERNEL_SIZES}
        super().__init__(name, [DEPTHS] * STAGES, choices, {"resolution": tuple(resolutions)})

    def block(self, block: Block) -> Mapping[str, Any]:
        expansion, kernel_size = block
        return inverted_bottleneck(kernel_size, expansion)

    def read_code(self, text: str) -> Network:
        written, at, resolution = read_text(text, f"a network of {self.name}").strip().partition("@")
        rows = [[block.split("x") for block in row.split()] for row in written.split("|")]
        if not at or any(len(block) != 2 for row in rows for block in row):
            raise ValueError(f"not a network of {self.name}: {shown(text)}; expected 3x5 4x3|...@224, five stages")
        return self.checked(rows, [resolution])

    def write_code(self, code: Network) -> str:
        stages = (" ".join(f"{expansion}x{kernel_size}" for expansion, kernel_size in row) for row in code.stages)
        return f"{'|'.join(stages)}@{code.whole[0]}"


SPACE = OFA()
