"""MetaNP inside Optuna against Optuna's own samplers: `python -m scripts.optuna_search --problem NAME [--json]`.

Every sampler sees the same study: the same parameters, no evaluation beforehand, one trial after the other, seeds 0, 1,
2, ... MetaNP has the label-free checkpoint, which has seen no measurement of any benchmark, unless another is given.

Problems, `--problem`:
    nasbench201/cifar10, /cifar100, /imagenet16-120    six categories; mean validation accuracy after 200 epochs
    lcbench/TASK    seven numbers, four on logarithmic scales; A SURROGATE of trainings on that OpenML task

Samplers, `--sampler`: metanp, tpe, tpe_multivariate, random.

Regret is in percent points: below the best cell of the table, or below the best of 20,000 random settings of a
surrogate (a sampler may find a better one). `until`: trials until the regret is at most .1; a run that did not get
there counts with all its trials. `seconds_per_ask` are of the processor, so that other work does not count.

With `--rows FILE` finished runs are kept, and the command goes on where it was.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import optuna
import typer
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from data import load_benchmark
from data.curves import CURVES
from data.curves.surrogates import LCBenchFunction
from metanp.integrations.optuna import Choices, MetaNPSampler
from metanp.nearest import nearest
from metanp.spaces import get_space
from scripts.command import one_line
from scripts.curve_rows import Key, Work, carry_out, over, show
from scripts.results.table import Table
from scripts.results.wording import plus_minus

SAMPLERS = ("metanp", "tpe", "tpe_multivariate", "random")
CHECKED = (20, 50, 100)  # trials after which the regret is noted
NEAR = 0.1
DRAWN = 20_000
COLUMNS = {"cifar10": "cifar10_validation_accuracy_200"} | {
    name: f"{name}_validation_accuracy_200" for name in ("cifar100", "imagenet16-120")
}


@dataclass(frozen=True)
class Problem:
    """where: what MetaNP is told of the parameters. score: of a trial. best: what regret is measured from.

    exact: whether nothing can be above `best`, so that a run may end there.
    """

    where: Choices | dict[str, BaseDistribution]
    score: Callable[[optuna.Trial], float]
    best: float
    exact: bool


def main(
    problem: Annotated[list[str], typer.Option(help="see above")],
    sampler: Annotated[list[str] | None, typer.Option(help="all four unless given")] = None,
    trials: Annotated[int, typer.Option(help="of each run")] = 100,
    seeds: Annotated[int, typer.Option(help="runs")] = 10,
    checkpoint: Annotated[str, typer.Option(help="MetaNP's")] = "label-free",
    rows: Annotated[Path | None, typer.Option(help="where finished work is kept, as JSON lines")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown")] = False,
) -> None:
    """Compare samplers."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with one_line("optuna_search", "--download"):
        names = sampler or list(SAMPLERS)
        for name in names:
            if name not in SAMPLERS:
                raise ValueError(f"unknown sampler {name!r}; {nearest(name, SAMPLERS)}")
        work = [piece for one in problem for piece in _work(one, names, trials, seeds, checkpoint)]
        found = carry_out(work, rows, "searches in Optuna")
    summary = list(summarised(found))
    show(summary, _table(summary), as_json, as_markdown)


def _work(problem: str, names: list[str], trials: int, seeds: int, checkpoint: str) -> Iterator[Work]:
    find_problem(problem)
    for name in names:
        for seed in range(seeds):
            own = {"checkpoint": checkpoint} if name == "metanp" else {}
            key = {"problem": problem, "sampler": name, "trials": trials, "set": seed, **own}
            yield key, partial(measure, key)


def measure(key: Key) -> dict[str, Any]:
    """One run."""
    problem = find_problem(key["problem"])
    study = optuna.create_study(direction="maximize", sampler=made(key, problem))
    scores: list[float] = []

    def objective(trial: optuna.Trial) -> float:
        scores.append(problem.score(trial))
        if problem.exact and scores[-1] >= problem.best:
            study.stop()
        return scores[-1]

    start = time.process_time()
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        study.optimize(objective, n_trials=key["trials"])
    regret = problem.best - np.maximum.accumulate(scores)
    near = np.flatnonzero(regret <= NEAR + 1e-9)
    return {
        "until": int(near[0]) + 1 if near.size else key["trials"],
        "reached": float(near.size > 0),
        **{f"regret_{n}": float(regret[min(n, len(regret)) - 1]) for n in CHECKED if n <= key["trials"]},
        "seconds_per_ask": (time.process_time() - start) / len(scores),
    }


