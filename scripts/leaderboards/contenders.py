"""Who takes part in a table: MetaNP's checkpoints and entries of the catalogue, each with what marks its rows.

checkpoints, entries -> contenders -> tasks, one a label set and number of labels
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.utils import instantiate

from metanp.checkpoint import load_model
from scripts.leaderboards.catalogue import OURS, Entry, describe, module_of
from scripts.leaderboards.protocols import ProtocolConfig
from scripts.processes import Task
from scripts.rows import Row, checkpoint_digest
from scripts.versions import code_digest, settings_digest
from tasks.sources import check_honest

JUDGE = "scripts.evaluation"  # whose code makes rows what they are, whatever the predictor


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
        needs_labels = self.seed is None and instantiate(self.make).fewest_labels > 0
        reads_labels = self.seed is not None or needs_labels
        for number in range(self.sets):
            for budget in protocol.budgets:
                if needs_labels <= bool(budget) <= reads_labels:
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


def others(entries: Mapping[str, Entry], sets: int, slow_sets: int) -> Iterator[Contender]:
    """Entries of the catalogue."""
    for name, entry in entries.items():
        marks = {"config": settings_digest(entry.make), "code": code_digest(module_of(entry), JUDGE)}
        seen = min(sets, slow_sets) if entry.slow else sets
        yield Contender(name, dict(entry.make), None, seen, {"predictor": name, "seed": 0, **marks})


def readable(entries: dict[str, Entry], protocol: ProtocolConfig, asked: Sequence[str]) -> dict[str, Entry]:
    """Those that have something to read: where a protocol has no side features, not those that read them alone.

    Raises:
        ValueError: such a one was asked for by name.
    """
    blind = {name for name, entry in entries.items() if describe(name, entry).needs == ("side features",)}
    if protocol.features:
        return entries
    if refused := sorted(blind & set(asked)):
        raise ValueError(f"{', '.join(refused)}: read side features alone, and protocol {protocol.name} has none")
    return {name: entry for name, entry in entries.items() if name not in blind}


def shipped_name(kind: str, benchmark: str) -> str:
    """The shipped checkpoint of a kind of meta-training for a benchmark."""
    return kind if kind == "label-free" else f"{kind}-{benchmark}"
