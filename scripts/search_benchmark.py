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
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from hydra.core.config_store import ConfigStore
from rich.console import Console

from data import load_benchmark
from data.table import Table
from metanp.nearest import nearest
from scripts.at_hand import Absent
from scripts.command import command, say
from scripts.results.entrants import Described, Entrant, check_kind
from scripts.results.fits import Fit, Plan
from scripts.results.provenance import data_digest, provenance, publish, settings_digest
from scripts.results.published import read_search
from scripts.results.rows import Row, RowFile, write_parquet, write_rows
from scripts.results.running import Running
from scripts.searches.entrants import Rival, entrants, select
from scripts.searches.page import write_search_page
from scripts.searches.runs import Searches
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


ConfigStore.instance().store(name="schema_of_search_benchmark", node=Config)


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
    _tell(config, absent)
    every = zip(there, datasets, absent, problems, strict=True)
    return {
        dataset: _one(config, mine, dataset, here, who, described, lacking.note)
        for mine, dataset, lacking, here in every
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
    reported = where.reported if columns["reported"] not in absent.columns else ""
    seconds = where.seconds if columns["seconds"] not in absent.columns else ""
    return replace(where, reported=reported, seconds=seconds), absent


def _tell(config: Config, absent: Sequence[Absent]) -> None:
    """Of columns that are not at hand, once; what is published has them all."""
    every = Absent.joined(absent)
    if every and config.publish:
        raise every.refuse("publish=true")
    if every:
        say("search_benchmark", every.told)


def _where(config: Config) -> tuple[SearchConfig, list[str]]:
    """The benchmark and the data sets asked for.

    Raises:
        ValueError: no such benchmark, data set or format; says which are nearest. Or numbers that make no sense.
    """
    check_kind(config.kind)
    if config.benchmark not in config.benchmarks:
        raise ValueError(f"unknown benchmark {config.benchmark!r}; {nearest(config.benchmark, config.benchmarks)}")
    where = config.benchmarks[config.benchmark]
    if config.dataset and config.dataset not in where.datasets:
        raise ValueError(f"{where.title} has no data set {config.dataset!r}; {nearest(config.dataset, where.datasets)}")
    if config.format not in FORMATS:
        raise ValueError(f"unknown format {config.format!r}; {nearest(config.format, FORMATS)}")
    config.check(repeats=1, evaluations=0, batch=0)
    if config.stale and config.fill:
        raise ValueError("stale=true reads rows of other code, and none may stand beside new ones: add fill=false")
    datasets = [config.dataset] if config.dataset else list(where.datasets)
    if config.publish and (chosen_on := [name for name in datasets if name in where.development]):
        raise ValueError(f"publish=true: MetaNP's search was chosen on {', '.join(chosen_on)} of {where.title}")
    return where, datasets


def _one(
    config: Config,
    where: SearchConfig,
    dataset: str,
    here: Problem,
    who: list[Entrant],
    described: dict[str, Described],
    lacking: str,
) -> list[Line]:
    """A data set; `lacking` is what is to be said of columns that are not at hand."""
    limit = config.evaluations or where.limit
    same = {"run_seed": config.seed, **_digests(here)}
    column = f"{here.told}-{dataset}" if where.cost else here.told
    wanted: list[tuple[Fit, RowFile]] = []
    for one in who:
        path = Path(config.output) / "rows" / column / f"{one.file}.jsonl"
        marks = {**one.marks, **same}
        looked_at = {name: mark for name, mark in marks.items() if name not in OF_CODE or not config.stale}
        file = RowFile(path, looked_at, config.resume)
        wanted += [(fit, file) for fit in one.fits(here.told, [here.told], [limit])]
    plan = Plan(Searches(where, dataset, config.proxies, config.seed), wanted, provenance()["commit"])
    config.carry_out(plan)
    found = Found.of(plan.rows(), described, here, limit, config.after)
    _write(config, where, dataset, found, lacking)
    return found.lines


def _digests(here: Problem) -> Row:
    """Of all that a run's course depends on, and of the rows that its numbers stand for."""
    side = here.candidates.side
    more = {} if here.cost is None else {"cost": here.cost[here.rows], "floor": np.array([here.floor])}
    features = dict(zip(side.names, side.values.T, strict=True))
    data = data_digest(here.candidates.cells, {"": here.score[here.rows], **more, **features})
    return {"data": data, "rows": settings_digest(here.rows.tolist())}


def _write(config: Config, where: SearchConfig, dataset: str, found: Found, lacking: str) -> None:
    """Everything that is made of rows."""
    stem, folder = _stem(config, where, dataset), Path(config.output)
    notes = [*_notes(config, where, dataset), *([lacking] if lacking else [])]
    here, limit, lines = found.problem, found.limit, found.lines
    told = _told(config, dataset, found)
    table = [{**flat(line), **told} for line in lines]
    write_parquet(folder / f"{stem}.parquet", [{**row, **told, "repeats": config.repeats} for row in found.rows])
    write_rows(folder / f"{stem}.csv", table)
    shown = search_table(lines, here, limit, f"{where.title}, {dataset}", notes)
    (folder / f"{stem}.md").write_text(shown.markdown())
    (folder / f"{stem}.json").write_text(json.dumps([{**line, **told} for line in lines], indent=1) + "\n")
    about = {"title": where.title, "about": where.about, "proxies": config.proxies, "notes": notes}
    facts = {**provenance(), **told, **about, "commit": told["run_commits"], "downloads": _downloads(stem)}
    write_search_page(folder / f"{stem}.html", found, read_search(where.benchmark, dataset), facts)
    if config.publish:
        publish(table, f"search-{config.benchmark}-{stem}")
    if config.format == "json":
        for line in lines:
            print(json.dumps({**line, **told}))
    else:
        shown.print()
    said = Console(stderr=True)
    for name, _, message, count in found.failed():
        said.print(f"{name}: {count} runs failed: {message}")
    said.print(f"page: {folder / f'{stem}.html'}")


def _told(config: Config, dataset: str, found: Found) -> Row:
    """What stands in every row."""
    return {
        "benchmark": config.benchmark,
        "dataset": dataset,
        "kind": config.kind,
        "limit": found.limit,
        "run_seed": config.seed,
        "candidates": len(found.problem.rows),
        "distinct_candidates": found.problem.distinct,
        "run_commits": " ".join(sorted({row["commit"] for row in found.rows})),
    }


def _downloads(stem: str) -> dict[str, str]:
    files = {"runs with their trajectories (Parquet)": "parquet", "table (CSV)": "csv"}
    files |= {"table (Markdown)": "md", "table (JSON)": "json"}
    return {title: f"{stem}.{ending}" for title, ending in files.items()}


def _stem(config: Config, where: SearchConfig, dataset: str) -> str:
    """Names say what is not the benchmark's own setting."""
    batch = f"-batch{config.batch}" if config.batch else ""
    fewer = f"-evaluations{config.evaluations}" if config.evaluations not in (0, where.limit) else ""
    return f"{dataset}-{config.kind}" + "-proxies" * config.proxies + batch + fewer


def _notes(config: Config, where: SearchConfig, dataset: str) -> list[str]:
    """What is to be known of this table, whatever its numbers."""
    asked = f"{config.batch} cells at once" if config.batch else "each its own number at once"
    notes = [f"Seed {config.seed}, up to {config.repeats} runs of each strategy, {asked}."]
    if dataset in where.development:
        notes.insert(0, "Development data: MetaNP's acquisition was chosen here, so its place is flattered.")
    return notes


@command("search_benchmark")
def main(config: Config) -> None:
    search_benchmark(config)


if __name__ == "__main__":
    main()
