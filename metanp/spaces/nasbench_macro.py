"""NAS-Bench-Macro: chains of eight blocks of a MobileNet-like network, 6,561 of them.

Eight digits, one a block, first to last: 0 skip, 1 inverted bottleneck with kernel 3 and expansion 3, 2 the same with
kernel 5 and expansion 6. The index counts the digits up. Blocks stand in three stages of 2, 3 and 3 whose first block
halves the image; the chain does not show this.

Source: Su et al., "Prioritized architecture sampling with Monte-Carlo tree search", CVPR 2021 (arXiv:2103.11922).
"""

import re

from metanp.cell import Cell
from metanp.given.settings import read_text
from metanp.spaces.graph_space import GraphSpace

OPERATIONS = {"0": "skip", "1": "mbconv3x3_e3", "2": "mbconv5x5_e6"}
BLOCKS = 8
CHAIN = tuple((i, i + 1) for i in range(BLOCKS + 1))


class NASBenchMacro(GraphSpace):
    """The 6,561 chains, digits counted up."""

    def __init__(self) -> None:
        super().__init__("nasbench_macro", OPERATIONS, CHAIN)

    def parse_text(self, text: str) -> Cell:
        """From eight digits; ValueError where it is another text."""
        text = read_text(text, f"a cell of {self.name}")
        if not re.fullmatch(f"[0-2]{{{BLOCKS}}}", text):
            raise ValueError(f"not a NAS-Bench-Macro network: {text[:80]!r}; expected {BLOCKS} digits from 0 to 2")
        return self.cell([int(digit) for digit in text])

    def write_text(self, cell: Cell) -> str:
        """To eight digits: what `cell` was made from, else the lowest that compute the same."""
        return "".join(map(str, self.digits(cell)))


SPACE = NASBenchMacro()
