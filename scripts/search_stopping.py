"""What `metanp search run --stop` saves, replayed on tables of curves: `python -m scripts.search_stopping`.

As `scripts.early_stopping`, but with the rule of searches (`metanp.search.stopping`), which has no burn-in beyond its
`fewest` whole curves, learns anew whenever a training ends, and is asked after every epoch; and with as many
configurations as a search may afford. Speedup is epochs of all over epochs trained. "survived": the best of these
configurations was trained to its end; "regret": how far below it is the best that was.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from data.curves import load_curves
from metanp.curves import Curves
from metanp.search.curve_log import Curve
from metanp.search.stopping import FEWEST, PREDICTOR, Stopping, Whole
from scripts.command import one_line
from scripts.curve_rows import Work, carry_out, over, show
from scripts.results.table import Table
from scripts.results.wording import plus_minus

GROUPED = ("table", "predictor", "delta", "fewest")


def main(
    table: Annotated[list[str], typer.Option(help="names of data.curves.CURVES")],
    delta: Annotated[list[float] | None, typer.Option(help=".95 and .99 unless given")] = None,
    fewest: Annotated[list[int] | None, typer.Option(help="whole curves before anything is stopped")] = None,
    predictor: Annotated[list[str] | None, typer.Option(help="of curves; that of searches unless given")] = None,
    configurations: Annotated[int, typer.Option(help="evaluations of a search")] = 60,
    orders: Annotated[int, typer.Option(help="random ones")] = 10,
    rows: Annotated[Path | None, typer.Option(help="where finished work is kept, as JSON lines")] = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown")] = False,
) -> None:
    """Replay searches that stop trainings early."""
    with one_line("search_stopping", "--download"):
        levels, least, names = delta or [0.95, 0.99], fewest or [FEWEST], predictor or [PREDICTOR]
        pieces = [(name, one, d, n) for name in table for one in names for d in levels for n in least]
        found = carry_out(_work(pieces, configurations, orders), rows, "searches that stop")
    summary = list(summarised(found))
    show(summary, _table(summary), as_json, as_markdown)


def _work(pieces: list[tuple[str, str, float, int]], configurations: int, orders: int) -> Iterator[Work]:
    for name, predictor, delta, fewest in pieces:
        curves = load_curves(name).curves
        for number in range(orders):
            key = {"table": name, "predictor": predictor, "delta": delta, "fewest": fewest}
            key |= {"configurations": configurations, "set": number}
            drawn = np.random.default_rng(number).permutation(len(curves))[:configurations]
            yield key, partial(measure, curves[drawn], Stopping(delta, predictor, fewest))


def measure(curves: Curves, stopping: Stopping) -> dict[str, float]:
    """One search: its trainings in the order of the curves, those that failed left out."""
    curves = curves[~curves.failed]
    first, spent = int(curves.epochs[0]), 0
    whole: list[Whole] = []
    for values, length in zip(curves.scores(), curves.lengths, strict=True):
        best = max((one.end for one in whole), default=-np.inf)
        trained = _trained(stopping, Curve(first, values[:length].tolist()), whole, best)
        spent += trained
        if trained == length:
            whole.append(Whole(Curve(first, values[:length].tolist()), float(values[length - 1])))
    regret = float(curves.ends().max() - max(one.end for one in whole))
    return {"speedup": float(curves.lengths.sum() / spent), "survived": float(regret <= 0), "regret": regret}


def _trained(stopping: Stopping, curve: Curve, whole: list[Whole], best: float) -> int:
    """Values of a curve until it is stopped."""
    for n in range(1, len(curve.values)):
        if stopping.verdict(Curve(curve.first, curve.values[:n]), whole, best):
            return n
    return len(curve.values)


def summarised(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Over orders; `survived` counts orders."""
    groups: dict[tuple, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(row["key"][name] for name in GROUPED), []).append(row)
    for group, some in groups.items():
        found: dict[str, Any] = {**dict(zip(GROUPED, group, strict=True)), "orders": len(some)}
        for number in ("speedup", "regret"):
            found[number], found[f"{number}_half"] = over(some, number)
        found["survived"] = int(sum(row["survived"] for row in some))
        yield found


def _table(summary: list[dict[str, Any]]) -> Table:
    lines = [
        [
            row["table"],
            row["predictor"],
            f"{row['delta']:g}",
            str(row["fewest"]),
            plus_minus(row["speedup"], row["speedup_half"], ".2f"),
            f"{row['survived']} of {row['orders']}",
            f"{row['regret']:.3g}",
        ]
        for row in summary
    ]
    return Table(["table", "predictor", "delta", "fewest", "speedup", "best survived", "regret"], lines)


if __name__ == "__main__":
    typer.run(main)
