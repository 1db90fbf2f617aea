"""Who takes part in a leaderboard: MetaNP's checkpoints and entries of the catalogue, each with what marks its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hydra.utils import instantiate

from data import load_benchmark
from metanp.contract import Predictor
from metanp.predictor import MetaNP
from scripts.at_hand import tables_at_hand
from scripts.leaderboards.catalogue import Entry, describe
from scripts.leaderboards.protocols import ProtocolConfig
from scripts.leaderboards.transfer import nearest_tables
from scripts.results.entrants import OURS, Entrant, modules_of, trained
from scripts.results.fits import Fit
from scripts.results.provenance import checkpoint_digest, code_digest, settings_digest

JUDGE = "scripts.leaderboards.judging"  # whose code makes rows what they are, whatever the predictor
TRANSFER = "scripts.leaderboards.transfer"


def ours(kind: str, checkpoints: Sequence[str], benchmark: str, sets: int) -> Iterator[Entrant]:
    """MetaNP's checkpoints; see `scripts.results.entrants.trained`."""
    for seed, name in trained(kind, checkpoints, benchmark).items():
        yield metanp(name, f"{OURS}-{kind}-{seed}", seed, sets)


def metanp(checkpoint: str, file: str, seed: int, sets: int, name: str = OURS) -> Entrant:
    """One checkpoint."""
    marks = {"config": checkpoint_digest(checkpoint), "code": code_digest("metanp.predictor", JUDGE)}
    make = {"_target_": "metanp.MetaNP", "checkpoint": checkpoint}
    return Entrant(file, make, seed, range(sets), {"predictor": name, "seed": seed, **marks})


def others(entries: Mapping[str, Entry], kind: str, benchmark: str, sets: int, slow_sets: int) -> Iterator[Entrant]:
    """Entries of the catalogue."""
    for name, entry in entries.items():
        file, make, code = name, dict(entry.make), [*modules_of(entry.make), JUDGE]
        more: dict[str, Any] = {}
        if entry.transfers:
            tables = list(nearest_tables(kind, benchmark))
            file, code = f"{name}-{kind}", [*code, TRANSFER]
            make["sources"] = {"_target_": f"{TRANSFER}.MeasuredSources", "tables": tables}
            more = {"sources": settings_digest({name: load_benchmark(name).sources() for name in tables})}
        marks = {"predictor": name, "seed": 0, "config": settings_digest(make), "code": code_digest(*code), **more}
        yield Entrant(file, make, None, range(min(sets, slow_sets) if entry.slow else sets), marks)


def fits(entrant: Entrant, shown: str, protocol: ProtocolConfig) -> Iterator[Fit]:
    """Every label set at every budget; at 0 those alone that need no label, and those that read none only there."""
    # of MetaNP the class knows as much, and has no checkpoint to load
    predictor: Predictor | type[MetaNP] = MetaNP if entrant.seed is not None else instantiate(entrant.make)
    needs, reads = predictor.fewest_labels > 0, predictor.reads_labels
    budgets = [budget for budget in protocol.budgets if needs <= bool(budget) <= reads]
    return entrant.fits(shown, protocol.columns[shown], budgets)


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
