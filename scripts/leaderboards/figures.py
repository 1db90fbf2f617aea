"""The figures of one view of a leaderboard, with their captions."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from metanp.search.pareto import on_front
from scripts.leaderboards.standings import TAU, TOP, Entries, View
from scripts.results import axes
from scripts.results.drawing import Looks
from scripts.results.entrants import OURS
from scripts.results.page import Figure
from scripts.results.plots import Line, Mark, lines, marks, predicted_ranks, rank_diagram
from scripts.results.statistics import BLOCK, Ranking, ranking
from scripts.results.wording import column_titles, duration, listed, number

AXIS = "The axis is even in Fisher's z; what lies far below all others is drawn at its start."
RINGED = "those that no other beats both in initialisation and tau"


def figures(view: View, found: Mapping[str, Entries], looks: Looks, cells: int | None) -> list[Figure]:
    """All figures that the rows allow; `found` has the entries of each metric, `cells` is the number of predictions."""
    if not (shared := view.shared):
        return []
    tau, middle = found[TAU.key], shared[len(shared) // 2]
    band = f"Mean; of MetaNP also its 95 % interval. {AXIS}"
    best = "Best true rank among the predicted top 10, lower is better; a logarithmic axis."
    from_first: axes.Made = lambda ranks: axes.log([1, 10, *ranks], "N@10, median")  # noqa: E731
    return [
        Figure("Kendall tau over labels", band, _over_labels(tau, looks, axes.tau, OURS)),
        Figure("N@10, median over labels", best, _over_labels(found[TOP.key], looks, from_first)),
        *_times(view, tau, looks, shared[-1], cells),
        *_ranks(view, looks, [middle], f"Mean ranks at {middle} labels"),
        *(_ranks(view, looks, shared, f"Mean ranks over {shared[0]} to {shared[-1]} labels") if shared[1:] else ()),
        *_panels(view, looks, middle),
    ]


def _over_labels(entries: Entries, looks: Looks, y: axes.Made, banded: str = "") -> str:
    found = {}
    for name in looks:
        if known := {n: entry for (who, n), entry in sorted(entries.items()) if who == name}:
            halves = [entry.half for entry in known.values()] if name == banded else []
            found[name] = Line([*known], [entry.value for entry in known.values()], halves)
    return lines(found, looks, partial(axes.counts, title="labels"), y)


def _times(view: View, tau: Entries, looks: Looks, labels: int, cells: int | None) -> Iterator[Figure]:
    best = sorted((name for name in looks if (name, labels) in tau), key=lambda name: -tau[name, labels].value)
    seconds: Any = view.seconds
    taken = {name: tuple(seconds.loc[(name, labels)]) for name in best}
    taken = {name: times for name, times in taken.items() if times[0] > 0 and times[2] > 0}
    if not taken:
        return
    encoded = not any(math.isnan(encode) for _, encode, *_ in taken.values())  # the encoding of all was measured
    trained = not any(math.isnan(label) for *_, label, _ in taken.values())  # and so were trainings
    reached = np.array([tau[name, labels].value for name in taken])
    starts = {name: fit + (label if trained else 0) for name, (fit, _, _, label, _) in taken.items()}
    fronts = on_front(reached, np.array([*starts.values()]))
    sizes = np.interp(reached, [reached.min(), reached.max() + 1e-9], [6, 18])
    queries, taus = {}, {}
    for (name, times), t, size, front in zip(taken.items(), reached, sizes, fronts, strict=True):
        fit, (_, encode, answer, _, whole) = starts[name], times
        query = whole if trained and cells else (answer + (encode if encoded else 0)) / (cells or 1)
        note = f"{duration(fit)}, then {duration(query)}, tau {number(t)}"
        queries[name], taus[name] = Mark(fit, query, note, size, front), Mark(fit, t, note, 9, front)
    x = partial(axes.seconds, title="initialisation")
    y = partial(axes.seconds, title="query, one cell" if cells else "query, all cells")
    included = "encoding included" if encoded else "of cells that were encoded before"
    included += (
        "; so are the trainings of evaluated cells, and those of candidates as far as they are" if trained else ""
    )
    caption = f"Medians at {labels} labels, {included}; a larger mark is a higher tau, rings are {RINGED}."
    yield Figure("Initialisation and query time", caption, marks(queries, looks, x, y))
    caption = f"At {labels} labels. The line joins {RINGED}. {AXIS}"
    yield Figure("What a tau costs", caption, marks(taus, looks, x, axes.tau, stairs=True))


def _ranks(view: View, looks: Looks, labels: Sequence[int], title: str) -> Iterator[Figure]:
    """Ranks of predictors with an answer in at least half of the blocks, as a block counts only if all have one."""
    rows = view.raw[view.raw["labels"].isin(labels)]
    answered = rows.dropna(subset=TAU.key)[["predictor", *BLOCK, "labels"]].drop_duplicates()
    most, counts = len(answered.drop(columns="predictor").drop_duplicates()), answered["predictor"].value_counts()
    compared = [name for name in looks if 2 * counts.get(name, 0) >= max(most, 1)]
    found = ranking(rows, TAU.key, compared)
    if found.mean_rank:
        missing = [looks[name].title for name in looks if name not in compared]
        yield Figure(title, _ranks_caption(found, missing, view, len(labels)), rank_diagram(found, looks))


def _ranks_caption(found: Ranking, missing: Sequence[str], view: View, budgets: int) -> str:
    blocks = "label sets" if len(view.columns) == 1 else "pairs of column and label set"
    averaged = ", tau averaged over the numbers of labels" if budgets > 1 else ""
    apart = f"nearer than the critical difference of {number(found.critical_difference, '.2f')} (Nemenyi, 5 %)"
    caption = [f"Ranks of tau in {found.blocks} {blocks}{averaged}; 1 is best. Bars join predictors that are {apart}."]
    if not math.isnan(found.friedman_p):
        caption.append(f"Friedman's p {'< 0.001' if found.friedman_p < 0.001 else '= ' + number(found.friedman_p)}.")
    if len(view.columns) > 1:
        caption.append("Columns share their label sets, so the true critical difference is rather larger.")
    if missing:
        caption.append(f"Left out, with an answer in fewer than half of them: {listed(missing)}.")
    return " ".join(caption)


def _panels(view: View, looks: Looks, labels: int) -> Iterator[Figure]:
    """Panels of the first column, if it is ranked against itself; predictions do not depend on the scored column."""
    (shown, scored), rows = view.columns[0], view.raw
    here = rows[(rows["shown"] == shown) & (rows["scored"] == scored) & (rows["labels"] == labels)]
    known = here.dropna(subset=["scatter_truth"]).groupby("predictor", sort=False).first()
    if shown != scored or not len(known):
        return
    truth, predicted = known["scatter_truth"], known["scatter_predicted"]
    panels = {name: predicted_ranks(truth[name], predicted[name], looks[name]) for name in looks if name in truth}
    caption = "Each point is a cell: to the right the truly better, upwards those predicted to be better."
    which = f"{column_titles(view.columns)[view.columns[0]]}, {labels} labels, label set {known['set'].iloc[0]} alone"
    yield Figure("Predicted against true rank", f"{which}. {caption}", panels=panels)
