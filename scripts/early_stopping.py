"""What stopping early saves, and whether the best survives: `python -m scripts.early_stopping --table NAME [--json]`.

Baker et al.'s protocol, replayed on whole curves: random orders, a burn-in that is trained to its end, then
each training is stopped by a rule or not. Speedup is epochs of all over epochs trained. "survived": the best
configuration of all was trained to its end; "regret": how far the best that was lies below it, in units of the score.

Rules, `--rule`:
    any predictor of curves     stop where the chance to beat the best is at most 1 - delta (srm_...: Baker et al.,
                                lce: Domhan et al., sotl_e and early_stopping: the same by these scores)
    median, median_sotl         stop in the worse half of what finished, by the last value, by the last training loss
    hyperband, f_hyperband      `--runs` Hyperband runs, without and with a rule within rungs (delta .95, kappa)
    asha                        asynchronous successive halving
Schedulers have no burn-in and train few to the end; their speedup is that over training all they drew.

With `--rows FILE` finished work is kept, and the command goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from data.curves import CurveTable, load_curves
from metanp.curves import PREDICTORS, Curves, make_predictor
from metanp.curves.simple import LastValue, SoTLE
from metanp.curves.stopping import ASHA, ChanceRule, Hyperband, Rule, ShareRule, Stopper, simulate
from metanp.nearest import nearest
from scripts.command import one_line
from scripts.curve_rows import Key, Work, carry_out, over, show
from scripts.results.table import Table
from scripts.results.wording import plus_minus

SHARES = {"median": LastValue, "median_sotl": SoTLE}
SCHEDULERS = ("hyperband", "f_hyperband", "asha")
RULES = (*PREDICTORS, *SHARES, *SCHEDULERS)
NUMBERS = ("speedup", "survived", "regret", "epochs")


@dataclass(frozen=True)
class Study:
    """What is the same for all rows of a command; see the options."""

    configurations: int
    every: int
    draws: int
    folds: int
    tolerance: float
    rank: int
    again: bool
    runs: int
    kappa: float


def main(
    table: Annotated[list[str], typer.Option(help="names of data.curves.CURVES")],
    rule: Annotated[list[str] | None, typer.Option(help="see above; srm_svr_rbf unless given")] = None,
    delta: Annotated[list[float] | None, typer.Option(help=".90, .95 and .99 unless given")] = None,
    burn_in: Annotated[list[int] | None, typer.Option(help="trained to the end first; 100 unless given")] = None,
    orders: Annotated[int, typer.Option(help="random orders")] = 10,
    configurations: Annotated[int, typer.Option(help="a random part of the table; 0 for all")] = 0,
    every: Annotated[int, typer.Option(help="ask after every so many epochs")] = 1,
    draws: Annotated[int, typer.Option(help="random settings of a regressor")] = 0,
    folds: Annotated[int, typer.Option(help="of the error; 0 leaves each curve out alone")] = 0,
    tolerance: Annotated[float, typer.Option(help="how far below the best an end is good enough")] = 0.0,
    rank: Annotated[int, typer.Option(help="which of the finished is to be beaten")] = 1,
    again: Annotated[bool, typer.Option("--again", help="learn anew as more finish")] = False,
    runs: Annotated[int, typer.Option(help="of Hyperband, one after the other")] = 40,
    kappa: Annotated[float, typer.Option(help="f-Hyperband: rank to beat, as a share of a rung")] = 1 / 3,
    rows: Annotated[Path | None, typer.Option(help="where finished work is kept, as JSON lines")] = None,
    download: Annotated[bool, typer.Option("--download", help="files that are not at hand")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown")] = False,
) -> None:
    """Replay searches that stop trainings early."""
    study = Study(configurations, every, draws, folds, tolerance, rank, again, runs, kappa)
    with one_line("early_stopping", "--download"):
        names = rule or ["srm_svr_rbf"]
        for name in names:
            if name not in RULES:
                raise ValueError(f"unknown rule {name!r}; {nearest(name, RULES)}")
        tables = [load_curves(name, download) for name in table]
        levels, firsts = delta or [0.9, 0.95, 0.99], burn_in or [100]
        work = [piece for one in tables for piece in _work(one, names, levels, firsts, orders, study)]
        found = carry_out(work, rows, "early stopping")
    summary = list(summarised(found))
    show(summary, _table(summary), as_json, as_markdown)


def _work(
    table: CurveTable, names: list[str], levels: list[float], firsts: list[int], orders: int, study: Study
) -> Iterator[Work]:
    for name in names:
        for level in levels if name in PREDICTORS else [None]:
            for first in [0] if name in SCHEDULERS else firsts:
                for number in range(orders):
                    key = {"table": table.title, "rule": name, "delta": level, "burn_in": first, "set": number}
                    key |= asdict(study)
                    yield key, partial(measure, table.curves, key, study)


def measure(curves: Curves, key: Key, study: Study) -> dict[str, float]:
    """One order."""
    rng = np.random.default_rng(key["set"])
    if study.configurations:
        curves = curves[rng.permutation(len(curves))[: study.configurations]]
    if key["rule"] in SCHEDULERS:
        return _scheduled(curves, key, study, rng)
    asked = range(study.every, curves.n_epochs, study.every)
    order = rng.permutation(len(curves))
    outcome = simulate(curves, made(key, study), order, key["burn_in"], study.again, asked)
    return {
        "speedup": outcome.speedup,
        "survived": float(outcome.survived),
        "regret": outcome.regret,
        "epochs": float(outcome.epochs.sum()),
    }


def made(key: Key, study: Study) -> Rule:
    """The rule of a row."""
    name = key["rule"]
    if name in SHARES:
        return ShareRule(SHARES[name]())
    settings = {"draws": study.draws, "folds": study.folds or None, "seed": key["set"]}
    if name == "metanp":  # a simulation asks about all trainings at once, of which most have not begun
        settings = {"peers": False}
    elif not name.startswith(("srm", "lcsvr")):
        settings = {}
    predictor = make_predictor(name, **settings)
    return ChanceRule(predictor, key["delta"], study.tolerance, study.rank)


def _scheduled(curves: Curves, key: Key, study: Study, rng: np.random.Generator) -> dict[str, float]:
    """Hyperband, f-Hyperband or ASHA; `runs` Hyperband runs count as one search."""
    first = int(curves.epochs[0] == 0)
    if key["rule"] == "asha":
        spent = [ASHA(curves).run(rng.permutation(len(curves)))]
    else:
        hyperband = Hyperband(curves, stopper=_stopper(study) if key["rule"] == "f_hyperband" else None)
        spent = [hyperband.run(rng) for _ in range(study.runs)]
    best, found = float(np.nanmax(curves.ends())), max(one.found for one in spent)
    drawn = sum(int((one.epochs > 0).sum()) for one in spent)
    epochs = sum(one.total for one in spent)
    return {
        "speedup": drawn * (curves.n_epochs - first) / epochs,
        "survived": float(found >= best),
        "regret": best - found,
        "epochs": float(epochs),
    }


def _stopper(study: Study) -> Stopper:
    def make() -> Rule:
        predictor = make_predictor("srm_svr_rbf", draws=study.draws, folds=study.folds or None)
        return ChanceRule(predictor, 0.95, study.tolerance)

    return Stopper(make, kappa=study.kappa, every=study.every)


def summarised(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Over orders, one a table, rule, delta and burn-in; `survived` counts orders."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for row in rows:
        key = row["key"]
        groups.setdefault((key["table"], key["rule"], key["delta"], key["burn_in"]), []).append(row)
    for (table, rule, delta, burn_in), some in groups.items():
        found: dict[str, Any] = {"table": table, "rule": rule, "delta": delta, "burn_in": burn_in, "orders": len(some)}
        for number in NUMBERS:
            found[number], found[f"{number}_half"] = over(some, number)
        found["survived"] = int(sum(row["survived"] for row in some))
        found["seconds"] = float(np.mean([row["seconds"] for row in some]))
        yield found


def _table(summary: list[Mapping[str, Any]] | list[dict[str, Any]]) -> Table:
    lines = [
        [
            row["table"],
            row["rule"],
            "" if row["delta"] is None else f"{row['delta']:g}",
            row["burn_in"],
            plus_minus(row["speedup"], row["speedup_half"], ".2f"),
            f"{row['survived']} of {row['orders']}",
            f"{row['regret']:.3g}",
            f"{row['seconds']:.1f}",
        ]
        for row in summary
    ]
    marked = any("(surrogate)" in row["table"] for row in summary)
    note = "(surrogate): a model drew these curves, nobody trained." if marked else ""
    columns = ["table", "rule", "delta", "burn-in", "speedup", "best survived", "regret", "s"]
    return Table(columns, lines, "early stopping", [note])


if __name__ == "__main__":
    typer.run(main)
