"""Tables of published summaries: leaderboards, the demo, ablations. `scripts.readme` reads their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from omegaconf import OmegaConf

from scripts.leaderboards.entrants import made
from scripts.results.entrants import OURS
from scripts.results.table import Cell, Table
from scripts.results.wording import listed, measured, plus_minus

Row = Mapping[str, Any]
PROTOCOLS = Path(__file__).parent.parent / "configs" / "protocol"
FEW = (20, 50, 100)  # labels in the README, and predictors
STRONGEST = (OURS, "gp_wl", "xgboost", "random_forest")
GLANCE = (20, 50, 100)  # labels in the overview, or the nearest that a protocol has
COLUMNS = ["shown", "predictor", "labels", "sets", "kendall_tau", "n_at_10_median", "over_tau", "over_tau_half"]
IN_DEMO = {"metanp": "MetaNP, trained by the demo", "shipped": "MetaNP, shipped label-free"}
METRICS = {"tau": "tau", "n_at_10_median": "N@10 median", "n_at_10": "N@10 mean", "regret_at_10": "regret@10"}
FORMS = (".3f", ".0f", ".1f", ".2f")  # of these


def protocol_table(rows: Sequence[Row]) -> Table:
    """Predictors by numbers of labels, averaged over columns that are ranked against themselves; the best first.

    An entry is the mean tau and, in brackets, the median of N@10, averaged over columns as well.
    """
    own = _own(rows)
    whole, labels, sets = _whole(own), sorted(set(own["labels"])), own["sets"].max()
    means = whole.groupby(["predictor", "labels"])[["kendall_tau", "n_at_10_median"]].mean()
    found = {where: f"{tau:.3f} ({top:.0f})" for where, tau, top in means.itertuples(name=None)}
    fewest = whole.groupby("predictor")["sets"].min()
    lines = []
    for name in _best_first(whole):
        fewer = f" ({fewest[name]} label sets)" if fewest[name] < sets else ""
        title = Cell(title_of(name) + fewer, mark="ours" if name == OURS else "")
        lines.append([title, *(found.get((name, n), "") for n in labels)])
    (ahead, behind, cases), ours = _standing(whole), next(row for row in rows if row["predictor"] == OURS)
    several = ours["seeds"] > 1
    note = (
        f"Of {cases} columns and numbers of labels MetaNP is clearly ahead of every other in {ahead}, clearly behind "
        f"at least one in {behind} (paired over label sets{' and training seeds' * several}, 95 % interval without "
        f"zero); means over {sets} label sets, {ours['seeds']} training seed{'s' * several} of MetaNP and columns: "
        f"{own['shown'].nunique()}.\n{measured([ours])}"
    )
    return Table(["labels", *labels], lines, notes=[note])


def leaderboard_overview(rows: Sequence[Row]) -> Table:
    """All protocols and kinds of meta-training, from summaries `<protocol>-<kind>`: MetaNP beside the best other."""
    lines = []
    for summary in dict.fromkeys(row["summary"] for row in rows):
        protocol, _, kind = summary.partition("-")
        config = OmegaConf.load(PROTOCOLS / f"{protocol}.yaml")
        here = [row for row in rows if row["summary"] == summary]
        whole, seeds = _whole(_own(here)), next(row["seeds"] for row in here if row["predictor"] == OURS)
        tau = whole[whole["sets"] == whole["sets"].max()].pivot_table("kendall_tau", "predictor", "labels")
        tau = tau.loc[:, tau.loc[OURS].notna() & (tau.count() > 1)]
        entries, best = [], {}
        for labels in GLANCE:
            at = tau[min(tau.columns, key=lambda n: abs(n - labels))]
            first = at.drop(OURS).idxmax()
            best[title_of(first)] = first
            entries.append(f"{at[OURS]:.3f} ({at[first]:.3f})")
        ahead, behind, compared = _standing(whole)
        title = config.title + ", 13 proxies as inputs" * ("features" in config)
        others = [whole["predictor"].nunique() - 1, "; ".join(best)]
        lines.append([title, kind, seeds, *entries, *others, ahead, compared - ahead - behind, behind])
    heads = ["benchmark", "training", "seeds", *(f"{n} labels" for n in GLANCE), "others", "the best of them"]
    note = (
        "Kendall tau, averaged over the columns of a protocol, in brackets that of the best other predictor there that "
        "saw all label sets; seeds are of training. Ahead, level, behind: in how many of all columns and numbers of "
        "labels it is clearly ahead of every other, and clearly behind at least one; paired over label sets and "
        "training seeds, 95 % interval."
    )
    return Table([*heads, "ahead", "level", "behind"], lines, notes=[note])


def glance(rows: Sequence[Row]) -> Table:
    """Benchmarks (summaries `<protocol>-label-free`) by MetaNP and strong rivals: tau at a few budgets."""
    lines = []
    for summary in dict.fromkeys(row["summary"] for row in rows):
        whole = _whole(_own(row for row in rows if row["summary"] == summary))
        tau = whole.groupby(["predictor", "labels"])["kendall_tau"].mean()
        entries = [" / ".join(f"{tau.get((name, n), float('nan')):.2f}" for n in FEW) for name in STRONGEST]
        title = OmegaConf.load(PROTOCOLS / f"{summary.partition('-')[0]}.yaml").title
        lines.append([f"{title} ({whole['shown'].nunique()})", *entries])
    heads = [f"tau at {', '.join(map(str, FEW[:-1]))} and {FEW[-1]} labels", *map(title_of, STRONGEST)]
    note = "In brackets, how many columns were averaged. Three training seeds of MetaNP."
    return Table(heads, lines, notes=[f"{note} {measured(row for row in rows if row['predictor'] == OURS)}"])


@cache
def title_of(name: str) -> str:
    """The title of MetaNP or of a predictor of the catalogue."""
    return "MetaNP" if name == OURS else made(name).about.title


def _own(rows: Iterable[Row]) -> pd.DataFrame:
    """The rows of columns that are ranked against themselves."""
    return pd.DataFrame([row for row in rows if row["shown"] == row["scored"]], columns=COLUMNS)


def _whole(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows at numbers of labels where the predictor answers in every column: no mean is over easy columns alone.

    Raises:
        ValueError: MetaNP has no such row.
    """
    columns = sorted(set(rows["shown"]))
    whole = rows[rows.groupby(["predictor", "labels"])["shown"].transform("size") == len(columns)]
    if OURS not in set(whole["predictor"]):
        raise ValueError(f"MetaNP has no answer in one of {', '.join(columns)}")
    return whole


