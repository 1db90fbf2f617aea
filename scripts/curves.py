"""How well the start of a curve predicts its end: `python -m scripts.curves --table metaqnn_cifar10 [--json]`.

Random label sets of whole curves; the end of all others, or of `--targets` of them, is predicted from a prefix. Runs
that failed are left out. R^2, Kendall's tau, mean absolute error, negative log-likelihood and the coverage of the 90 %
interval, with 95 % intervals over label sets. R^2 is that of the score (minus a loss): heavy tails move it far.

    --at .25            prefixes as a share of the epochs          --epochs 3 --epochs 9     or in columns
    --below depth=32    whole curves of less, targets of more than that (Baker et al.'s split)
    --carry metaqnn_svhn     whole curves of another table, none of this one

With `--rows FILE` finished work is kept, and the command goes on where it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from data.curves import CurveTable, load_curves
from metanp.curves import PREDICTORS, Curves, make_predictor
from metanp.metrics import distribution_metrics, kendall_tau
from metanp.nearest import nearest
from scripts.command import one_line
from scripts.curve_rows import Key, Work, carry_out, over, show
from scripts.results.table import Table
from scripts.results.wording import plus_minus

NUMBERS = ("r2", "kendall", "mae", "nll", "coverage_90")
SLOW = ("lce", "lce_m")  # about a second a curve: asked for by name


@dataclass(frozen=True)
class Study:
    """What is the same for all rows of a command; see the options."""

    labels: int
    targets: int
    draws: int
    folds: int
    below: str
    carry: str
    features: tuple[str, ...]


def main(
    table: Annotated[list[str], typer.Option(help="names of data.curves.CURVES")],
    predictor: Annotated[list[str] | None, typer.Option(help="all but lce and lce_m unless given")] = None,
    at: Annotated[list[float] | None, typer.Option(help="prefixes as shares; .25 unless given")] = None,
    epochs: Annotated[list[int] | None, typer.Option(help="prefixes in columns, in the place of shares")] = None,
    labels: Annotated[int, typer.Option(help="whole curves")] = 100,
    sets: Annotated[int, typer.Option(help="label sets")] = 10,
    targets: Annotated[int, typer.Option(help="curves whose end is predicted; 0 for all others")] = 0,
    draws: Annotated[int, typer.Option(help="random settings of a regressor; the paper has 1,000")] = 40,
    folds: Annotated[int, typer.Option(help="of the error; 0 leaves each curve out alone")] = 0,
    below: Annotated[str, typer.Option(help="split by a number of the architecture, such as depth=32")] = "",
    carry: Annotated[str, typer.Option(help="the table that whole curves are of")] = "",
    feature: Annotated[list[str] | None, typer.Option(help="what sequential models read; all unless given")] = None,
    rows: Annotated[Path | None, typer.Option(help="where finished work is kept, as JSON lines")] = None,
    download: Annotated[bool, typer.Option("--download", help="files that are not at hand")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown")] = False,
) -> None:
    """Predict the ends of curves from their starts."""
    study = Study(labels, targets, draws, folds, below, carry, tuple(feature or ()))
    with one_line("curves", "--download"):
        tables = {name: load_curves(name, download) for name in table}
        source = load_curves(carry, download) if carry else None
        names = predictor or [name for name in PREDICTORS if name not in SLOW]
        for name in names:
            if name not in PREDICTORS:
                raise ValueError(f"unknown predictor of curves {name!r}; {nearest(name, PREDICTORS)}")
        work: list[Work] = []
        for one in tables.values():
            lengths = epochs or [max(1, round(share * one.curves.n_epochs)) for share in at or [0.25]]
            usable = [name for name in names if _reads(name, one)]
            work += _work(one, source, usable, lengths, sets, study)
        warnings.simplefilter("ignore", RuntimeWarning)  # of heavy tails in likelihoods
        found = carry_out(work, rows, "curves")
    summary = list(summarised(found))
    show(summary, _table(summary, study), as_json, as_markdown)


def _reads(name: str, table: CurveTable) -> bool:
    """Whether the table has the quantity that a predictor reads."""
    has = {quantity.name for quantity in table.curves.quantities}
    needs = {"early_stopping_loss": "validation_loss", "sotl": "train_loss"}
    return needs.get("sotl" if name.startswith("sotl") else name, table.curves.main.name) in has


def _work(
    table: CurveTable, source: CurveTable | None, names: list[str], lengths: list[int], sets: int, study: Study
) -> Iterator[Work]:
    for name in names:
        for number in range(sets):
            for n in lengths:
                key = {"table": table.title, "predictor": name, "prefix": n, "set": number, **asdict(study)}
                key["features"] = list(study.features)
                yield key, partial(measure, table.curves, source.curves if source else None, key, study)


def measure(curves: Curves, source: Curves | None, key: Key, study: Study) -> dict[str, float]:
    """One label set and one prefix."""
    curves = curves[~curves.failed]
    whole, others = split(curves, source, key["set"], study)
    settings: dict[str, Any] = {}
    if key["predictor"].startswith(("srm", "lcsvr")):
        settings = {"draws": study.draws, "folds": study.folds or None, "seed": key["set"]}
    if key["predictor"].startswith("srm") and study.features:
        settings["features"] = study.features
    predictor = make_predictor(key["predictor"], **settings).fit(whole)
    mean, std = predictor.predict(others.prefix(key["prefix"]), return_std=True)
    return judged(mean, std, others.ends())


def split(curves: Curves, source: Curves | None, number: int, study: Study) -> tuple[Curves, Curves]:
    """Whole curves and targets of one label set.

    Raises:
        ValueError: too few curves, or a split by something that the table does not have.
    """
    rng = np.random.default_rng(number)
    order = rng.permutation(len(curves))
    if source is not None:
        source = source[~source.failed]
        whole, rest = source[rng.permutation(len(source))[: study.labels]], order
    elif study.below:
        name, _, limit = study.below.partition("=")
        if name not in curves.architecture or not limit:
            raise ValueError(f"--below {study.below}: give NAME=NUMBER with one of {list(curves.architecture)}")
        column = curves.architecture[name][order]
        small, rest = order[column < float(limit)], order[column > float(limit)]
        whole = curves[small[: study.labels]]
    else:
        whole, rest = curves[order[: study.labels]], order[study.labels :]
    if len(whole) < min(study.labels, 3) or not len(rest):
        raise ValueError(f"{len(whole)} whole curves and {len(rest)} targets; ask for fewer labels than {len(curves)}")
    return whole, curves[rest[: study.targets or None]]


def judged(mean: np.ndarray, std: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """The numbers of a row; likelihood and coverage are not a number where no spread is known."""
    residual = truth - mean
    row = {
        "r2": float(1 - (residual**2).sum() / ((truth - truth.mean()) ** 2).sum()),
        "kendall": kendall_tau(mean, truth),
        "mae": float(np.abs(residual).mean()),
        "nll": float("nan"),
        "coverage_90": float("nan"),
    }
    if np.isfinite(std).all():
        honest = distribution_metrics(mean, std, truth)
        row |= {"nll": honest["nll"], "coverage_90": honest["coverage_90"]}
    return row


def summarised(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Means over label sets with intervals, one a table, predictor and prefix."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["key"]["table"], row["key"]["prefix"], row["key"]["predictor"]), []).append(row)
    for (table, prefix, predictor), some in groups.items():
        found: dict[str, Any] = {"table": table, "prefix": prefix, "predictor": predictor, "sets": len(some)}
        for number in NUMBERS:
            found[number], found[f"{number}_half"] = over(some, number)
        found["r2_median"] = float(np.median([row["r2"] for row in some]))
        found["seconds"] = float(np.mean([row["seconds"] for row in some]))
        yield found


def _table(summary: list[dict[str, Any]], study: Study) -> Table:
    def text(row: Mapping[str, Any], number: str) -> str:
        return plus_minus(row[number], row[f"{number}_half"])

    columns = ["table", "columns", "predictor", "R²", "median R²", "tau", "90 % covered", "s"]
    lines = [
        [
            row["table"],
            row["prefix"],
            row["predictor"],
            text(row, "r2"),
            f"{row['r2_median']:.3f}",
            text(row, "kendall"),
            text(row, "coverage_90"),
            f"{row['seconds']:.2f}",
        ]
        for row in summary
    ]
    marked = any("(surrogate)" in row["table"] for row in summary)
    note = "(surrogate): a model drew these curves, nobody trained." if marked else ""
    return Table(columns, lines, f"{study.labels} whole curves", [note])


if __name__ == "__main__":
    typer.run(main)
