"""The predictors of the leaderboards: the entries of `configs/catalogue/`, and what there is to say of each.

A new one is a class (see `metanp.baselines.base.Baseline`) and a line there:

    mine: { make: { _target_: metanp.baselines.mine.Mine }, tuning: none }
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import OmegaConf
from rich.console import Console

from metanp.contract import About
from scripts.results.entrants import OURS, Described, chosen
from scripts.results.table import Column, Table

PATH = Path(__file__).parent.parent.parent / "configs" / "catalogue" / "all.yaml"
WIDE = 120  # columns of a terminal from which on all of the list is shown
NOT_YET = (  # family, and what is to come
    ("learning-curve", "extrapolation of learning curves, with early stopping (Baker et al. 2018, arXiv:1705.10823)"),
    ("weight-sharing", "scores of cells inside a supernet (Zhang et al. 2020, arXiv:2001.01431)"),
    ("hybrid", "learning curves and zero-cost scores as side features of model-based predictors (White et al. 2021)"),
)


@dataclass
class Entry:
    """One predictor.

    make: the class, and settings other than its defaults. tuning: how its settings came about. slow: takes more than
    two seconds a fit at 200 labels, and runs when asked for by name or with `slow=true`. transfers: is made with
    `sources`, the tasks of other benchmarks that a kind of table allows; a label-free table allows none.
    """

    make: dict[str, Any] = field(default_factory=dict)
    tuning: str = ""
    slow: bool = False
    transfers: bool = False


MINE = Described(
    "MetaNP",
    "meta-learned",
    ("cells", "side features"),
    "this project",
    "one model for all tables of a kind; settings were chosen on NAS-Bench-Macro, NAS-Bench-NLP and three tasks of "
    "TransNAS-Bench-101, with the tested tables in view (docs/ablations.md)",
)


def made(name: str, **settings: Any) -> Any:
    """A predictor of `configs/catalogue/all.yaml`, unfitted."""
    return instantiate(read_catalogue()[name].make, **settings)


def read_catalogue() -> dict[str, Entry]:
    """All entries, without a configuration being composed."""
    entries: Any = OmegaConf.to_container(OmegaConf.load(PATH))
    return {name: Entry(**entry) for name, entry in entries.items()}


def describe(name: str, entry: Entry) -> Described:
    """What the entry's class says of itself, and the entry."""
    about: About = instantiate(entry.make).about
    return Described(about.title, about.family, tuple(about.needs), about.source, entry.tuning, entry.slow)


def select(catalogue: Mapping[str, Entry], names: Sequence[str], slow: bool) -> dict[str, Entry]:
    """The entries called `names`; without any, all fast ones, and with `slow` all.

    Raises:
        ValueError: a name that is in no entry; says which are nearest.
    """
    if names:
        return chosen(catalogue, names, "predictor")
    return {name: entry for name, entry in catalogue.items() if slow or not entry.slow}


def print_catalogue(catalogue: Mapping[str, Entry], form: str) -> None:
    """All predictors, and those to come, as JSON or as a table.

    Raises:
        ValueError: another form.
    """
    if form not in ("json", "table"):
        raise ValueError(f"list={form}: it is json or table")
    known = {name: describe(name, entry) for name, entry in catalogue.items()}
    if form == "json":
        there = [{"name": name, "status": "available", **asdict(one)} for name, one in {OURS: MINE, **known}.items()]
        coming = [{"family": family, "title": title, "status": "not yet"} for family, title in NOT_YET]
        print(json.dumps([*there, *coming], indent=2))
        return
    # a narrow terminal has fewer columns, so that the names, which people type, are never cut
    narrow = (console := Console()).is_terminal and console.width < WIDE
    heads = ["name", *(Column(title, css="text") for title in ("title", "speed", "family", "needs", "source"))]
    lines = [
        [name, one.title, "slow" if one.slow else "fast", one.family, ", ".join(one.needs), one.source]
        for name, one in {OURS: MINE, **known}.items()
    ]
    lines += [["", title, "not yet", family, "", ""] for family, title in NOT_YET]
    notes = [f"A terminal of {WIDE} columns shows more of each; so does list=json."] if narrow else []
    shown = slice(3 if narrow else None)
    Table(heads[shown], [line[shown] for line in lines], notes=notes).print()
