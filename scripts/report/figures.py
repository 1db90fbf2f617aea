"""The figures of one view of a leaderboard: which rows go into which plot, and what is said under it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.report.plots import Line, Look, lines, predicted_ranks
from scripts.report.rank_diagram import rank_diagram
from scripts.report.standings import SECONDS, TAU, TOP, Entry, View, median_seconds, shared_budgets
from scripts.report.time_plots import Timed, tau_against_time, time_against_time
from scripts.report.wording import column_titles, listed, number
from scripts.results.statistics import Ranking, Row, ranking, value

AXIS = "The axis is even in Fisher's z; what lies far below all others is drawn at its start."
TOP_TOLD = "Best true rank among the predicted top 10, lower is better; a logarithmic axis."
Entries = Mapping[tuple[str, int], Entry]


@dataclass(frozen=True)
class Figure:
    """A drawing, or small ones beside one another with a predictor's id each."""

    title: str
    caption: str
    drawing: str = ""
    panels: list[tuple[str, str]] = field(default_factory=list)


def figures(view: View, found: Mapping[str, Entries], looks: Mapping[str, Look], cells: int | None) -> list[Figure]:
    """All that the rows allow; `found` has the entries of each metric, `cells` is how many a predictor answers for."""
    shared = shared_budgets(view.rows)
    if not shared:
        return []
    tau = found[TAU.key]
    drawn = [
        _over_labels(tau, looks, TAU.title, f"Mean; of MetaNP also its 95 % interval. {AXIS}", log=False),
        _over_labels(found[TOP.key], looks, "N@10, median", TOP_TOLD, log=True),
        *_times(view, tau, looks, shared[-1], cells),
        *_ranks(view, looks, shared),
        *_panels(view, looks, shared[len(shared) // 2]),
    ]
    return [figure for figure in drawn if figure.drawing or figure.panels]


def _over_labels(entries: Entries, looks: Mapping[str, Look], title: str, caption: str, log: bool) -> Figure:
    by_name: dict[str, list[tuple[int, Entry]]] = {}
    for (name, labels), entry in sorted(entries.items(), key=lambda item: item[0][1]):
        by_name.setdefault(name, []).append((labels, entry))
    found = {
        name: Line([n for n, _ in known], [e.value for _, e in known], [] if log else [e.half for _, e in known])
        for name in looks
        if (known := by_name.get(name))
    }
    return Figure(f"{title} over labels", caption, lines(found, looks, title, log) if found else "")


def _times(view: View, tau: Entries, looks: Mapping[str, Look], labels: int, cells: int | None) -> list[Figure]:
    taken = {name: [median_seconds(view.of(name, labels), metric) for metric in SECONDS] for name in looks}
    timed = {name: t for name, t in taken.items() if t[0] > 0 and t[2] > 0 and (name, labels) in tau}
    if not timed:
        return []
    encoded = not any(math.isnan(encode) for _, encode, _ in timed.values())  # were those of all measured?
    points = [
        Timed(name, fit, (answer + encode if encoded else answer) / (cells or 1), tau[name, labels].value)
        for name, (fit, encode, answer) in timed.items()
    ]
    included = "encoding included" if encoded else "of cells that were encoded before"
    query = "query, one cell" if cells else "query, all cells"
    ringed = "those that no other beats both in initialisation and tau"
    return [
        Figure(
            "Initialisation and query time",
            f"Medians at {labels} labels, {included}; a larger mark is a higher tau, rings are {ringed}.",
            time_against_time(points, looks, query),
        ),
        Figure(
            "What a tau costs",
            f"At {labels} labels. The line joins {ringed}. {AXIS}",
            tau_against_time(points, looks),
        ),
    ]


def _ranks(view: View, looks: Mapping[str, Look], shared: Sequence[int]) -> list[Figure]:
    middle = shared[len(shared) // 2]
    wanted = [(f"Mean ranks at {middle} labels", [middle])]
    if len(shared) > 1:
        wanted.append((f"Mean ranks over {shared[0]} to {shared[-1]} labels", list(shared)))
    drawn = []
    for title, labels in wanted:
        rows = [row for row in view.raw if row["labels"] in labels]
        compared = _comparable(rows, looks)
        found = ranking(rows, TAU.key, compared)
        if found.mean_rank:
            missing = [looks[name].title for name in looks if name not in compared]
            drawn.append(Figure(title, _ranks_told(found, missing, view, len(labels)), rank_diagram(found, looks)))
    return drawn


def _comparable(rows: Sequence[Row], looks: Mapping[str, Look]) -> list[str]:
    """Predictors with an answer in at least half of the blocks: one that mostly fails would leave none to rank in."""
    answered: dict[str, set[tuple]] = {}
    for row in rows:
        if not math.isnan(value(row, TAU.key)):
            where = (row["shown"], row["scored"], row["set"], row["labels"])
            answered.setdefault(row["predictor"], set()).add(where)
    most = len(set().union(*answered.values()))
    return [name for name in looks if 2 * len(answered.get(name, ())) >= max(most, 1)]


def _ranks_told(found: Ranking, missing: Sequence[str], view: View, budgets: int) -> str:
    blocks = "label sets" if len(view.columns) == 1 else "pairs of column and label set"
    averaged = ", tau averaged over the numbers of labels" if budgets > 1 else ""
    parts = [f"Ranks of tau in {found.blocks} {blocks}{averaged}; 1 is best. A bar joins predictors that are not apart"]
    parts[0] += " (Nemenyi, 5 %)."
    if not math.isnan(found.friedman_p):
        parts.append(f"Friedman's p {'< 0.001' if found.friedman_p < 0.001 else '= ' + number(found.friedman_p)}.")
    if len(view.columns) > 1:
        parts.append("Columns share their label sets, so the true critical difference is rather larger.")
    if missing:
        parts.append(f"Left out, with an answer in fewer than half of them: {listed(missing)}.")
    return " ".join(parts)


def _panels(view: View, looks: Mapping[str, Look], labels: int) -> list[Figure]:
    """Of the view's first column, if it is ranked against itself: predictions of another would be the same again."""
    column = view.columns[0]
    if column[0] != column[1]:
        return []
    known: dict[str, Row] = {}
    for row in view.raw:
        here = (row["shown"], row["scored"]) == column and row["labels"] == labels
        if here and row.get("scatter_truth") and row.get("scatter_predicted"):
            known.setdefault(row["predictor"], row)
    if not known:
        return []
    drawn = [
        (name, predicted_ranks(known[name]["scatter_truth"], known[name]["scatter_predicted"], looks[name]))
        for name in looks
        if name in known
    ]
    where = f"{column_titles([column])[column]}, {labels} labels, label set {next(iter(known.values()))['set']} alone"
    caption = f"{where}. Each point is a cell: to the right the truly better, upwards those predicted to be better."
    return [Figure("Predicted against true rank", caption, panels=drawn)]
