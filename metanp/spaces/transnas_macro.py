"""TransNAS-Bench-101, macro space: four to six modules that may double the channels or halve the image, 3,256 networks.

`64-1234-basic`: the channels behind the stem, a digit a module, the kind of block. A digit of 2 or 4 doubles the
channels, 3 or 4 halves the image, 1 does neither. A network halves the image one to four times, and doubles its
channels one to three times. The index counts the digits up, short networks first.

A module is a convolution of kernel size 3 with its stride and the width of its output, in a chain (`Cell.from_blocks`).

Source: Duan et al., "TransNAS-Bench-101", CVPR 2021 (arXiv:2105.11871).
"""

import re
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np

from metanp import blocks
from metanp.cell import Cell
from metanp.given.settings import read_text, shown
from metanp.spaces.coded import CodedSpace, either, known_one

CHANNELS = 64  # behind the stem
MODULES = (4, 5, 6)
KINDS = "1234"
DOUBLES, HALVES = "24", "34"
DOUBLINGS = (1, 2, 3)
HALVINGS = (1, 2, 3, 4)
TEXT = re.compile(rf"(?:{CHANNELS}-)?(\d+)(?:-basic)?")


class TransNASMacro(CodedSpace[str]):
    """The 3,256 networks; a code is the digits of the modules."""

    name = "transnas_macro"

    def __len__(self) -> int:
        return len(CODES)

    def cell(self, code: str) -> Cell:
        width, modules = CHANNELS, []
        for digit in code:
            width *= 2 if digit in DOUBLES else 1
            stride = 2 if digit in HALVES else 1
            modules.append({"kind": "convolution", "kernel_size": 3, "stride": stride, "width": width})
        return blocks.read(modules)

    def code(self, cell: Cell) -> str:
        said, code, before = dict(cell.parameters), "", CHANNELS
        for i in range(max(MODULES)):
            stride, width = said.get(f"{i}.stride", 1), said.get(f"{i}.width")
            if width is None:
                break
            code += KINDS[(width != before) + 2 * (stride != 1)]
            before = width  # type: ignore[assignment]
        if code in PLACES and self.cell(code).key == cell.key:
            return code
        raise self._foreign(cell)

    def list_cells(self) -> Sequence[Cell]:
        return [self.cell(code) for code in CODES]

    def find(self, cell: Cell) -> int:
        return PLACES[self.code(cell)]

    def draw(self, rng: np.random.Generator) -> str:
        """All networks are equally likely."""
        return CODES[int(rng.integers(len(CODES)))]

    def near(self, code: str) -> Iterator[str]:
        """One module changed, added or removed."""
        places = range(len(code) + 1)
        changed = [code[:i] + kind + code[i + 1 :] for i in places[:-1] for kind in KINDS if kind != code[i]]
        added = [code[:i] + kind + code[i:] for i in places for kind in KINDS]
        removed = [code[:i] + code[i + 1 :] for i in places[:-1]]
        return (one for one in dict.fromkeys((*changed, *added, *removed)) if one in PLACES)

    def join(self, a: str, b: str, rng: np.random.Generator) -> str:
        """The number of modules from either, then each module from either that has it; `a` where that is no network."""
        depth = either(len(a), len(b), rng)
        both = "".join(either(p, q, rng) for p, q in zip(a, b, strict=False))
        child = (both + max(a, b, key=len)[len(both) :])[:depth]
        return child if child in PLACES else a

    def read_code(self, text: str) -> str:
        found = TEXT.fullmatch(read_text(text, f"a network of {self.name}").strip())
        if not found:
            raise ValueError(f"not a TransNAS-Bench-101 macro network: {shown(text)}; expected such as 64-1234-basic")
        for i, digit in enumerate(found[1]):
            known_one(digit, KINDS, f"module {i} of {shown(text)}")
        _known(len(found[1]), MODULES, "modules", text)
        _known(sum(digit in DOUBLES for digit in found[1]), DOUBLINGS, "doublings of the channels (2 or 4)", text)
        _known(sum(digit in HALVES for digit in found[1]), HALVINGS, "halvings of the image (3 or 4)", text)
        return found[1]

    def write_code(self, code: str) -> str:
        return f"{CHANNELS}-{code}-basic"


def _known(count: int, known: Sequence[int], what: str, text: str) -> None:
    known_one(count, known, f"the number of {what} in {shown(text)}")


def _codes() -> Iterator[str]:
    for modules in MODULES:
        for code in map("".join, product(KINDS, repeat=modules)):
            if sum(d in DOUBLES for d in code) in DOUBLINGS and sum(d in HALVES for d in code) in HALVINGS:
                yield code


CODES = tuple(_codes())
PLACES = {code: place for place, code in enumerate(CODES)}
SPACE = TransNASMacro()
