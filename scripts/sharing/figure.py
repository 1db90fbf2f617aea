"""The study's figure: who gains from being trained last, and how the ranking swings, by three readings."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metanp.networks.normalising import READINGS
from scripts.sharing.readings import LAGS

COLOURS = {"running": "#c44e52", "batch": "#8c8c8c", "recalibrated": "#4c72b0"}
TITLES = {"running": "running averages", "batch": "the batch's statistics", "recalibrated": "recalibrated"}
PLAIN: Any = {"svg.hashsalt": "weight-sharing", "svg.fonttype": "none", "font.size": 9}
PLAIN |= {"axes.spines.top": False, "axes.spines.right": False}


def drawn(readings: Mapping[str, Any], form: str = "svg") -> bytes:
    """The figure of the findings' `readings`; the same bytes for the same numbers."""
    with rc_context(PLAIN):
        figure = Figure(figsize=(8.6, 3.4), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
        _gains(left, readings)
        _swing(right, readings)
        written = io.BytesIO()
        more: Any = {"metadata": {"Date": None}} if form == "svg" else {"dpi": 130}
        figure.savefig(written, format=form, **more)
    return written.getvalue()


def _gains(axes: Axes, readings: Mapping[str, Any]) -> None:
    for shift, name in zip((-0.12, 0.0, 0.12), READINGS, strict=True):
        gain = readings[name]["gain"]
        halves = [one["half"] or 0.0 for one in gain]
        at = np.arange(len(LAGS)) + shift
        axes.errorbar(
            at, [one["mean"] for one in gain], halves, fmt="o-", ms=4, lw=1.4, elinewidth=0.8, capsize=2,
            color=COLOURS[name], label=TITLES[name],
        )  # fmt: skip
    axes.axhline(0, color="black", lw=0.6)
    axes.set_xticks(range(len(LAGS)), [str(a) if a == b else f"{a}\N{EN DASH}{b}" for a, b in LAGS])
    axes.set(xlabel="mini-batches since the child was trained", ylabel="places above its own mean place")
    axes.legend(frameon=False)


def _swing(axes: Axes, readings: Mapping[str, Any]) -> None:
    for name in READINGS:
        axes.plot(readings["steps"], readings[name]["moments"], "o-", ms=3, lw=1.2, color=COLOURS[name])
    axes.set(xlabel="mini-batches done, one instance", ylabel="tau with stand-alone accuracies")
