"""Simulated searches on tables: `python -m scripts.search_benchmark benchmark=nasbench201 dataset=cifar10`.

Every strategy searches a benchmark several times, with scores from its table, until it has the best cell or the limit
is reached. The table says how many evaluations that took, and what was found after 50 and 100. `strategies=[random]`
names some of `configs/search_strategies/`, `slow=true` runs all of them.

Writes, under `results/search/<benchmark>/`: `rows/<column>/<strategy>.jsonl`, a run a line with its whole trajectory,
so that a killed benchmark continues where it stopped; `<dataset>-<kind>.parquet`, the runs of this table; `.csv`,
`.md`, `.json`, the table; `.html`, the page. Settings that differ from a benchmark's own are in the names: `-proxies`,
`-batch10`, `-evaluations50`. With `publish=true` also a summary in `results/summary/`, from which `scripts.readme`
makes tables; not of data on which MetaNP's search was chosen. `format=json` prints an object for each strategy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from hydra.core.config_store import ConfigStore
from rich.console import Console

from data import load_benchmark
from data.table import Table
from metanp.nearest import nearest
from scripts.available import Missing
from scripts.command import command
from scripts.results.entrants import Described, Entrant, Fit, check_kind, check_known
from scripts.results.provenance import data_digest, publish, settings_digest
from scripts.results.published import read_search
from scripts.results.rows import Row
from scripts.results.running import Files, Running, write
from scripts.searches.entrants import Rival, Searches, entrants, select
from scripts.searches.page import write_search_page
from scripts.searches.simulation import Problem, SearchConfig, problem
from scripts.searches.summary import Found, Line, flat
from scripts.searches.tables import search_table

FORMATS = ("table", "json")
OF_CODE = ("code", "rows")  # marks that stale=true ignores; the oldest rows lack the second
Names = list[str]
Numbers = list[int]


@dataclass
class Config(Running):
    """All options of simulated searches."""

    benchmark: str = "nasbench201"
    benchmarks: dict[str, SearchConfig] = field(default_factory=dict)
    dataset: str = ""  # one of the benchmark's; "": all, one after another
    strategies: Names = field(default_factory=lambda: [])  # of `known`; empty: the benchmark's, or all that are fast
    known: dict[str, Rival] = field(default_factory=dict)
    slow: bool = False  # all strategies, also slow ones and those that the benchmark does not name
    kind: str = "label-free"
    checkpoints: Names = field(
        default_factory=lambda: []
    )  # names or paths, one a training seed; empty: the shipped one
    proxies: bool = False  # zero-cost proxies, for strategies that read side features
    repeats: int = 20
    evaluations: int = 0  # the most in a run; 0: the benchmark's limit
    batch: int = 0  # cells asked for at once; 0: each strategy's own
    after: Numbers = field(default_factory=lambda: [50, 100])  # evaluations whose incumbents are reported
    seed: int = 0
    limit: float = 14400.0  # seconds that a run may take
    stale: bool = False  # with fill=false: use rows of older code too
    format: str = "table"  # or json
    output: str = "results/search/${benchmark}"

    @property
    def study(self) -> str:
        return f"search-{self.benchmark}"

    def files_of(self, one: Entrant, fits: Iterable[Fit], folder: Path, marks: Row) -> Files:
        """With `stale`, marks of code are ignored."""
        if self.stale:
            marks = {name: mark for name, mark in (one.marks | marks).items() if name not in OF_CODE}
            one = replace(one, marks={})
        return super().files_of(one, fits, folder, marks)


ConfigStore.instance().store(name="schema_of_search_benchmark", node=Config)


@dataclass(frozen=True)
class Part:
    """The searches of one data set of a benchmark; `missing` is a sentence about missing columns, or ""."""

    config: Config
    where: SearchConfig
    dataset: str
    problem: Problem
    missing: str

    @property
    def limit(self) -> int:
        """The most evaluations of a run."""
        return self.config.evaluations or self.where.limit

    @property
    def stem(self) -> str:
        """The beginning of its files' names, with the settings that differ from the benchmark's own."""
        batch = f"-batch{self.config.batch}" if self.config.batch else ""
        evaluations = f"-evaluations{self.limit}" * (self.limit != self.where.limit)
        return f"{self.dataset}-{self.config.kind}" + "-proxies" * self.config.proxies + batch + evaluations

    @property
    def notes(self) -> list[str]:
        """Notes below its table that do not depend on the numbers."""
        asked = f"{self.config.batch} cells at once" if self.config.batch else "each its own number at once"
        notes = [f"Seed {self.config.seed}, up to {self.config.repeats} runs of each strategy, {asked}.", self.missing]
        if self.dataset in self.where.development:
            notes.insert(0, "Development data: MetaNP's acquisition was chosen here, so its result is optimistic.")
        return [note for note in notes if note]


def search_benchmark(config: Config) -> dict[str, list[Line]]:
    """Do the missing runs, write all files, return the lines of each data set."""
    where, datasets = _where(config)
    named = config.strategies or ([] if config.slow else where.strategies)
    rivals = select(config.known, named, config.slow, bool(where.cost))
    if unknown := where.settings.keys() - config.known.keys():
        raise ValueError(f"{where.title} has settings of unknown strategies: {', '.join(sorted(unknown))}")
    rivals = {name: rival.with_settings(where.settings.get(name, {})) for name, rival in rivals.items()}
    who = [*entrants(rivals, config.kind, config.checkpoints, where.benchmark, config.repeats, config.batch)]
    described = {name: rival.described() for name, rival in rivals.items()}
    # all data sets first, so that what one lacks is reported before any run
    table = load_benchmark(where.benchmark, config.download)
    found = [_available(where, dataset, table, config.proxies) for dataset in datasets]
    parts = [
        Part(config, mine, dataset, problem(mine, dataset, config.proxies), missing.note)
        for dataset, (mine, missing) in zip(datasets, found, strict=True)
    ]
    Missing.joined(missing for _, missing in found).report("search_benchmark", config.publish)
    return {part.dataset: _one(part, who, described) for part in parts}


def _where(config: Config) -> tuple[SearchConfig, list[str]]:
    """The benchmark and its data sets.

    Raises:
        ValueError: no such benchmark, data set or format, with the nearest names; impossible numbers or options.
    """
    check_kind(config.kind)
    check_known(config.benchmark, config.benchmarks, "benchmark")
    check_known(config.format, FORMATS, "format")
    where = config.benchmarks[config.benchmark]
    if config.dataset and config.dataset not in where.datasets:
        raise ValueError(f"{where.title} has no data set {config.dataset!r}; {nearest(config.dataset, where.datasets)}")
    config.check(repeats=1, evaluations=0, batch=0)
    if config.stale and config.fill:
        raise ValueError("stale=true reads rows of other code, which new ones must not be mixed with: add fill=false")
    datasets = [config.dataset] if config.dataset else list(where.datasets)
    if config.publish and (chosen_on := [name for name in datasets if name in where.development]):
        raise ValueError(f"publish=true: MetaNP's search was chosen on {', '.join(chosen_on)} of {where.title}")
    return where, datasets


def _available(where: SearchConfig, dataset: str, table: Table, proxies: bool) -> tuple[SearchConfig, Missing]:
    """The benchmark without missing columns that a search does not need, and which these are.

    Raises:
        FileUnavailable: a missing column that it needs; says how to get its file.
    """
    columns = {name: getattr(where, name).format(dataset=dataset) for name in ("told", "cost", "reported", "seconds")}
    needed = [columns["told"], columns["cost"], *(name.format(dataset=dataset) for name in where.proxies * proxies)]
    if lacking := Missing.of(table, needed):
        raise lacking.refusal(f"{where.title}, {dataset}")
    optional = ("reported", "seconds")
    missing = Missing.of(table, [columns[name] for name in optional])
    without: dict[str, Any] = {name: "" for name in optional if columns[name] in missing.columns}
    return replace(where, **without), missing


def _one(part: Part, who: Sequence[Entrant], described: Mapping[str, Described]) -> list[Line]:
    config, here = part.config, part.problem
    column = f"{here.told}-{part.dataset}" if part.where.cost else here.told
    folder, marks = Path(config.output) / "rows" / column, {"run_seed": config.seed, **_digests(here)}
    files: Files = {}
    for one in who:
        files |= config.files_of(one, one.fits(here.told, [here.told], [part.limit]), folder, marks)
    rows = config.run(Searches(part.where, part.dataset, config.proxies, config.seed), files)
    found = Found.of(rows, described, here, part.limit, config.after)
    _write(part, found)
    if config.publish:
        config.keep(files)
    return found.lines


def _digests(here: Problem) -> Row:
    """Of all data that a run depends on, and of the table's rows that its numbers refer to."""
    side = here.candidates.side
    more = {} if here.cost is None else {"cost": here.cost[here.rows], "floor": np.array([here.floor])}
    features = dict(zip(side.names, side.values.T, strict=True))
    data = data_digest(here.candidates.cells, {"": here.score[here.rows], **more, **features})
    return {"data": data, "rows": settings_digest(here.rows.tolist())}


