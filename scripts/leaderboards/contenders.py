"""Who takes part in a table: MetaNP's checkpoints and entries of the catalogue, each with what marks its rows.

checkpoints, entries -> contenders -> tasks, one a label set and number of labels
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.utils import instantiate

from data import load_benchmark
from metanp.checkpoint import load_model
from metanp.contract import Predictor
from metanp.predictor import MetaNP
from scripts.at_hand import tables_at_hand
from scripts.command import nearest
from scripts.leaderboards.catalogue import OURS, Entry, describe, modules_of
from scripts.leaderboards.protocols import ProtocolConfig
from scripts.leaderboards.transfer import nearest_tables
from scripts.processes import Task
from scripts.rows import Row, checkpoint_digest
from scripts.versions import code_digest, settings_digest
from tasks.sources import KINDS, check_honest

JUDGE = "scripts.evaluation"  # whose code makes rows what they are, whatever the predictor
TRANSFER = "scripts.leaderboards.transfer"


@dataclass(frozen=True)
class Contender:
    """A predictor of this table: where its rows are, how it is made, and what its rows are marked with."""

    file: str
    make: dict[str, Any]
    seed: int | None  # of its training; None: it is seeded by the label set
    sets: int
    marks: Row

    def tasks(self, shown: str, protocol: ProtocolConfig) -> Iterator[Task]:
        """Every label set at every budget; at 0 those alone that need no label, and those that read none only there."""
        make, scored = json.dumps(self.make), tuple(protocol.columns[shown])
        # of MetaNP the class knows as much, and has no checkpoint to load
        predictor: Predictor | type[MetaNP] = MetaNP if self.seed is not None else instantiate(self.make)
        needs_labels = predictor.fewest_labels > 0
        for number in range(self.sets):
            for budget in protocol.budgets:
                if needs_labels <= bool(budget) <= predictor.reads_labels:
                    yield Task(self.marks["predictor"], make, self.seed, shown, scored, number, budget)


def ours(kind: str, checkpoints: Sequence[str], benchmark: str, sets: int) -> Iterator[Contender]:
    """MetaNP's checkpoints, names or paths, one a training seed; without any the shipped one of this kind.

    Raises:
        ValueError: one that has no place in a table of this kind, or saw the benchmark; two of one training seed.
    """
    seeds: dict[int, str] = {}
    for name in checkpoints or [shipped_name(kind, benchmark)]:
        card = load_model(name)[1]
        check_honest(card, kind, benchmark)
        seed = card["training"]["seed"]
        if seed in seeds:
            raise ValueError(f"{seeds[seed]} and {name} are both of training seed {seed}; a table has one a seed")
        seeds[seed] = name
        marks = {"config": checkpoint_digest(name), "code": code_digest("metanp.predictor", JUDGE)}
        make = {"_target_": "metanp.MetaNP", "checkpoint": name}
        yield Contender(f"{OURS}-{kind}-{seed}", make, seed, sets, {"predictor": OURS, "seed": seed, **marks})


def others(entries: Mapping[str, Entry], kind: str, benchmark: str, sets: int, slow_sets: int) -> Iterator[Contender]:
    """Entries of the catalogue."""
    for name, entry in entries.items():
        file, make, code = name, dict(entry.make), [*modules_of(entry.make), JUDGE]
        if entry.transfers:
            tables = list(nearest_tables(kind, benchmark))
            file, code = f"{name}-{kind}", [*code, TRANSFER]
            make["sources"] = {"_target_": f"{TRANSFER}.MeasuredSources", "tables": tables}
        marks = {"config": settings_digest(make), "code": code_digest(*code)}
        if entry.transfers:
            marks["sources"] = settings_digest({name: load_benchmark(name).sources() for name in tables})
        seen = min(sets, slow_sets) if entry.slow else sets
        yield Contender(file, make, None, seen, {"predictor": name, "seed": 0, **marks})


def check_kind(kind: str) -> None:
    """ValueError where there is no such kind of meta-training; names the nearest."""
    if kind not in KINDS:
        raise ValueError(f"unknown kind of meta-training {kind!r}; {nearest(kind, KINDS)}")


def taking_part(
    entries: Mapping[str, Entry], kind: str, protocol: ProtocolConfig, asked: Sequence[str]
) -> dict[str, Entry]:
    """Those that have what they need: side features if they read nothing else, tasks of other benchmarks to start from.

    Raises:
        ValueError: one that has not was asked for by name.
    """
    lacks = {}
    for name, entry in entries.items():
        if not protocol.features and describe(name, entry).needs == ("side features",):
            lacks[name] = f"reads side features alone, and protocol {protocol.name} has none"
        if entry.transfers and not nearest_tables(kind, protocol.benchmark):
            lacks[name] = f"is trained on measured tasks of other benchmarks, and a {kind} table allows none"
    for name in asked:
        if name in lacks:
            raise ValueError(f"{name} {lacks[name]}")
    return {name: entry for name, entry in entries.items() if name not in lacks}


def without_sources(entries: Mapping[str, Entry], kind: str, benchmark: str, download: bool) -> dict[str, str]:
    """Of those that are trained on other benchmarks first, the ones whose tables are not all at hand, and why."""
    if not any(entry.transfers for entry in entries.values()):
        return {}
    absent = tables_at_hand(nearest_tables(kind, benchmark), download)[1]
    why = f"is trained first on benchmarks that are not at hand: {'; '.join(absent.values())}"
    return {name: f"{name} {why}" for name, entry in entries.items() if entry.transfers and absent}


def shipped_name(kind: str, benchmark: str) -> str:
    """The shipped checkpoint of a kind of meta-training for a benchmark."""
    return kind if kind == "label-free" else f"{kind}-{benchmark}"
