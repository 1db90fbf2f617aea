"""What MetaNP gains from which zero-cost proxy, and what that costs: `python -m scripts.proxy_gain`.

    one protocol with computed proxies -> MetaNP given none, each, all; each proxy alone; XGBoost on all -> fits -> rows

All are judged on the same label sets. A gain is MetaNP's Kendall tau with the proxy less its tau with cells alone,
paired over label sets. Seconds are of one core, of building one network and computing the proxy of it; there are none
where the benchmark brings the proxies.

Writes, under `results/proxy_gain/<protocol>/`: `rows/<column>/<entrant>.jsonl`, rows as they come, so that a killed run
goes on where it stopped; `gain.csv` and `gain.md`, the table.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.core.config_store import ConfigStore
from hydra.utils import instantiate

from metanp.baselines.proxies import Proxy
from scripts.command import command
from scripts.leaderboard import check_budgets
from scripts.leaderboards.entrants import JUDGE, fits, others, read_catalogue, taking_part
from scripts.leaderboards.evaluation import Evaluation
from scripts.leaderboards.protocols import Priced, ProtocolConfig, available, settings
from scripts.results.entrants import Entrant, trained
from scripts.results.provenance import checkpoint_digest, code_digest, data_digest, settings_digest
from scripts.results.rows import Row
from scripts.results.running import Files, Running, write
from scripts.results.statistics import crossed, frame, interval, paired
from scripts.results.table import Table
from scripts.results.wording import number

KIND = "label-free"
TAU = "kendall_tau"
READING = "scripts.leaderboards.reading"
LEAST = 0.0005  # a half of an interval that is worth saying: at no label, sets differ in how ties are broken
CELLS, ALL, TREES = "cells alone", "all", "proxies_xgboost"


@dataclass
class Config(Running):
    """protocol: one with proxies. budgets: the protocol's without. sets: label sets. seed: of these."""

    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    budgets: list[int] = field(default_factory=list)
    sets: int = 10
    seed: int = 0
    output: str = "results/proxy_gain/${protocol.name}"


ConfigStore.instance().store(name="schema_of_proxy_gain", node=Config)


def proxy_gain(config: Config) -> list[Row]:
    """Fill in the rows that are missing, write the table, return its rows.

    Raises:
        ValueError: the protocol has no proxies, or shows more than one column.
    """
    config.check(sets=2, seed=0)
    protocol, _ = available(config.protocol, [], config.download)
    if not protocol.features or len(protocol.columns) > 1:
        raise ValueError(f"{protocol.name} is no protocol of one column with proxies, as nb201_computed is")
    protocol.budgets = config.budgets or protocol.budgets
    ((shown, setting),) = settings(protocol)
    check_budgets(protocol.budgets, shown, len(setting.cells))
    scored = protocol.columns[shown][0]
    marks: Row = {
        "label_seed": config.seed,
        "data": data_digest(setting.cells, {"": setting.score, **setting.features}),
    }
    files: Files = {}
    for one in [*_metanp(protocol, config.sets), *_others(protocol, config.sets)]:
        files |= config.files_of(one, fits(one, shown, protocol), Path(config.output) / "rows" / shown, marks)
    rows = config.run(Evaluation(protocol, config.seed), files)
    table = list(_lines(frame([row for row in rows if row["scored"] == scored], [TAU]), protocol, setting))
    made = _table(table, protocol, setting)
    write(Path(config.output) / "gain", "fits", rows, table, {"md": made.markdown()})
    made.print()
    return table


def _metanp(protocol: ProtocolConfig, sets: int) -> Iterator[Entrant]:
    """MetaNP given no proxy, each, and all; named by what it is given."""
    ((seed, checkpoint),) = trained(KIND, [], protocol.benchmark).items()
    marks = {"seed": seed, "code": code_digest("metanp.predictor", JUDGE, READING)}
    given = {CELLS: [], **{name: [name] for name in protocol.features}, ALL: list(protocol.features)}
    for name, features in given.items():
        predictor = {"_target_": "metanp.MetaNP", "checkpoint": checkpoint}
        make = {"_target_": f"{READING}.Reading", "predictor": predictor, "features": features}
        config = settings_digest([checkpoint_digest(checkpoint), features])
        yield Entrant(
            f"metanp-{name.replace(' ', '-')}", make, seed, range(sets), {"predictor": name, "config": config, **marks}
        )


