"""What the rows of the study say: rank correlations of every kind of sharing, and what `readings` says.

    s_tau    mean tau between two instances        gt_tau   tau with the stand-alone accuracies
    t1r, t3r the best true rank among the one, the three children that are predicted to be the best

Tau is Kendall's tau-b. Only pieces that are done count: of groups and of children alone those of which all are.

Axes: instance; moment; child, by the index of the space.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from data.weight_sharing import Published
from metanp.metrics import kendall_tau
from metanp.networks.normalising import READINGS
from scripts.sharing.over_instances import mean_of
from scripts.sharing.predictors import REGIMES
from scripts.sharing.readings import Accuracies, Moments, Rows, readings
from scripts.sharing.units import CHILDREN, GROUPED, PREFIXES, SHARED, Size, Unit, units

SHUFFLES = 64  # random orders of children that are level, over which best ranks are averaged


def findings(rows: Rows, published: Published, size: Size) -> dict[str, Any]:
    """Everything that the page and programs are told."""
    own = own_truth(rows)
    truths = {"published": published.mean} | ({} if own is None else {"own": own})
    return {
        "done": {kind: _done(rows, kind) for kind in dict.fromkeys(unit.kind for unit in units())},
        "table": {kind: _compared(_finals(rows, kind), truths) for kind in SHARED}
        | {"epochs": _epochs(rows, truths), "alone": _alone(rows, truths)},
        "groups": {
            kind: {str(m): _over_instances(_grouped(rows, kind, m), published.mean) for m in GROUPED}
            for kind in ("random", "lexicographic")
        }
        | {"one": _over_instances([_few(rows[u]) for u in _of(rows, "seeds")], published.mean)},
        "prefix": {
            str(k): _over_instances([_read(rows[u]) for u in _of(rows, "prefix", k)], published.mean) for k in PREFIXES
        },
        "fine": _fine(rows, published.mean),
        "readings": readings(rows, published.mean),
        "public": _public(published),
        "predictors": {kind: _predictor([rows[u] for u in _of(rows, kind)]) for kind in REGIMES},
        "own_truth": None if own is None else {"tau_with_published": kendall_tau(own, published.mean)},
        "cpu_hours": sum(row["cpu_seconds"] for row in rows.values()) / 3600,
    }


def best_rank(predicted: Accuracies, truth: Accuracies, n: int) -> float:
    """The best true rank, 1 of all, among the `n` predicted best; the mean over orders of those that are level."""
    rank, rng = rankdata(-truth), np.random.default_rng(0)
    orders = (np.lexsort((rng.random(len(truth)), -predicted)) for _ in range(SHUFFLES))
    return float(np.mean([rank[order[:n]].min() for order in orders]))


def own_truth(rows: Rows) -> Accuracies | None:
    """Mean accuracy on test images of the trainings of each child alone; None where one has none."""
    runs = list(_runs(rows).values())
    return np.mean(runs, axis=0) if runs else None


def _of(rows: Rows, kind: str, parts: int = 0) -> list[Unit]:
    """The pieces of a kind that are done, by instance and number."""
    return sorted((u for u in rows if u.kind == kind and u.parts == parts), key=lambda u: (u.instance, u.number))


def _done(rows: Rows, kind: str) -> dict[str, int]:
    return {"done": sum(u.kind == kind for u in rows), "of": sum(u.kind == kind for u in units())}


def _read(row: Mapping[str, Any], reading: str = "running") -> Moments:
    return np.array(row["readings"][reading])


def _few(row: Mapping[str, Any]) -> Moments:
    """Of the many moments of `seeds` as many, and as far apart, as other supernets have."""
    return _read(row)[3::4]


def _finals(rows: Rows, kind: str) -> list[Accuracies]:
    """At the end of each instance."""
    return [_read(rows[u])[-1] for u in _of(rows, kind)]


def _runs(rows: Rows) -> dict[int, Accuracies]:
    """Test accuracies of children alone, by run; those of which all children are done."""
    found: dict[int, dict[int, float]] = {}
    for unit in _of(rows, "alone"):
        found.setdefault(unit.instance, {})[unit.number] = rows[unit]["test"]
    return {run: np.array([of[i] for i in range(CHILDREN)]) for run, of in sorted(found.items()) if len(of) == CHILDREN}


def _compared(instances: Sequence[Accuracies], truths: Mapping[str, Accuracies]) -> dict[str, Any]:
    """A line of the table."""
    pairs = [kendall_tau(a, b) for a, b in itertools.combinations(instances, 2)]
    between = {"mean": float(np.mean(pairs)), "max": max(pairs), "min": min(pairs)} if pairs else None
    found: dict[str, Any] = {"instances": len(instances), "s_tau": between}
    for name, truth in truths.items():
        taus = [kendall_tau(one, truth) for one in instances]
        found[name] = {
            "gt_tau": mean_of(taus),
            "sd": float(np.std(taus, ddof=1)) if len(taus) > 1 else None,
            "t1r": mean_of(best_rank(one, truth, 1) for one in instances),
            "t3r": mean_of(best_rank(one, truth, 3) for one in instances),
        }
    return found


def _epochs(rows: Rows, truths: Mapping[str, Accuracies]) -> dict[str, Any]:
    """The last epochs of that instance of `seeds` whose epochs agree as much as the median one's."""
    lines = [_compared([*_read(rows[u], "epochs")], truths) for u in _of(rows, "seeds")]
    lines.sort(key=lambda line: line["s_tau"]["mean"])
    return lines[len(lines) // 2] if lines else _compared([], truths)


def _alone(rows: Rows, truths: Mapping[str, Accuracies]) -> dict[str, Any]:
    """Runs of all children alone; compared with each other in the place of their own mean."""
    return _compared(list(_runs(rows).values()), {"published": truths["published"]})


def _grouped(rows: Rows, kind: str, count: int) -> list[Moments]:
    """All children, each read in the supernet of its group, by instance."""
    found: dict[int, list[Unit]] = {}
    for unit in _of(rows, kind, count):
        found.setdefault(unit.instance, []).append(unit)
    whole = []
    for parts in (some for some in found.values() if len(some) == count):
        together = np.full((len(_read(rows[parts[0]])), CHILDREN), np.nan)
        for unit in parts:
            together[:, rows[unit]["children"]] = _read(rows[unit])
        whole.append(together)
    return whole


def _over_instances(instances: Sequence[Moments], truth: Accuracies) -> dict[str, Any]:
    """gt_tau: mean over moments, with an interval over instances; swing: standard deviation over moments."""
    taus = [[kendall_tau(moment, truth) for moment in one] for one in instances]
    return {"gt_tau": mean_of(map(np.mean, taus)), "swing": mean_of(map(np.std, taus))}


def _fine(rows: Rows, truth: Accuracies) -> dict[str, Any]:
    """Tau by mini-batches of one child alone: from the half and the end of a training, by reading."""
    found: dict[str, Any] = {}
    for unit in _of(rows, "fine"):
        found["steps"] = rows[unit]["steps"]
        for start, by_reading in rows[unit]["readings"].items():
            found[start] = {
                name: [kendall_tau(np.array(one), truth) for one in taken] for name, taken in by_reading.items()
            }
    return found


def _predictor(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Over seeds: tau, mean accuracy and seconds, by reading; seconds of training."""
    found: dict[str, Any] = {
        reading: {
            number: mean_of(row["readings"][reading][number] for row in rows)
            for number in ("tau", "accuracy", "seconds")
        }
        for reading in READINGS
    }
    return found | {"train_seconds": mean_of(row["train_seconds"] for row in rows)}


def _public(published: Published) -> dict[str, Any]:
    """The paper's own instance: single moments against means over them, and how long a ranking is remembered."""
    taus = [kendall_tau(moment, published.mean) for moment in published.shared]
    centred = published.shared - published.shared.mean(0)
    centred = centred - centred.mean(1, keepdims=True)
    apart = {k: float(np.corrcoef(centred[k:].ravel(), centred[:-k].ravel())[0, 1]) for k in (1, 2, 4, 16, 64)}
    return {
        "mean": float(np.mean(taus)),
        "sd": float(np.std(taus, ddof=1)),
        "min": min(taus),
        "max": max(taus),
        "averaged": kendall_tau(published.shared.mean(0), published.mean),
        "correlation": {str(k): value for k, value in apart.items()},
    }
