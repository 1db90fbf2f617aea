"""Input from callers, read and checked in one place: cells, numbers, counts, names and random generators.

Input with one sensible reading is accepted: any iterable of cells by position, a pandas column whatever its index,
tensors of any kind, missing numbers in any spelling, 10.0 for 10, a seed for a generator. All else is refused, with a
message that names the item and the remedy. Input is copied: a list that changes afterwards changes no result.

`MetaNP`, `Search`, the baselines, the metrics and the command line all read their input through here. Needs numpy
alone: objects of other libraries are recognised by their attributes.

cells.py      collections of cells
numbers.py    columns of numbers: scores, side features
settings.py   counts, flags, probabilities, texts, random generators; used by spaces too, so it is independent of cells
"""

from metanp.given.cells import read_cells, read_evaluated
from metanp.given.numbers import check_alike, read_numbers, read_scores
from metanp.given.settings import (
    InputError,
    read_count,
    read_flag,
    read_generator,
    read_items,
    read_probability,
    read_seed,
    read_text,
    read_torch_generator,
    shown,
)

__all__ = [
    "InputError",
    "check_alike",
    "read_cells",
    "read_count",
    "read_evaluated",
    "read_flag",
    "read_generator",
    "read_items",
    "read_numbers",
    "read_probability",
    "read_scores",
    "read_seed",
    "read_text",
    "read_torch_generator",
    "shown",
]
