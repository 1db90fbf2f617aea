"""vote: of two architectures, the one that most of synflow, jacov and snip prefer.

Unlike the other proxies it has no value for one network: it orders a pool. An architecture's value here is the share of
the others that it wins against, a tie being half. The three may disagree in circles, so a value is no more than that.

What is published of the vote is the share of pairs that it orders as accuracy does, which stands on one axis with
|Spearman| there and is another scale: `pairs_right` gives it; on Kendall's it is 2 * share - 1.

Source: Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", ICLR 2021 (arXiv:2101.08134), and their notebook.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from metanp.given.numbers import read_numbers

VOTERS = ("synflow", "jacov", "snip")


def vote(columns: Mapping[str, Any], voters: Sequence[str] = VOTERS) -> Float[np.ndarray, " cell"]:
    """The share of the other architectures that each wins against; NaN where a voter's value is missing.

    Args:
        columns: a value of each architecture by the voter's name; higher is better.

    Raises:
        ValueError: a voter without a column, or columns of different lengths; names it.
    """
    values = _columns(columns, voters)
    known = np.isfinite(values).all(0)
    wins = np.full(values.shape[1], np.nan)
    others = values[:, known]
    if len(rest := np.flatnonzero(known)) < 2:
        return wins
    for place, row in zip(rest, others.T, strict=True):
        wins[place] = ((np.sign(_majority(row[:, None], others)) + 1).sum() - 1) / 2 / (len(rest) - 1)
    return wins


def pairs_right(columns: Mapping[str, Any], score: Any, voters: Sequence[str] = VOTERS) -> float:
    """The share of pairs with different scores that the vote orders as the scores do; ties of the vote are wrong.

    Raises:
        ValueError: as `vote`; or no pair with different scores.
    """
    values, truth = _columns(columns, voters), read_numbers(score, "scores")
    if len(truth) != values.shape[1]:
        raise ValueError(f"{len(truth)} scores for {values.shape[1]} architectures; give one for each")
    known = np.isfinite(values).all(0) & np.isfinite(truth)
    values, truth = values[:, known], truth[known]
    right = pairs = 0
    for i in range(1, len(truth)):
        order = np.sign(truth[i] - truth[:i])
        right += int(((np.sign(_majority(values[:, [i]], values[:, :i])) == order) & (order != 0)).sum())
        pairs += int((order != 0).sum())
    if not pairs:
        raise ValueError("no two architectures have different scores, so no pair has an order; give more of them")
    return right / pairs


def _majority(one: Float[np.ndarray, "voter 1"], others: Float[np.ndarray, "voter cell"]) -> Int[np.ndarray, " cell"]:
    """How many voters more prefer `one` than each of `others`."""
    return np.sign(one - others).sum(0).astype(int)


def _columns(columns: Mapping[str, Any], voters: Sequence[str]) -> Float[np.ndarray, "voter cell"]:
    if missing := [name for name in voters if name not in columns]:
        raise ValueError(f"the vote has no column {missing[0]!r}; measure it too, or name other voters")
    read = [read_numbers(columns[name], f"values of {name}") for name in voters]
    for name, column in zip(voters, read, strict=True):
        if len(column) != len(read[0]):
            raise ValueError(f"{len(column)} values of {name} but {len(read[0])} of {voters[0]}; give one for each")
    return np.stack(read)
