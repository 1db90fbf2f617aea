"""Simulated searches on tables: `python -m scripts.search_benchmark benchmark=nasbench201 dataset=cifar10`.

Every strategy searches a benchmark again and again, told what its table says, until the best cell is found or the limit
is reached; then there is how many evaluations that took, and what was found after 50 and 100. `strategies=[random]` and
the like names some of `configs/search_strategies/`, `slow=true` runs all of them.

Writes, under `results/search/<benchmark>/`: `rows/<column>/<strategy>.jsonl`, a run a line with its whole trajectory,
so that a killed benchmark goes on where it stopped; `<dataset>-<kind>.parquet`, the runs of this table; `.csv`, `.md`,
`.json`, the table; `.html`, the page. What is not a benchmark's own setting is in the names: `-proxies`, `-batch10`,
`-evaluations50`. With `publish=true` also a summary in `results/summary/`, of which `scripts.readme` makes tables; not
of data that MetaNP's search was chosen on. `format=json` prints an object a strategy.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from hydra.core.config_store import ConfigStore
from rich.console import Console

from data import load_benchmark
from data.table import Table
from metanp.nearest import nearest
from scripts.at_hand import Absent
from scripts.command import command
from scripts.results.entrants import Described, Entrant, check_kind, check_known
from scripts.results.fits import Fit
from scripts.results.provenance import data_digest, provenance, publish, settings_digest
from scripts.results.published import read_search
from scripts.results.rows import Row, RowFile
from scripts.results.running import Running, write
from scripts.searches.entrants import Rival, Searches, entrants, select
from scripts.searches.page import write_search_page
from scripts.searches.simulation import Problem, SearchConfig, problem
from scripts.searches.summary import Found, Line, flat
from scripts.searches.tables import search_table

FORMATS = ("table", "json")
OF_CODE = ("code", "rows")  # marks that stale=true does not look at; the oldest rows lack the second
Names = list[str]
Numbers = list[int]


@dataclass
class Config(Running):
    """Everything that simulated searches take."""

    benchmark: str = "nasbench201"
    benchmarks: dict[str, SearchConfig] = field(default_factory=dict)
    dataset: str = ""  # one of the benchmark's; all, one after another, without
    strategies: Names = field(default_factory=lambda: [])  # of `known`; the benchmark's without, or all that are fast
    known: dict[str, Rival] = field(default_factory=dict)
    slow: bool = False  # all strategies, slow ones and those that the benchmark does not name as well
    kind: str = "label-free"
    checkpoints: Names = field(default_factory=lambda: [])  # names or paths, one a training seed; else the shipped one
    proxies: bool = False  # zero-cost proxies, for strategies that read side features
    repeats: int = 20
    evaluations: int = 0  # of a run, at most; 0: the benchmark's limit
    batch: int = 0  # cells asked for at once; 0: each strategy's own
    after: Numbers = field(default_factory=lambda: [50, 100])  # evaluations at which the best until then is told
    seed: int = 0
    limit: float = 14400.0  # seconds that a run may take
    stale: bool = False  # with fill=false: rows that other code made count too
    format: str = "table"  # or json
    output: str = "results/search/${benchmark}"

    @property
    def study(self) -> str:
        return f"search-{self.benchmark}"

    def wanted(self, one: Entrant, fits: Iterable[Fit], folder: Path, marks: Row) -> list[tuple[Fit, RowFile]]:
        """With `stale`, without looking at marks of code."""
        if self.stale:
            marks = {name: mark for name, mark in (one.marks | marks).items() if name not in OF_CODE}
            one = replace(one, marks={})
        return super().wanted(one, fits, folder, marks)


ConfigStore.instance().store(name="schema_of_search_benchmark", node=Config)


@dataclass(frozen=True)
class Of:
    """One data set of a benchmark; `lacking` is what is to be said of columns that are not at hand."""

    config: Config
    where: SearchConfig
    dataset: str
    problem: Problem
    lacking: str

    @property
    def stem(self) -> str:
        """Of the names of its files, which say what is not the benchmark's own setting."""
        batch = f"-batch{self.config.batch}" if self.config.batch else ""
        fewer = self.config.evaluations not in (0, self.where.limit)
        evaluations = f"-evaluations{self.config.evaluations}" * fewer
        return f"{self.dataset}-{self.config.kind}" + "-proxies" * self.config.proxies + batch + evaluations

    @property
    def notes(self) -> list[str]:
        """What is to be known of its table, whatever its numbers."""
        asked = f"{self.config.batch} cells at once" if self.config.batch else "each its own number at once"
        notes = [f"Seed {self.config.seed}, up to {self.config.repeats} runs of each strategy, {asked}.", self.lacking]
        if self.dataset in self.where.development:
            notes.insert(0, "Development data: MetaNP's acquisition was chosen here, so its place is flattered.")
        return [note for note in notes if note]


def search_benchmark(config: Config) -> dict[str, list[Line]]:
    """Fill in the runs that are missing, write everything, return the lines of each data set."""
    where, datasets = _where(config)
    named = config.strategies or ([] if config.slow else where.strategies)
    rivals = select(config.known, named, config.slow, bool(where.cost))
    if unknown := where.settings.keys() - config.known.keys():
        raise ValueError(f"{where.title} has settings of unknown strategies: {', '.join(sorted(unknown))}")
    rivals = {name: rival.told(where.settings.get(name, {})) for name, rival in rivals.items()}
    who = [*entrants(rivals, config.kind, config.checkpoints, where.benchmark, config.repeats, config.batch)]
    described = {name: rival.described() for name, rival in rivals.items()}
    # all of them first: what one lacks is told before any run
    table = load_benchmark(where.benchmark, config.download)
    there, absent = zip(*(_at_hand(where, dataset, table, config.proxies) for dataset in datasets), strict=True)
    problems = [problem(mine, dataset, config.proxies) for mine, dataset in zip(there, datasets, strict=True)]
    Absent.joined(absent).tell("search_benchmark", config.publish)
    return {
        dataset: _one(Of(config, mine, dataset, here, lacking.note), who, described)
        for mine, dataset, lacking, here in zip(there, datasets, absent, problems, strict=True)
    }


