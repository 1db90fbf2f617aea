"""The datasheet of `mini`, `docs/mini.md`: all its numbers are computed of the rows and the table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from scipy.stats import kendalltau

from data import load_benchmark
from data.table import Table
from scripts.trainings.mini import IMAGES, RECIPE, SEEDS, Work, trainings
from scripts.trainings.mini_proxies import NAMES

TEMPLATE = Path(__file__).parent / "mini.md.j2"


def page(table: Table, rows: Mapping[Work, Mapping[str, Any]], n: int, size: int) -> str:
    """The page.

    Args:
        n: cells that the benchmark will have.
        size: of the table's file, in bytes.
    """
    sets = {name: _facts(table, rows, name) for name in IMAGES}
    validation = [table.mean(f"{name}_validation_accuracy_{RECIPE.epochs}") for name in IMAGES]
    return jinja2.Template(TEMPLATE.read_text(encoding="utf-8"), keep_trailing_newline=True).render(
        cells=f"{len(table):,}",
        wanted=f"{n:,}",
        done=f"{len(rows):,}",
        total=f"{len(trainings(n)):,}",
        failed=sum("failed" in row for row in rows.values()),
        seeds=len(SEEDS),
        recipe=RECIPE,
        images=IMAGES,
        sets=sets,
        proxies=_proxies(table),
        between=_tau(*validation),
        made={key: _made(rows, key) for key in ("torch", "machine", "commit")},
        hours=f"{sum(row['cpu_seconds'] for row in rows.values()) / 3600:.1f}",
        size=f"{size / 1e6:.2f}",
    )


def _proxies(table: Table) -> list[str]:
    """Those that the table has."""
    first = next(iter(IMAGES))
    return [name for name in NAMES if f"{first}_{name}" in table.features]


def _facts(table: Table, rows: Mapping[Work, Mapping[str, Any]], dataset: str) -> dict[str, Any]:
    validation = table.values(f"{dataset}_validation_accuracy_{RECIPE.epochs}")
    seconds = [row["cpu_seconds"] for work, row in rows.items() if work.dataset == dataset]
    both = np.isfinite(validation).all(axis=1)
    mean, of_test = (table.mean(f"{dataset}_{part}_accuracy_{RECIPE.epochs}") for part in ("validation", "test"))
    return {
        "cells": f"{np.isfinite(mean).sum():,}",
        "both": f"{both.sum():,}",
        "lowest": f"{np.nanmin(mean):.1f}",
        "median": f"{np.nanmedian(mean):.1f}",
        "best": f"{np.nanmax(mean):.1f}",
        # of a difference of two seeds, by the square root of two: of one
        "noise": f"{np.std(validation[both, 1] - validation[both, 0]) / np.sqrt(2):.2f}" if both.sum() > 2 else "-",
        "seeds": _tau(validation[both, 0], validation[both, 1]),
        "test": _tau(mean, of_test),
        "first": _tau(table.mean(f"{dataset}_validation_accuracy_1"), mean),
        "parameters": _tau(table.features[f"{dataset}_parameters"], mean),
        "flops": _tau(table.features[f"{dataset}_flops"], mean),
        "nasbench201": _tau(mean, _published(table.ids)),
        "seconds": f"{np.mean(seconds):.1f}",
        "shortest": f"{np.min(seconds):.1f}",
        "longest": f"{np.max(seconds):.1f}",
        "proxies": {
            "alone": [_tau(table.features[f"{dataset}_{name}"], mean) for name in _proxies(table)],
            "seconds": [f"{np.nanmedian(table.features[f'{dataset}_{name}_seconds']):.3f}" for name in _proxies(table)],
        },
    }


def _tau(a: np.ndarray, b: np.ndarray) -> str:
    """Kendall's tau-b over the cells that have both; a dash for fewer than three, or where all have the same."""
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 3 or np.ptp(a[known]) == 0 or np.ptp(b[known]) == 0:
        return "-"
    return f"{kendalltau(a[known], b[known]).statistic:.2f}"


def _published(ids: list[str]) -> np.ndarray:
    """NAS-Bench-201's own validation accuracy on CIFAR-10 of the same cells, 200 epochs, mean over its seeds."""
    whole = load_benchmark("nasbench201")
    place = {text: i for i, text in enumerate(whole.ids)}
    return whole.mean("cifar10_validation_accuracy_200")[[place[text] for text in ids]]


def _made(rows: Mapping[Work, Mapping[str, Any]], key: str) -> str:
    return ", ".join(sorted({str(row[key]) for row in rows.values()}))
