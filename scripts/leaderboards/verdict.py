"""Where MetaNP stands, said plainly: first, level or behind at each number of labels, and behind whom.

"First" asks for an interval above zero over every predictor with the same inputs, so it needs no correction for their
number (an intersection of tests); "behind" asks for one rival alone whose interval is above zero, the harsher reading.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from scripts.leaderboards.standings import TAU, View
from scripts.results.entrants import OURS, Described
from scripts.results.statistics import Difference, known, paired
from scripts.results.wording import listed, number

Rival = tuple[str, Difference]  # its id, and ours less its


Verdict = dict[str, dict[int, list[Rival]]]  # by place, numbers of labels where MetaNP has it, and rivals there
PLACES = ("first", "level", "behind", "alone", "absent", "beyond")


def verdict(view: View, predictors: Mapping[str, Described]) -> Verdict:
    """Standings of MetaNP by Kendall tau in one view, among predictors with the same inputs.

    first: over every one; beside the strongest. level: with the strongest. behind: those that are over it. alone: no
    other answers. absent: MetaNP has no answer. beyond: predictors with other inputs that are over it.
    """
    found: Verdict = {place: {} for place in PLACES}
    tables = {where: table for where, table in view.crossed[TAU.key].items() if np.isfinite(table).any()}
    for labels in view.labels:
        if (OURS, labels) not in tables:
            found["absent"][labels] = []
            continue
        mine, others = tables[OURS, labels], [n for n in predictors if n != OURS and (n, labels) in tables]
        rivals = known([(name, paired(mine, tables[name, labels])) for name in others])
        rivals.sort(key=lambda rival: rival[1].mean)
        same = [rival for rival in rivals if {*predictors[rival[0]].needs} == {*predictors[OURS].needs}]
        place, beside = _place(same)
        found[place][labels] = beside
        if beyond := [rival for rival in rivals if rival not in same and rival[1].sign < 0]:
            found["beyond"][labels] = beyond
    return found


def _place(rivals: list[Rival]) -> tuple[str, list[Rival]]:
    """Among these, the strongest first."""
    if not rivals:
        return "alone", []
    if behind := [rival for rival in rivals if rival[1].sign < 0]:
        return "behind", behind
    if level := [rival for rival in rivals if rival[1].sign == 0]:
        return "level", level[:1]
    return "first", rivals[:1]


def told(found: Verdict, predictors: Mapping[str, Described]) -> dict[str, list[str]]:
    """Lines for "First", "Level" and "Behind", and further ones where there is something to say."""
    none = ["At no number of labels."]
    lines = {"First": none, "Level": _by_rival(found["level"], predictors) or none}
    lines["Behind"] = _by_rival(found["behind"], predictors) or none
    if found["first"]:
        labels, ((name, lead),) = min(found["first"].items(), key=lambda item: item[1][0][1].mean)
        narrowest = f"The narrowest lead is {_over(lead)} over {predictors[name].title}, at {labels}."
        lines["First"] = [f"At {_labels(found['first'])}.", narrowest]
    if found["beyond"]:
        lines["Behind predictors with other inputs"] = _by_rival(found["beyond"], predictors)
    if found["alone"]:
        lines["Alone"] = [f"At {_labels(found['alone'])} no other predictor with the same inputs answers."]
    if found["absent"]:
        lines["Absent"] = [f"At {_labels(found['absent'])} MetaNP has no answer."]
    return lines


def _by_rival(found: Mapping[int, Sequence[Rival]], predictors: Mapping[str, Described]) -> list[str]:
    """A line a rival: at which numbers of labels, and how much MetaNP is over it there."""
    lines = []
    for name in dict.fromkeys(name for rivals in found.values() for name, _ in rivals):
        at = {labels: one for labels, rivals in found.items() for rival, one in rivals if rival == name}
        first, *_, last = 2 * sorted(at.values(), key=lambda one: abs(one.mean))
        over = f"{number(first.mean, '+.3f')} to {number(last.mean, '+.3f')}" if len(at) > 1 else _over(first)
        lines.append(f"{predictors[name].title}, at {_labels(at)}: {over}.")
    return lines


def _labels(numbers: Collection[int]) -> str:
    return f"{listed(numbers)} label{'s' if list(numbers) != [1] else ''}"


def _over(difference: Difference) -> str:
    return f"{number(difference.mean, '+.3f')} ± {number(difference.half)}"
