"""The study's page, `docs/weight-sharing.md`: all its numbers are computed of the rows, or published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2

from scripts.results.wording import number, plus_minus
from scripts.sharing.predictors import CELLS
from scripts.sharing.readings import LAGS
from scripts.sharing.training import FINE_STEPS
from scripts.sharing.units import GROUPED, PREFIXES, Size, units

TEMPLATE = Path(__file__).parent / "weight-sharing.md.j2"

# Zhang et al. 2020 (arXiv:2001.01431): S-Tau (largest, least), GT-Tau and its deviation, T1R, T3R
PUBLISHED = {
    "seeds": ".5415 (.7977, .2471) | .4567 ± .1478 | 18.5 | 17.6",
    "orders": ".3930 (.7021, -.0129) | .4625 ± .0993 | 16.9 | 11.5",
    "shuffled": ".4403 (.7163, .0764) | .5108 ± .0665 | 15.6 | 11.2",
    "epochs": ".5310 (.8752, .0918) | .5053 ± .1399 | 15.2 | 13.2",
    "alone": ".7120 (.8191, .6650) | .7985 ± .0257 | 4.8 | 1.6",
}
# mean and deviation over the last mini-batches
PUBLISHED_GROUPS = {
    "random": {2: ".4577 / .1371", 4: ".2736 / .1340", 8: ".2539 / .1462", 16: ".1658 / .1255", 32: ".2903 / .1104"},
    "lexicographic": {
        2: ".3425 / .1442", 4: ".7075 / .0702", 8: ".6917 / .0457", 16: ".7200 / .0411", 32: ".7360 / .0364"
    },
}  # fmt: skip
PUBLISHED_PREFIX = {
    0: ".6960 / .0129", 1: ".4837 / .0939", 2: ".4159 / .1925", 3: ".4448 / .1881", 4: ".5174 / .1592"
}  # fmt: skip
NOT_YET = "not yet"


def page(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], size: Size) -> str:
    """The page; what is not measured yet is said."""
    environment = jinja2.Environment(keep_trailing_newline=True, trim_blocks=True, undefined=jinja2.StrictUndefined)
    done = found["done"]
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        found=found,
        size=size,
        recipe=asdict(size.recipe),
        lines={kind: _line(found["table"][kind]) for kind in PUBLISHED},
        published=PUBLISHED,
        groups=[(m, *_groups(found, m)) for m in GROUPED],
        one=_over(found["groups"]["one"]),
        prefixes=[(k, PUBLISHED_PREFIX[k], _over(found["prefix"][str(k)])) for k in PREFIXES],
        fine=_fine(found["fine"]),
        steps=FINE_STEPS,
        classes=[str(a) if a == b else f"{a} to {b}" for a, b in LAGS],
        mean=_mean,
        cells=CELLS,
        number=number,
        done=done,
        pieces=f"{sum(one['done'] for one in done.values())} of {len(units())}",
        made={key: ", ".join(sorted({str(row[key]) for row in rows})) for key in ("torch", "machine", "commit")},
        hours=f"{found['cpu_hours']:.1f}",
    )


def _mean(one: Mapping[str, Any], form: str = ".3f") -> str:
    """A mean and half of its interval."""
    return NOT_YET if one["mean"] is None else plus_minus(one["mean"], one["half"], form)


def _line(line: Mapping[str, Any]) -> str:
    """As a line of the published table, and the tau with our own stand-alone accuracies."""
    between, to = line["s_tau"], line["published"]
    if not line["instances"]:
        return " | ".join([NOT_YET] * 4 + ["", "0"])
    s_tau = "-" if between is None else "{mean:.3f} ({max:.3f}, {min:.3f})".format(**between)
    own = _mean(line["own"]["gt_tau"]) if "own" in line else ""
    cells = [s_tau, _mean(to["gt_tau"]), _mean(to["t1r"], ".1f"), _mean(to["t3r"], ".1f"), own, str(line["instances"])]
    return " | ".join(cells)


def _over(one: Mapping[str, Any]) -> str:
    """Mean over moments, and its deviation over them, with the number of instances."""
    if one["gt_tau"]["mean"] is None:
        return NOT_YET
    return f"{_mean(one['gt_tau'])} / {one['swing']['mean']:.3f} (n = {one['gt_tau']['n']})"


def _groups(found: Mapping[str, Any], count: int) -> list[str]:
    return [
        text
        for kind in ("random", "lexicographic")
        for text in (PUBLISHED_GROUPS[kind][count], _over(found["groups"][kind][str(count)]))
    ]


def _fine(fine: Mapping[str, Any]) -> list[list[str]]:
    """Lines of the table: where from, how read, tau by mini-batches."""
    return [
        [start, reading, *(number(value) for value in values)]
        for start in ("half", "end")
        for reading, values in fine.get(start, {}).items()
    ]
