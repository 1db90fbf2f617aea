"""How far the best of the predicted few is below the best of all, over the number of evaluated cells.

Axes: label, numbers of evaluated cells; run, label sets or seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from scipy.stats import t

from metanp.given import InputError, read_numbers, shown
from metanp.plot.style import COLOURS, DASHES, MARKS, drawn_into, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVEL = 0.95  # of intervals over runs
ASIDE = 1.03  # ratio of the places of two methods at one number of labels, so that intervals stand side by side


def regret(
    labels: Sequence[int],
    regret_by_method: Mapping[str, Any],
    halves: Mapping[str, Any] | None = None,
    axes: Axes | None = None,
) -> Axes:
    """Draw regret over the number of labels, a line for each method; log scales where all numbers are above 0.

    Args:
        labels: (label,) numbers of evaluated cells.
        regret_by_method: by the title of a method, (label,) regrets in the unit of the scores; or (run, label), whose
            mean is drawn with its 95 % interval by Student's t. NaN where nothing was measured.
        halves: by the same titles, (label,) half of the interval of each regret, where means are given.
        axes: to draw into; a new figure unless given.

    Raises:
        ImportError: matplotlib is missing; says how to install it.
        InputError: no mapping, no numbers, or no axes.
        ValueError: no method, or other numbers of regrets than of labels; names the method.
    """
    at = read_numbers(labels, "labels")
    if not isinstance(regret_by_method, Mapping):
        raise InputError(
            f"regret_by_method is {shown(regret_by_method)} ({type(regret_by_method).__name__}); "
            'give regrets by name, {"MetaNP": [...]}'
        )
    if not regret_by_method:
        raise ValueError('no method to draw; give its regrets by name, {"MetaNP": [...]}')
    halves = halves or {}
    if unknown := [name for name in halves if name not in regret_by_method]:
        raise ValueError(
            f"halves of {unknown[0]!r}, which has no regrets; the methods are {', '.join(regret_by_method)}"
        )
    found = {name: _mean_and_half(name, values, halves.get(name), len(at)) for name, values in regret_by_method.items()}
    axes = drawn_into(axes)
    for i, (name, (mean, half)) in enumerate(found.items()):
        look: dict[str, Any] = {"color": COLOURS[i % len(COLOURS)], "ls": DASHES[i // len(COLOURS) % len(DASHES)]}
        beside = at * ASIDE ** (i - (len(found) - 1) / 2)
        look |= {"marker": MARKS[i % len(MARKS)], "ms": 4, "lw": 2.2 if i == 0 else 1.3}
        axes.errorbar(beside, mean, yerr=half, elinewidth=1, label=name, **look)
    _scales(axes, at, np.concatenate([mean for mean, _ in found.values()]))
    return finish(axes, "evaluated cells", "regret")


def _mean_and_half(
    name: str, values: Any, half: Any, n: int
) -> tuple[Float[np.ndarray, " label"], Float[np.ndarray, " label"]]:
    """Of one method; half is 0 where no interval is known."""
    try:
        regrets = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"the regrets of {name!r} are {shown(values)}; give a list of numbers") from None
    if regrets.ndim not in (1, 2) or regrets.shape[-1] != n:
        raise ValueError(
            f"{n} numbers of labels, but the regrets of {name!r} have shape {regrets.shape}; "
            "give (label,) or (run, label)"
        )
    if half is not None:
        known = read_numbers(half, f"halves of {name!r}")
        if regrets.ndim != 1 or len(known) != n:
            raise ValueError(
                f"halves of {name!r} of shape {known.shape} beside regrets of shape {regrets.shape}; give one a regret"
            )
        return regrets, np.nan_to_num(known)
    if regrets.ndim == 1:
        return regrets, np.zeros(n)
    runs = np.isfinite(regrets).sum(0)
    mean = np.array(
        [column[np.isfinite(column)].mean() if k else np.nan for column, k in zip(regrets.T, runs, strict=True)]
    )
    spread = np.array(
        [column[np.isfinite(column)].std(ddof=1) if k > 1 else 0.0 for column, k in zip(regrets.T, runs, strict=True)]
    )
    reach = t.ppf((1 + LEVEL) / 2, np.maximum(runs - 1, 1))
    return mean, reach * spread / np.sqrt(np.maximum(runs, 1))


def _scales(axes: Axes, at: np.ndarray, drawn: np.ndarray) -> None:
    if (at > 0).all():
        axes.set_xscale("log")
        axes.set_xticks(at, labels=[f"{n:g}" for n in at])
        axes.minorticks_off()
    if (drawn[np.isfinite(drawn)] > 0).all():
        axes.set_yscale("log")
        low = drawn[np.isfinite(drawn)]
        if len(low):
            axes.set_ylim(bottom=low.min() / 1.5)
    axes.grid(alpha=0.25)
