"""Who is best with how much time: `python -m scripts.study protocol=study_mini_cifar10 [slow=true] [publish=true]`.

The study of White et al.: every predictor at a grid of numbers of evaluated architectures and of epochs of the
candidates, with what that costs in seconds. Initialisation is the training of the evaluated architectures, and the fit;
a query is the training of one candidate so far, the proxies that are computed of it, and the prediction. MetaNP takes
part with cells alone, with proxies, with curves and with both; so do the strongest simple predictors.

`protocol.drawing=mutation` draws architectures by mutation, as a search meets them, instead of uniformly.

Writes, under `results/study/<protocol>-<drawing>/`: rows, as in `scripts.leaderboard`; `points.csv` and `budgets.csv`;
and the picture `times.svg`. `publish=true` also writes the tables to `results/summary/`, and the picture of the page;
`python -m scripts.study page=true` makes docs/study.md of all summaries.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

from hydra.core.config_store import ConfigStore
from rich.console import Console

from metanp.atomic import write_whole
from scripts.command import ROOT, command, say
from scripts.grid.cases import Case, cases, ours
from scripts.grid.figure import drawn
from scripts.grid.page import budget_lines, page, point_lines
from scripts.grid.points import Point, points
from scripts.leaderboard import Names, Numbers
from scripts.leaderboards import entrants
from scripts.leaderboards.entrants import Entry
from scripts.leaderboards.evaluation import Evaluation
from scripts.leaderboards.protocols import ProtocolConfig, available, settings
from scripts.results.entrants import check_kind
from scripts.results.provenance import data_digest, publish
from scripts.results.rows import Row, write_rows
from scripts.results.running import Files, Running

RUNS = ("fill", "adopt", "jobs", "executor", "retry", "resume")  # options that decide no number
PAGE, PICTURES = ROOT / "docs" / "study.md", ROOT / "docs" / "pictures"


@dataclass
class Config(Running):
    """All options of the study. page: make the page of what is published, and run nothing. sets: label sets, of slow
    predictors the first `slow_sets`. Others as in `scripts.leaderboard`."""

    page: bool = False
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    budgets: Numbers = field(default_factory=lambda: [])
    predictors: Names = field(default_factory=lambda: [])
    slow: bool = False
    sets: int = 20
    slow_sets: int = 3
    kind: str = "label-free"
    checkpoints: Names = field(default_factory=lambda: [])
    catalogue: dict[str, Entry] = field(default_factory=dict)
    seed: int = 0
    output: str = "results/study/${protocol.name}-${protocol.drawing}"

    @property
    def study(self) -> str:
        return f"{self.protocol.name}-{self.protocol.drawing}"


ConfigStore.instance().store(name="schema_of_study", node=Config)


def study(config: Config) -> list[Point]:
    """Run the missing fits, write all files, return the points."""
    check_kind(config.kind)
    config.check(sets=1, slow_sets=1, seed=0)
    protocol = available(config.protocol, [], config.download)[0]
    protocol.budgets = config.budgets or protocol.budgets
    everyone = _cases(config, protocol)
    files = _files(config, everyone, protocol)
    rows = config.run(Evaluation(protocol, config.seed), files)
    found = points(rows)
    if not found:
        raise ValueError(f"{config.output}: no predictor has an answer at all label sets; run more, or fewer sets")
    titles = {case.entrant.marks["predictor"]: case.described.title for case in everyone}
    _write(config, found, titles)
    if config.publish:
        config.keep(files)
    return found


def _cases(config: Config, protocol: ProtocolConfig) -> list[Case]:
    selected = entrants.select(config.catalogue, config.predictors, config.slow)
    taking = entrants.taking_part(selected, config.kind, protocol, config.predictors)
    lacking = entrants.without_sources(taking, config.kind, protocol.benchmark, config.download)
    for why in lacking.values():
        say("study", f"left out: {why}")
    taking = {name: entry for name, entry in taking.items() if name not in lacking and not entry.transfers}
    mine = ours(config.kind, config.checkpoints, protocol, config.sets)
    return [*mine, *cases(taking, protocol, config.sets, config.slow_sets)]


def _files(config: Config, everyone: list[Case], protocol: ProtocolConfig) -> Files:
    files: Files = {}
    for shown, setting in settings(protocol):
        data = data_digest(setting.cells, {"": setting.score, **setting.scored, **setting.features, **setting.seen})
        marks: Row = {"label_seed": config.seed, "data": data, "drawing": f"{protocol.drawing} {protocol.targets}"}
        for case in everyone:
            fits = case.fits(shown, setting, protocol)
            files |= config.files_of(case.entrant, fits, Path(config.output) / "rows" / shown, marks)
    return files


def _write(config: Config, found: list[Point], titles: dict[str, str]) -> None:
    output = Path(config.output)
    tables = {"points": point_lines(found, titles), "budgets": budget_lines(found, titles)}
    for name, lines in tables.items():
        write_rows(output / f"{name}.csv", lines)
        if config.publish:
            options = [one for one in sys.argv[1:] if one.partition("=")[0] not in RUNS]
            publish([{**line, "options": shlex.join(options)} for line in lines], f"{config.study}-{name}")
    for path in (output / "times.svg", *((PICTURES / f"{config.study}.svg",) if config.publish else ())):
        write_whole(path, drawn(found, titles))
        Console(stderr=True).print(f"picture: {path}")


@command("study")
def main(config: Config) -> None:
    if config.page:
        write_whole(PAGE, page().encode())
    else:
        study(replace(config))


if __name__ == "__main__":
    main()
