"""The cost of penalties, impossible scores and failures in the context: `python -m scripts.robustness [--json]`.

Some evaluated cells are changed: they get a penalty or an impossible score as their score, or are marked as failed. The
cost is the Kendall tau over other cells without the changed cells, minus that with them; 95 % intervals are over label
sets. In NAS-Bench-NLP, where some trainings diverged, tau over all candidates counts failed ones as the worst.

The method was chosen on NAS-Bench-Macro and -NLP, with the results on NAS-Bench-201 in view.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import typer
from jaxtyping import Float
from rich.console import Console
from rich.progress import track

from metanp import CellArray, MetaNP
from metanp.fitted import ScoreWarning
from metanp.metrics import kendall_tau
from scripts.available import tables_for
from scripts.command import one_line
from scripts.results.statistics import interval
from scripts.results.table import Table
from scripts.results.wording import plus_minus

COLUMNS = {  # metric, and whether higher is better
    "nasbench_macro": ("cifar10_test_accuracy", 1),
    "nasbench_nlp": ("ptb_validation_loss_50", -1),
    "nasbench201": ("cifar10_validation_accuracy_200", 1),
}
TARGETS = 1000
Scores = Float[np.ndarray, " cell"]
CHANGES: dict[
    str, Callable[[Scores], list[float] | None]
] = {  # from all scores of the benchmark; None: marked as failed
    "-1e6": lambda score: [-1e6],
    "1e9": lambda score: [1e9],
    "-1e6, 1e9": lambda score: [-1e6, 1e9],
    "1e300, -1e300": lambda score: [1e300, -1e300],
    "a range below the lowest": lambda score: [2 * score.min() - score.max()],
    "a range above the highest": lambda score: [2 * score.max() - score.min()],
    "failed": lambda score: None,
}


def main(
    sets: Annotated[int, typer.Option(help="label sets")] = 20,
    labels: Annotated[int, typer.Option(help="evaluated cells, one in twenty of them changed")] = 60,
    checkpoint: Annotated[str, typer.Option(help="name of a shipped checkpoint, or a path")] = "label-free",
    download: Annotated[bool, typer.Option("--download", help="download missing benchmark files")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print costs by benchmark and kind of change."""
    with one_line("robustness", "--download"):
        tables = tables_for("robustness", COLUMNS, download, "--download")
        model = MetaNP(checkpoint)
    report = {}
    warnings.simplefilter("ignore", ScoreWarning)
    for name, table in tables.items():
        metric, sign = COLUMNS[name]
        score = sign * table.mean(metric)
        drawn = track(range(sets), name, console=Console(stderr=True))
        rows = [_costs(model, table.cells, score, labels, seed) for seed in drawn]
        report[name] = {key: _over_sets([row[key] for row in rows]) for key in rows[0]}
    print(json.dumps(report)) if as_json else _table(report, labels).print()


def _costs(model: MetaNP, cells: CellArray, score: Scores, labels: int, seed: int) -> dict[str, float]:
    """One label set: tau without the changed cells, and the cost of each kind of change."""
    rng = np.random.default_rng(seed)
    order, ok = rng.permutation(len(score)), np.isfinite(score)
    good = order[ok[order]]
    context, others = good[:labels], good[labels : labels + TARGETS]
    pool, kept = model.encode(cells[others]), context[max(1, labels // 20) :]
    changed = context[: max(1, labels // 20)]
    alone = kendall_tau(model.fit(cells[kept], score[kept]).predict(pool), score[others])
    costs = {"tau without": alone}
    for name, change in CHANGES.items():
        values = change(score[ok])
        if values is None:
            model.fit(cells[kept], score[kept], failed=cells[changed])
        else:
            scores = np.concatenate([np.resize(values, len(changed)), score[kept]])
            model.fit(cells[np.concatenate([changed, kept])], scores)
        costs[name] = alone - kendall_tau(model.predict(pool), score[others])
    return costs if ok.all() else costs | _of_failures(model, cells, score, order, labels)


def _of_failures(model: MetaNP, cells: CellArray, score: Scores, order: np.ndarray, labels: int) -> dict[str, float]:
    """Where trainings failed in the benchmark: tau over all candidates, failed ones last, and over the others."""
    context, others = order[:labels], order[labels : labels + TARGETS]
    ok = np.isfinite(score)
    good, failed = context[ok[context]], context[~ok[context]]
    pool, lowest = model.encode(cells[others]), score[good].min()
    truth, well = np.where(ok[others], score[others], score[ok].min() - 1), ok[others]

    def taus(name: str) -> dict[str, float]:
        mean = model.predict(pool)
        return {f"{name}: all": kendall_tau(mean, truth), f"{name}: not failed": kendall_tau(mean[well], truth[well])}

    model.fit(cells[good], score[good])
    found = taus("failures left out")
    model.fit(cells[np.concatenate([good, failed])], np.concatenate([score[good], np.full(len(failed), lowest)]))
    found |= taus("failures given the lowest score")
    model.fit(cells[good], score[good], failed=cells[failed])
    return found | taus("fit(..., failed=)")


def _over_sets(values: list[float]) -> dict[str, float]:
    found = interval(np.array([values]))
    return {"mean": found.mean, "half": found.half}


def _table(report: dict[str, dict[str, Any]], labels: int) -> Table:
    lines = []
    for key in dict.fromkeys(key for found in report.values() for key in found):
        cells = [found.get(key) for found in report.values()]
        lines.append([key, *("" if one is None else plus_minus(one["mean"], one["half"]) for one in cells)])
    return Table(["", *report], lines, f"{labels} evaluated cells")


if __name__ == "__main__":
    typer.run(main)
