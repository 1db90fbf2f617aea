"""TransNAS-Bench-101, micro space: four operations on the six edges between four states, 4,096 cells.

`64-41414-a_bc_def` names the stem and the macro skeleton (the same for every micro cell), then one digit an edge:
(0,1); (0,2), (1,2); (0,3), (1,3), (2,3), with 0 none, 1 skip, 2 conv1x1, 3 conv3x3. The index counts the digits up.

Source: Duan et al., "TransNAS-Bench-101", CVPR 2021 (arXiv:2105.11871).
"""

import re

from metanp.cell import Cell
from metanp.forms import register
from metanp.given.settings import read_text
from metanp.spaces.graph_space import FOUR_STATES, GraphSpace

OPERATIONS = {"0": "none", "1": "skip", "2": "conv1x1", "3": "conv3x3"}
SKELETON = "64-41414"
TEXT = re.compile(SKELETON + r"-(\d)_(\d)(\d)_(\d)(\d)(\d)")


class TransNAS(GraphSpace):
    """The 4,096 cells, digits counted up."""

    def __init__(self) -> None:
        super().__init__("transnas", OPERATIONS, FOUR_STATES)

    def parse_text(self, text: str) -> Cell:
        """From `64-41414-a_bc_def`; ValueError where it is another text."""
        text = read_text(text, f"a cell of {self.name}")
        if not (match := TEXT.fullmatch(text.strip())):
            raise ValueError(f"not a TransNAS-Bench-101 micro cell: {text[:80]!r}; expected '{SKELETON}-a_bc_def'")
        return self.cell([int(digit) for digit in match.groups()])

    def write_text(self, cell: Cell) -> str:
        """To `64-41414-a_bc_def`: what `cell` was made from, else the lowest digits that compute the same."""
        a, b, c, d, e, f = self.digits(cell)
        return f"{SKELETON}-{a}_{b}{c}_{d}{e}{f}"


SPACE = TransNAS()


def parse(text: str) -> Cell:
    """From the benchmark's string."""
    return SPACE.parse_text(text)


def write(cell: Cell) -> str:
    """To the benchmark's string; ValueError where none computes the same."""
    return SPACE.write_text(cell)


register("transnas", parse, write)
