"""Who takes part in a leaderboard: MetaNP's checkpoints and the predictors of `configs/catalogue/`.

    catalogue, checkpoints -> entrants -> fits, one for each label set and number of labels

A new predictor is a class (see `metanp.baselines.base.Baseline`) and a line in the catalogue:

    mine: { make: { _target_: metanp.baselines.mine.Mine }, tuning: none }
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import OmegaConf
from rich.console import Console

from data import load_benchmark
from metanp.baselines.hybrids import PROXY, Hybrid
from metanp.baselines.proxies import Proxy
from metanp.baselines.weight_sharing import WeightSharing
from metanp.contract import About, Predictor
from metanp.predictor import MetaNP
from scripts.available import available_tables
from scripts.leaderboards.protocols import ProtocolConfig
from scripts.leaderboards.transfer import nearest_tables
from scripts.results.entrants import OURS, Described, Entrant, Fit, chosen, modules_of, trained
from scripts.results.provenance import checkpoint_digest, code_digest, settings_digest
from scripts.results.table import Column, Table

JUDGE = "scripts.leaderboards.judging"  # the code that rows of all predictors depend on
TRANSFER = "scripts.leaderboards.transfer"
PATH = Path(__file__).parent.parent.parent / "configs" / "catalogue" / "all.yaml"
WIDE = 120  # width of a terminal that shows all columns of the list


@dataclass
class Entry:
    """One predictor.

    make: the class, and settings other than its defaults. tuning: how its settings were chosen. slow: it takes more
    than two seconds a fit at 200 labels, and runs only if named or with `slow=true`. transfers: it is trained first on
    tasks of other benchmarks (`sources`), as far as the kind of table allows; a label-free table allows none.
    """

    make: dict[str, Any] = field(default_factory=dict)
    tuning: str = ""
    slow: bool = False
    transfers: bool = False


MINE = Described(
    "MetaNP",
    "meta-learned",
    ("cells", "side features", "learning-curve prefixes"),
    "this project",
    "one model for all tables of a kind; settings were chosen on NAS-Bench-Macro, NAS-Bench-NLP and three tasks of "
    "TransNAS-Bench-101, with the tested tables in view (docs/ablations.md)",
)


def made(name: str, **settings: Any) -> Any:
    """A predictor of `configs/catalogue/all.yaml`, unfitted."""
    return instantiate(read_catalogue()[name].make, **settings)


def read_catalogue() -> dict[str, Entry]:
    """All entries of the catalogue, without composing a configuration."""
    entries: Any = OmegaConf.to_container(OmegaConf.load(PATH))
    return {name: Entry(**entry) for name, entry in entries.items()}


def describe(name: str, entry: Entry) -> Described:
    """What a page says of an entry: the `about` of its class, its tuning and speed."""
    about: About = instantiate(entry.make).about
    return Described(about.title, about.family, tuple(about.needs), about.source, entry.tuning, entry.slow)


def select(catalogue: Mapping[str, Entry], names: Sequence[str], slow: bool) -> dict[str, Entry]:
    """The entries called `names`; if none are named, all fast ones, or with `slow` all.

    Raises:
        ValueError: an unknown name, with the nearest ones.
    """
    if names:
        return chosen(catalogue, names, "predictor")
    return {name: entry for name, entry in catalogue.items() if slow or not entry.slow}


def print_catalogue(catalogue: Mapping[str, Entry], form: str) -> None:
    """Print all predictors, as JSON or as a table.

    Raises:
        ValueError: another form.
    """
    if form not in ("json", "table"):
        raise ValueError(f"list={form}: it is json or table")
    known = {name: describe(name, entry) for name, entry in catalogue.items()}
    if form == "json":
        found = {OURS: MINE, **known}.items()
        print(json.dumps([{"name": name, "status": "available", **asdict(one)} for name, one in found], indent=2))
        return
    # a narrow terminal shows fewer columns, so that names, which people type, are never cut
    narrow = (console := Console()).is_terminal and console.width < WIDE
    heads = ["name", *(Column(title, css="text") for title in ("title", "speed", "family", "needs", "source"))]
    lines = [
        [name, one.title, "slow" if one.slow else "fast", one.family, ", ".join(one.needs), one.source]
        for name, one in {OURS: MINE, **known}.items()
    ]
    notes = [f"A terminal of {WIDE} columns shows more of each; so does list=json."] if narrow else []
    shown = slice(3 if narrow else None)
    Table(heads[shown], [line[shown] for line in lines], notes=notes).print()


def ours(kind: str, checkpoints: Sequence[str], benchmark: str, sets: int) -> Iterator[Entrant]:
    """MetaNP with each of its checkpoints; see `scripts.results.entrants.trained`."""
    for seed, name in trained(kind, checkpoints, benchmark).items():
        yield metanp(name, f"{OURS}-{kind}-{seed}", seed, sets)


def metanp(checkpoint: str, file: str, seed: int, sets: int, name: str = OURS) -> Entrant:
    """MetaNP with one checkpoint."""
    marks = {"config": checkpoint_digest(checkpoint), "code": code_digest("metanp.predictor", JUDGE)}
    make = {"_target_": "metanp.MetaNP", "checkpoint": checkpoint}
    return Entrant(file, make, seed, range(sets), {"predictor": name, "seed": seed, **marks})


def others(entries: Mapping[str, Entry], kind: str, benchmark: str, sets: int, slow_sets: int) -> Iterator[Entrant]:
    """The entries of the catalogue as entrants."""
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
    """Every label set at every budget that suits the predictor: 0 if it needs no label, only 0 if it reads none."""
    # of MetaNP the class is enough, which loads no checkpoint
    predictor: Predictor | type[MetaNP] = MetaNP if entrant.seed is not None else instantiate(entrant.make)
    needs, reads = predictor.fewest_labels > 0, predictor.reads_labels
    budgets = [budget for budget in protocol.budgets if needs <= bool(budget) <= reads]
    return entrant.fits(shown, protocol.columns[shown], budgets)


def taking_part(
    entries: Mapping[str, Entry], kind: str, protocol: ProtocolConfig, asked: Sequence[str]
) -> dict[str, Entry]:
    """Entries whose inputs exist here: side features, if they read nothing else, and benchmarks to transfer from.

    Raises:
        ValueError: an entry without its inputs was asked for by name.
    """
    lacks = {}
    for name, entry in entries.items():
        if not protocol.features and describe(name, entry).needs == ("side features",):
            lacks[name] = f"reads side features alone, and protocol {protocol.name} has none"
        elif not protocol.curves and describe(name, entry).needs == ("learning-curve prefixes",):
            lacks[name] = f"reads learning curves, and protocol {protocol.name} has none"
        elif isinstance(one := instantiate(entry.make), Proxy) and not one.among(protocol.features):
            lacks[name] = f"is the side feature {one.feature!r}, which protocol {protocol.name} has not"
        elif isinstance(one, WeightSharing) and one.source and one.source.space != _space_of(protocol):
            lacks[name] = f"is a supernet of {one.source.space}, and protocol {protocol.name} has other cells"
        elif isinstance(one, Hybrid) and not protocol.curves and not PROXY.among(protocol.features):
            lacks[name] = f"reads jacov and learning curves, and protocol {protocol.name} has neither"
        if entry.transfers and not nearest_tables(kind, protocol.benchmark):
            lacks[name] = f"is trained on measured tasks of other benchmarks, and a {kind} table allows none"
    for name in asked:
        if name in lacks:
            raise ValueError(f"{name} {lacks[name]}")
    return {name: entry for name, entry in entries.items() if name not in lacks}


def _space_of(protocol: ProtocolConfig) -> str | None:
    """The space of its cells; None where it has none."""
    return None if protocol.curves else load_benchmark(protocol.benchmark).space


def without_sources(entries: Mapping[str, Entry], kind: str, benchmark: str, download: bool) -> dict[str, str]:
    """The entries that transfer from benchmarks of which some are not available, or learn from images that are not,
    each with the reason."""
    lacking = dict(_without_images(entries, download))
    if not any(entry.transfers for entry in entries.values()):
        return lacking
    missing = available_tables(nearest_tables(kind, benchmark), download)[1]
    why = f"is trained first on benchmarks that are not available: {'; '.join(missing.values())}"
    return lacking | {name: f"{name} {why}" for name, entry in entries.items() if entry.transfers and missing}


def _without_images(entries: Mapping[str, Entry], download: bool) -> Iterator[tuple[str, str]]:
    for name, entry in entries.items():
        if isinstance(one := instantiate(entry.make), WeightSharing) and one.source:
            try:
                one.source.check(download)
            except FileNotFoundError as error:
                yield name, f"{name} is trained on images that are not available: {error}"