def made(key: Key, problem: Problem) -> BaseSampler:
    """The sampler of a row."""
    if key["sampler"] == "metanp":
        return MetaNPSampler(problem.where, checkpoint=key["checkpoint"], seed=key["set"])
    if key["sampler"] == "random":
        return RandomSampler(seed=key["set"])
    with warnings.catch_warnings(action="ignore", category=optuna.exceptions.ExperimentalWarning):
        return TPESampler(seed=key["set"], multivariate=key["sampler"] == "tpe_multivariate")


@cache
def find_problem(name: str) -> Problem:
    """A problem by its name.

    Raises:
        ValueError: no such problem.
        FileUnavailable: a file without which there is none.
    """
    kind, _, which = name.partition("/")
    if kind == "nasbench201" and which in COLUMNS:
        return _nasbench201(which)
    if kind == "lcbench" and f"lcbench_surrogate_{which}" in CURVES:
        return _lcbench(which)
    raise ValueError(f"unknown problem {name!r}; give nasbench201/{', nasbench201/'.join(COLUMNS)} or lcbench/TASK")


def _nasbench201(dataset: str) -> Problem:
    space = get_space("nasbench201")
    accuracy, choices = load_benchmark("nasbench201").mean(COLUMNS[dataset]), Choices(space)
    rows = {cell.key: float(accuracy[row]) for row, cell in reversed(list(enumerate(space)))}  # the first of equals
    return Problem(choices, lambda trial: rows[choices.suggest(trial).key], max(rows.values()), exact=True)


def _lcbench(task: str) -> Problem:
    surrogate = LCBenchFunction(CURVES[f"lcbench_surrogate_{task}"].inputs(), task)
    kinds = {name: _distribution(described) for name, described in surrogate.ranges.items()}

    def score(trial: optuna.Trial) -> float:
        return float(surrogate({name: _ask(trial, name, kind) for name, kind in kinds.items()})[0])

    best = float(surrogate(surrogate.draw(DRAWN, np.random.default_rng(0))).max())
    return Problem(kinds, score, best, exact=False)


def _distribution(described: Mapping[str, Any]) -> BaseDistribution:
    kind = IntDistribution if described["type"] == "uniform_int" else FloatDistribution
    return kind(described["lower"], described["upper"], log=described["log"])


def _ask(trial: optuna.Trial, name: str, kind: BaseDistribution) -> float:
    assert isinstance(kind, IntDistribution | FloatDistribution)
    suggest = trial.suggest_int if isinstance(kind, IntDistribution) else trial.suggest_float
    return suggest(name, kind.low, kind.high, log=kind.log)  # type: ignore[arg-type]


def summarised(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Over seeds, one a problem and sampler."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["key"]["problem"], row["key"]["sampler"], row["key"]["trials"]), []).append(row)
    for (problem, sampler, trials), some in groups.items():
        found: dict[str, Any] = {"problem": problem, "sampler": sampler, "trials": trials, "runs": len(some)}
        for number in [name for name in some[0] if name.startswith(("regret_", "until"))]:
            found[number], found[f"{number}_half"] = over(some, number)
        found["reached"] = int(sum(row["reached"] for row in some))
        found["seconds_per_ask"] = float(np.mean([row["seconds_per_ask"] for row in some]))
        yield found


def _table(summary: list[dict[str, Any]]) -> Table:
    checked = [n for n in CHECKED if any(f"regret_{n}" in row for row in summary)]
    head = [
        "problem",
        "sampler",
        "runs",
        f"trials to within {NEAR:g}",
        *(f"regret after {n}" for n in checked),
        "s / ask",
    ]
    lines = []
    for row in summary:
        until = plus_minus(row["until"], row["until_half"], ".1f")
        missed = "" if row["reached"] == row["runs"] else f" ({row['reached']} of {row['runs']})"
        regrets = [
            plus_minus(row[f"regret_{n}"], row[f"regret_{n}_half"], ".2f") if f"regret_{n}" in row else ""
            for n in checked
        ]
        text = f"{'' if not missed else '≥ '}{until}{missed}"
        surrogate = " (surrogate)" if row["problem"].startswith("lcbench") else ""
        cells = [f"{row['problem']}{surrogate}", row["sampler"], str(row["runs"]), text]
        lines.append([*cells, *regrets, f"{row['seconds_per_ask']:.3f}"])
    return Table(head, lines)


if __name__ == "__main__":
    typer.run(main)
