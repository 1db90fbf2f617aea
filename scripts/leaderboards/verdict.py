"""Where MetaNP stands, said plainly: first, level or behind at each number of labels, and behind whom.

"First" asks for an interval above zero over every predictor with the same inputs, so it needs no correction for their
number (an intersection of tests); "behind" asks for one rival alone whose interval is above zero, the harsher reading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.leaderboards.standings import View, budgets
from scripts.results.entrants import OURS, Described
from scripts.results.statistics import Difference, known, paired
from scripts.results.wording import listed, number

Rival = tuple[str, Difference]  # its id, and ours less its


@dataclass(frozen=True)
class Verdict:
    """Numbers of labels by where MetaNP stands there among predictors with the same inputs.

    first: over every one. level: with the strongest. behind: those that are over it. alone: no other answers.
    absent: MetaNP has no answer. beyond: predictors with other inputs that are over it.
    """

    first: dict[int, Rival] = field(default_factory=dict)
    level: dict[int, Rival] = field(default_factory=dict)
    behind: dict[int, list[Rival]] = field(default_factory=dict)
    alone: list[int] = field(default_factory=list)
    absent: list[int] = field(default_factory=list)
    beyond: dict[int, list[Rival]] = field(default_factory=dict)


def verdict(view: View, predictors: Mapping[str, Described], metric: str = "kendall_tau") -> Verdict:
    """Standings of MetaNP in one view; a rival shown is the strongest one, or all that are ahead."""
    found = Verdict()
    for labels in budgets(view.raw):
        mine = [row for row in view.of(OURS, labels) if row["status"] == "ok"]
        if not mine:
            found.absent.append(labels)
            continue
        rivals = _rivals(view, predictors, labels, metric)
        same = [(n, d) for n, d in rivals if set(predictors[n].needs) == set(predictors[OURS].needs)]
        _place(found, labels, same)
        if ahead := [(n, d) for n, d in rivals if (n, d) not in same and d.sign < 0]:
            found.beyond[labels] = ahead
    return found


def _rivals(view: View, predictors: Mapping[str, Described], labels: int, metric: str) -> list[Rival]:
    """All others that answer there, the strongest first."""
    mine = view.of(OURS, labels)
    others = {name: view.of(name, labels) for name in predictors if name != OURS}
    answered = {name: rows for name, rows in others.items() if any(row["status"] == "ok" for row in rows)}
    differences = known([(name, paired(mine, rows, metric)) for name, rows in answered.items()])
    return sorted(differences, key=lambda rival: rival[1].mean)


def _place(found: Verdict, labels: int, rivals: list[Rival]) -> None:
    if not rivals:
        found.alone.append(labels)
    elif behind := [(name, difference) for name, difference in rivals if difference.sign < 0]:
        found.behind[labels] = behind
    elif level := [(name, difference) for name, difference in rivals if difference.sign == 0]:
        found.level[labels] = level[0]
    else:
        found.first[labels] = rivals[0]


def told(found: Verdict, predictors: Mapping[str, Described]) -> dict[str, list[str]]:
    """Lines for "First", "Level" and "Behind", and further ones where there is something to say."""
    title = {name: predictor.title for name, predictor in predictors.items()}
    none = ["At no number of labels."]
    lines = {"First": none, "Level": _by_rival({n: [r] for n, r in found.level.items()}, title) or none}
    lines["Behind"] = _by_rival(found.behind, title) or none
    if found.first:
        labels, (name, lead) = min(found.first.items(), key=lambda item: item[1][1].mean)
        narrowest = f"The narrowest lead is {_over(lead)} over {title[name]}, at {labels}."
        lines["First"] = [f"At {_labels([*found.first])}.", narrowest]
    if found.beyond:
        lines["Behind predictors with other inputs"] = _by_rival(found.beyond, title)
    if found.alone:
        lines["Alone"] = [f"At {_labels(found.alone)} no other predictor with the same inputs answers."]
    if found.absent:
        lines["Absent"] = [f"At {_labels(found.absent)} MetaNP has no answer."]
    return lines


def _by_rival(found: Mapping[int, Sequence[Rival]], title: Mapping[str, str]) -> list[str]:
    """A line a rival: at which numbers of labels, and how much MetaNP is over it there."""
    grouped: dict[str, dict[int, Difference]] = {}
    for labels, rivals in found.items():
        for name, difference in rivals:
            grouped.setdefault(name, {})[labels] = difference
    return [f"{title[name]}, at {_labels([*at])}: {_range([*at.values()])}." for name, at in grouped.items()]


def _range(differences: Sequence[Difference]) -> str:
    if len(differences) == 1:
        return _over(differences[0])
    means = sorted((difference.mean for difference in differences), key=abs)
    return f"{number(means[0], '+.3f')} to {number(means[-1], '+.3f')}"


def _labels(numbers: Sequence[int]) -> str:
    return f"{listed(numbers)} label{'s' if list(numbers) != [1] else ''}"


def _over(difference: Difference) -> str:
    return f"{number(difference.mean, '+.3f')} ± {number(difference.half)}"