def _at_hand(where: SearchConfig, dataset: str, table: Table, proxies: bool) -> tuple[SearchConfig, Absent]:
    """The benchmark without columns that are not at hand and that a search does without, and what these are.

    Raises:
        FileUnavailable: one that it does not do without; says how to have its file.
    """
    columns = {name: getattr(where, name).format(dataset=dataset) for name in ("told", "cost", "reported", "seconds")}
    needed = [columns["told"], columns["cost"], *(name.format(dataset=dataset) for name in where.proxies * proxies)]
    if lacking := Absent.of(table, needed):
        raise lacking.refuse(f"{where.title}, {dataset}")
    absent = Absent.of(table, [columns["reported"], columns["seconds"]])
    reported, seconds = ("" if columns[n] in absent.columns else getattr(where, n) for n in ("reported", "seconds"))
    return replace(where, reported=reported, seconds=seconds), absent


def _where(config: Config) -> tuple[SearchConfig, list[str]]:
    """The benchmark and the data sets asked for.

    Raises:
        ValueError: no such benchmark, data set or format; says which are nearest. Or numbers that make no sense.
    """
    check_kind(config.kind)
    check_known(config.benchmark, config.benchmarks, "benchmark")
    check_known(config.format, FORMATS, "format")
    where = config.benchmarks[config.benchmark]
    if config.dataset and config.dataset not in where.datasets:
        raise ValueError(f"{where.title} has no data set {config.dataset!r}; {nearest(config.dataset, where.datasets)}")
    config.check(repeats=1, evaluations=0, batch=0)
    if config.stale and config.fill:
        raise ValueError("stale=true reads rows of other code, and none may stand beside new ones: add fill=false")
    datasets = [config.dataset] if config.dataset else list(where.datasets)
    if config.publish and (chosen_on := [name for name in datasets if name in where.development]):
        raise ValueError(f"publish=true: MetaNP's search was chosen on {', '.join(chosen_on)} of {where.title}")
    return where, datasets


def _one(of: Of, who: Sequence[Entrant], described: dict[str, Described]) -> list[Line]:
    config, here = of.config, of.problem
    limit = config.evaluations or of.where.limit
    same = {"run_seed": config.seed, **_digests(here)}
    column = f"{here.told}-{of.dataset}" if of.where.cost else here.told
    wanted: list[tuple[Fit, RowFile]] = []
    for one in who:
        fits = one.fits(here.told, [here.told], [limit])
        wanted += config.wanted(one, fits, Path(config.output) / "rows" / column, same)
    rows = config.carry_out(Searches(of.where, of.dataset, config.proxies, config.seed), wanted)
    found = Found.of(rows, described, here, limit, config.after)
    _write(of, found)
    if config.publish:
        config.keep(wanted)
    return found.lines


def _digests(here: Problem) -> Row:
    """Of all that a run's course depends on, and of the rows that its numbers stand for."""
    side = here.candidates.side
    more = {} if here.cost is None else {"cost": here.cost[here.rows], "floor": np.array([here.floor])}
    features = dict(zip(side.names, side.values.T, strict=True))
    data = data_digest(here.candidates.cells, {"": here.score[here.rows], **more, **features})
    return {"data": data, "rows": settings_digest(here.rows.tolist())}


def _write(of: Of, found: Found) -> None:
    """Everything that is made of rows."""
    config, where, dataset, lines = of.config, of.where, of.dataset, found.lines
    same = {  # what stands in every row
        "benchmark": config.benchmark,
        "dataset": dataset,
        "kind": config.kind,
        "limit": found.limit,
        "run_seed": config.seed,
        "candidates": len(of.problem.rows),
        "distinct_candidates": len(of.problem.standing),
        "run_commits": " ".join(sorted({row["commit"] for row in found.rows})),
    }
    table, objects = [{**flat(line), **same} for line in lines], [{**line, **same} for line in lines]
    shown = search_table(lines, of.problem, found.limit, f"{where.title}, {dataset}", of.notes)
    texts = {"md": shown.markdown(), "json": json.dumps(objects, indent=1) + "\n"}
    output = Path(config.output) / of.stem
    files = write(output, [{**row, **same, "repeats": config.repeats} for row in found.rows], table, texts)
    facts = {**provenance(), **same, "title": where.title, "about": where.about, "proxies": config.proxies}
    facts |= {"notes": of.notes, "commit": same["run_commits"]}
    facts["downloads"] = {"runs with their trajectories (Parquet)": f"{of.stem}.parquet", **files}
    page = Path(f"{output}.html")
    write_search_page(page, found, read_search(where.benchmark, dataset), facts)
    if config.publish:
        publish(table, f"search-{config.benchmark}-{of.stem}")
    if config.format == "json":
        print("\n".join(map(json.dumps, objects)))
    else:
        shown.print()
    said = Console(stderr=True)
    for name, _, message, count in found.failed():
        said.print(f"{name}: {count} runs failed: {message}")
    said.print(f"page: {page}")


@command("search_benchmark")
def main(config: Config) -> None:
    search_benchmark(config)


if __name__ == "__main__":
    main()
