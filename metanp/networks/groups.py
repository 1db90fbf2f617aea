"""Children of a space in groups, each of which is to have a supernet of its own.

Sizes differ by one at most. In the order of the space, neighbours agree in their first choices, so that slices of it
are groups of similar children too: what Zhang et al. call grouping by similarity (arXiv:2001.01431).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from metanp.networks.choices import Picks

Groups = list[Int[np.ndarray, " member"]]  # numbers of children, ascending


def lexicographic(children: Sequence[Picks], count: int) -> Groups:
    """Slices of the children as they are given.

    Raises:
        ValueError: more groups than children, or none.
    """
    return [np.sort(part) for part in np.array_split(np.arange(len(children)), _checked(count, len(children)))]


def at_random(children: Sequence[Picks], count: int, rng: np.random.Generator) -> Groups:
    """A random partition; raises as `lexicographic`."""
    order = rng.permutation(len(children))
    return [np.sort(part) for part in np.array_split(order, _checked(count, len(children)))]


def by_similarity(children: Sequence[Picks], count: int) -> Groups:
    """The first child left with those left that differ from it at the fewest places, again and again.

    Raises as `lexicographic`.
    """
    sizes = [len(part) for part in np.array_split(np.arange(len(children)), _checked(count, len(children)))]
    picks = np.array([[-1 if pick is None else pick for pick in child] for child in children])
    left, groups = np.arange(len(children)), []
    for size in sizes:
        differ = (picks[left] != picks[left[0]]).sum(1)
        nearest = np.argsort(differ, kind="stable")[:size]
        groups.append(np.sort(left[nearest]))
        left = np.delete(left, nearest)
    return groups


def _checked(count: int, children: int) -> int:
    if not 1 <= count <= children:
        raise ValueError(
            f"{count} groups of {children} children: a group would be without children; give 1 to {children}"
        )
    return count
