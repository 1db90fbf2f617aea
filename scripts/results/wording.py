"""Names and numbers for people: columns, differences, lists, times.

Nothing here depends on a benchmark; names in an unknown format stay as they are.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Pair = tuple[str, str]  # shown, scored
PROPER = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16-120": "ImageNet16-120"}
PARTS = re.compile(r"(?P<data>.+?)_(?P<split>validation|test|train)(_accuracy)?(_\d+)?(_(?P<origin>[a-z]+))?")


def column_titles(columns: Iterable[Pair]) -> dict[Pair, str]:
    """'CIFAR-10, validation → test' and the like; original names where two titles would be equal."""
    titles = {column: _column_title(*column) for column in columns}
    counts = Counter(titles.values())
    return {column: title if counts[title] == 1 else _arrow(*column) for column, title in titles.items()}


def _column_title(shown: str, scored: str) -> str:
    first, second = PARTS.fullmatch(shown), PARTS.fullmatch(scored)
    if first is None or second is None or first["origin"] != second["origin"]:
        return _arrow(shown, scored)
    data, other = (PROPER.get(found["data"], found["data"].replace("_", " ")) for found in (first, second))
    origin = f" ({first['origin']})" if first["origin"] else ""
    target = second["split"] if data == other else f"{other}, {second['split']}"
    return f"{data}, {_arrow(first['split'], target)}{origin}"


def _arrow(shown: str, scored: str) -> str:
    return shown if shown == scored else f"{shown} → {scored}"


def listed(words: Iterable[object]) -> str:
    """'1, 2 and 3'."""
    *most, last = [str(word) for word in words] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def number(value: float, form: str = ".3f") -> str:
    """With a minus sign and ∞; "" for NaN."""
    if math.isnan(value):
        return ""
    text = "∞" if math.isinf(value) else format(value, form)
    return text.replace("-", "−") if text.strip("-0.") else text.lstrip("-")


def plus_minus(mean: float, half: float | None, form: str = ".3f") -> str:
    """'0.123 ± 0.045'; the mean alone if there is no interval, "" for NaN."""
    if math.isnan(mean):
        return ""
    text = format(mean, form)
    return text if half is None or not math.isfinite(half) else f"{text} ± {format(half, form.lstrip('+'))}"


def measured(rows: Iterable[Mapping[str, Any]], more: str = "") -> str:
    """'Measured 2026-11-27 on 2 cores, x86_64, commit a03a0ea179ea.'; "" for rows without a date."""
    rows = [row for row in rows if "date" in row]
    commits = sorted({commit for row in rows for commit in (row.get("run_commits") or row["commit"]).split()})
    made = f"commit{'s' * (len(commits) > 1)} {', '.join(commits)}{more}"
    return f"Measured {rows[0]['date']} on {rows[0]['machine']}, {made}." if rows else ""


def percent(share: float) -> str:
    """'97 %'."""
    return f"{100 * share:.0f} %"


def seconds(value: float) -> str:
    """Two significant digits: '0.0012', '0.31', '4.2', '57', '1200'."""
    if math.isnan(value) or value <= 0:
        return "" if math.isnan(value) else "0"
    digits = max(0, 1 - math.floor(math.log10(value)))
    return f"{round(value, 1 - math.floor(math.log10(value))):,.{digits}f}".replace(",", " ")


def duration(value: float) -> str:
    """Two significant digits with a unit: '3.1 µs', '120 ms', '57 s'."""
    for unit, size in (("µs", 1e-6), ("ms", 1e-3)):
        if value < 999 * size:
            return f"{seconds(value / size).removesuffix('.0')} {unit}"
    return f"{seconds(value).removesuffix('.0')} s"