def _best_first(rows: pd.DataFrame) -> list[str]:
    """Predictors by their mean tau over the numbers of labels at which the most predictors answer."""
    answered = rows.groupby("labels")["predictor"].transform("nunique")
    tau = rows[answered == answered.max()].groupby("predictor")["kendall_tau"].mean()
    return sorted(dict.fromkeys(rows["predictor"]), key=lambda name: -tau.get(name, -1.0))


def _standing(rows: pd.DataFrame) -> tuple[int, int, int]:
    """Numbers of cases (a column and a number of labels) with MetaNP ahead of all, behind at least one, and of all."""
    held = rows[(rows["predictor"] == OURS) & rows["over_tau"].notna()]
    ahead, behind = (sign * held["over_tau"] > held["over_tau_half"] for sign in (1, -1))
    return int(ahead.sum()), int(behind.sum()), len(held)


def demo_table(rows: Sequence[Row]) -> Table:
    """Predictors by metrics, each at all numbers of labels, with date, machine and commit."""
    found = {(row["predictor"], row["labels"]): row for row in rows}
    names, labels = (list(dict.fromkeys(part)) for part in zip(*found, strict=True))
    lines, notes = [], []
    for name in names:
        mine, ours = [found[name, n] for n in labels], name in IN_DEMO
        title = Cell(IN_DEMO[name] if ours else title_of(name), mark="ours" if ours else "")
        texts = [
            ", ".join(format(row[metric], form) for row in mine) for metric, form in zip(METRICS, FORMS, strict=True)
        ]
        lines.append([title, *texts])
        if ours:
            over = ", ".join(plus_minus(row["tau_over_gp_wl"], row["half_interval"], "+.3f") for row in mine)
            what = "tau over that of the GP on graph features, paired over label sets, 95 % interval"
            notes.append(f"**{title.text}**: {what}: {over}.")
    trained = f"; the demo's own model was meta-trained in {rows[0]['meta_train_seconds']} s"
    heads = [f"at {', '.join(map(str, labels))} labels", *METRICS.values()]
    return Table(heads, lines, notes=[*notes, measured(rows[:1], trained)])


def demo_rows(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Results of the demo: a row for each predictor and number of labels."""
    rows = []
    for name, taus in result["tau"].items():
        for labels in taus:
            row = {"predictor": name, "labels": labels, **{metric: result[metric][name][labels] for metric in METRICS}}
            row["tau_over_gp_wl"], row["half_interval"] = result["tau_over_gp_wl"].get(name, {}).get(labels, ("", ""))
            rows.append({**row, "meta_train_seconds": round(result["seconds"].get("meta_train", 0))})
    return rows


def ablation_table(rows: Sequence[Row]) -> Table:
    """Variants by benchmarks: mean tau, and its difference to the first variant's."""
    first, benchmarks = rows[0], list(dict.fromkeys(row["benchmark"] for row in rows))
    lines = []
    for variant in dict.fromkeys(row["variant"] for row in rows):
        mine = [row for row in rows if row["variant"] == variant]
        over = [
            "" if variant == first["variant"] else f" ({plus_minus(row['over_first'], row['over_first_half'], '+.3f')})"
            for row in mine
        ]
        taus = [f"{row['kendall_tau']:.3f}{more}" for row, more in zip(mine, over, strict=True)]
        lines.append([variant, *taus, f"{mine[0]['parameters']:,.0f}", f"{mine[0]['train_seconds']:.0f}"])
    note = (
        f"Mean tau at {listed(first['budgets'].split())} labels; training seeds: {first['seeds']}, label sets: "
        f"{first['sets']}; in brackets the difference to the first row, paired over both, 95 % interval. "
        f"{measured([first])}"
    )
    narrow = (  # measured before intervals were over new seeds and sets at once
        f"These intervals count the {first['seeds'] * first['sets']} pairs of training seed and label set as "
        "independent. They are not, so the intervals are too narrow, and differences little larger than theirs may be "
        "chance, until all of it is measured again."
    )
    heads = ["variant", *benchmarks, "parameters", "seconds to train"]
    return Table(heads, lines, notes=[note.rstrip(), "" if "interval" in first else narrow])
