"""The 64 children of a supernet whose rankings Zhang et al. studied: four operations on three edges.

Three digits, one an edge, of (0, 1), (0, 2) and (1, 2): 1 maximum pooling 3x3, 2 and 3 separable convolutions 3x3 and
5x5, 4 a dilated one 5x5 (3x3 in the paper's text, 5x5 in its code). State 0 is the cell's input, 1 and 2 make up its
output. The index counts the digits up.

Source: Zhang et al., "Deeper insights into weight sharing in neural architecture search", arXiv:2001.01431.
"""

import re

from metanp.cell import Cell
from metanp.given.settings import read_text
from metanp.spaces.graph_space import GraphSpace

OPERATIONS = {"1": "maxpool3x3", "2": "sepconv3x3", "3": "sepconv5x5", "4": "dilconv5x5"}
STATE_EDGES = ((0, 1), (0, 2), (1, 2))  # of the digits; node i + 1 of the cell is the edge i
EDGES = ((0, 1), (0, 2), (1, 3), (1, 4), (2, 4), (3, 4))


class Subgraphs(GraphSpace):
    """The 64 children, digits counted up."""

    def __init__(self) -> None:
        super().__init__("subgraphs", OPERATIONS, EDGES)

    def parse_text(self, text: str) -> Cell:
        """From three digits; ValueError where it is another text."""
        text = read_text(text, f"a cell of {self.name}")
        if not re.fullmatch("[1-4]{3}", text):
            raise ValueError(f"not one of the 64 subgraphs: {text[:80]!r}; expected three digits from 1 to 4")
        return self.cell([int(digit) - 1 for digit in text])

    def write_text(self, cell: Cell) -> str:
        """To three digits."""
        return "".join(self.own_names[digit] for digit in self.digits(cell))


SPACE = Subgraphs()