def _write(part: Part, found: Found) -> None:
    """Write and print everything that is made of rows."""
    config, where, dataset, lines = part.config, part.where, part.dataset, found.lines
    same = {  # in every row
        "benchmark": config.benchmark,
        "dataset": dataset,
        "kind": config.kind,
        "limit": found.limit,
        "run_seed": config.seed,
        "candidates": len(part.problem.rows),
        "distinct_candidates": len(part.problem.standing),
        "run_commits": " ".join(sorted({row["commit"] for row in found.rows})),
    }
    table, objects = [{**flat(line), **same} for line in lines], [{**line, **same} for line in lines]
    shown = search_table(lines, part.problem, found.limit, f"{where.title}, {dataset}", part.notes)
    texts = {"md": shown.markdown(), "json": json.dumps(objects, indent=1) + "\n"}
    output = Path(config.output) / part.stem
    rows = [{**row, **same, "repeats": config.repeats} for row in found.rows]
    facts = write(output, "runs with their trajectories", rows, table, texts) | same
    facts |= {"title": where.title, "about": where.about, "proxies": config.proxies}
    facts |= {"notes": part.notes, "commit": same["run_commits"]}
    page = Path(f"{output}.html")
    write_search_page(page, found, read_search(where.benchmark, dataset), facts)
    if config.publish:
        publish(table, f"search-{config.benchmark}-{part.stem}")
    if config.format == "json":
        print("\n".join(map(json.dumps, objects)))
    else:
        shown.print()
    console = Console(stderr=True)
    for name, _, message, count in found.failed():
        console.print(f"{name}: {count} runs failed: {message}")
    console.print(f"page: {page}")


@command("search_benchmark")
def main(config: Config) -> None:
    search_benchmark(config)


if __name__ == "__main__":
    main()