def _others(protocol: ProtocolConfig, sets: int) -> Iterator[Entrant]:
    """XGBoost on all proxies, and each alone, named by its side feature."""
    chosen = taking_part(read_catalogue(), KIND, protocol, [])
    features = {name: instantiate(entry.make) for name, entry in chosen.items()}
    alone = {
        name: found
        for name, one in features.items()
        if isinstance(one, Proxy) and (found := one.among(protocol.features))
    }
    for one in others({name: chosen[name] for name in [TREES, *alone]}, KIND, protocol.benchmark, sets, sets):
        if (name := one.marks["predictor"]) in alone:
            one.marks["predictor"] = _alone(alone[name])
        yield one


def _alone(name: str) -> str:
    return f"{name} alone"


def _lines(rows: pd.DataFrame, protocol: ProtocolConfig, setting: Priced) -> Iterator[Row]:
    """One row a set of features: seconds a cell, tau alone, and at each number of labels tau, gain and its interval."""
    taus = crossed(rows, TAU)
    for name in [CELLS, *protocol.features, ALL, TREES]:
        features = {CELLS: [], ALL: protocol.features, TREES: protocol.features}.get(name, [name])
        line: Row = {"reads": name, "seconds": setting.cost(features) / len(setting.cells)}
        alone = taus.get((_alone(name), 0))
        line |= _told("alone", alone)
        for labels in protocol.budgets:
            line |= _told(f"tau_{labels}", mine := taus.get((name, labels)))
            if name not in (CELLS, TREES) and mine is not None and (CELLS, labels) in taus:
                over = paired(mine, taus[CELLS, labels])
                line |= {f"gain_{labels}": over.mean, f"gain_{labels}_half": over.half}
        yield line


def _told(name: str, table: Any) -> Row:
    if table is None:
        return {}
    found = interval(table)
    return {name: found.mean, f"{name}_half": found.half}


def _table(lines: Sequence[Row], protocol: ProtocolConfig, setting: Priced) -> Table:
    budgets = protocol.budgets
    heads = ["reads", "s a cell", "alone, no label", *(f"{n} labels" for n in budgets), "gain a second"]
    first, *middle, trees = lines
    middle.sort(key=lambda line: -line.get(f"gain_{_middle(budgets)}", -math.inf))
    shown = [
        _row(first, "tau", budgets),
        *(_row(line, "gain", budgets) for line in middle),
        _row(trees, "tau", budgets),
    ]
    note = (
        f"{len(setting.cells)} cells of {protocol.benchmark}. Of {CELLS!r} and {TREES!r} Kendall's tau, of others what "
        "MetaNP's tau gains; ± is half of a 95 % interval over label sets. Gain a second: "
        f"at {_middle(budgets)} labels."
    )
    return Table(heads, shown, notes=[note])


def _row(line: Row, what: str, budgets: Sequence[int]) -> list[str]:
    gain = line.get(f"gain_{_middle(budgets)}", math.nan)
    told = [
        _number(line, "alone", ".3f"),
        *(_number(line, f"{what}_{n}", "+.3f" if what == "gain" else ".3f") for n in budgets),
    ]
    each = number(gain / line["seconds"], "+.3f") if line["seconds"] else ""
    return [line["reads"], f"{line['seconds']:.2f}" if line["seconds"] else "", *told, each]


def _number(line: Row, name: str, form: str) -> str:
    if name not in line:
        return ""
    half = line[f"{name}_half"]
    return number(line[name], form) + (f" ± {number(half, '.3f')}" if half >= LEAST else "")


def _middle(budgets: Sequence[int]) -> int:
    """The number of labels that gains are sorted by: the smallest but two, as far as there are so many."""
    return sorted(budgets)[min(2, len(budgets) - 1)]


@command("proxy_gain")
def main(config: Config) -> None:
    proxy_gain(config)


if __name__ == "__main__":
    main()
