"""A canonical order of the nodes of a small labelled DAG, so that isomorphic graphs are written alike.

Colour refinement in both directions, then individualisation where colours stay shared, keeping the smallest
certificate. Of nodes that a symmetry exchanges only one is tried, where the symmetry is easily seen (twins; parallel
branches). Exact, and fast for what it is for: graphs of up to a few dozen nodes.

Source: McKay, "Practical graph isomorphism", 1981 (individualisation and refinement).
"""

from collections.abc import Sequence

Edges = Sequence[tuple[int, int]]


def canonical_order(labels: Sequence[str], edges: Edges) -> list[int]:
    """The nodes in an order that depends on the isomorphism class alone (up to automorphism); topological.

    Args:
        labels: one a node; only nodes of the same label may be exchanged.
        edges: (from, to), acyclic.
    """
    before: list[list[int]] = [[] for _ in labels]
    after: list[list[int]] = [[] for _ in labels]
    for u, v in edges:
        before[v].append(u)
        after[u].append(v)
    depth = _depths(before)
    colours = _ranks([(depth[i], label) for i, label in enumerate(labels)])
    return _search(colours, before, after)[1]


def _depths(before: list[list[int]]) -> list[int]:
    """Length of the longest path into each node, so that sorting by it is a topological order."""
    depth: list[int | None] = [None] * len(before)

    def visit(node: int) -> int:
        if (known := depth[node]) is None:
            depth[node] = known = 1 + max(map(visit, before[node]), default=-1)
        return known

    return [visit(node) for node in range(len(before))]


def _ranks(signatures: list) -> list[int]:
    rank = {s: i for i, s in enumerate(sorted(set(signatures)))}
    return [rank[s] for s in signatures]


def _refine(colours: list[int], before: list[list[int]], after: list[list[int]]) -> list[int]:
    while True:
        signatures = [
            (c, tuple(sorted(colours[u] for u in before[i])), tuple(sorted(colours[v] for v in after[i])))
            for i, c in enumerate(colours)
        ]
        refined = _ranks(signatures)
        if max(refined) == max(colours):
            return refined
        colours = refined


def _search(colours: list[int], before: list[list[int]], after: list[list[int]]) -> tuple[list, list[int]]:
    """(certificate, order) of the smallest certificate below these colours."""
    colours = _refine(colours, before, after)
    choices = _choices(colours, before, after)
    if not choices:
        return _leaf(colours, before)
    # two choices that lead to the same graph by some way down are images of each other: one of them is enough
    distinct = {str(_first_leaf(choice, before, after)): choice for choice in choices}
    return min(_search(choice, before, after) for choice in distinct.values())


def _first_leaf(colours: list[int], before: list[list[int]], after: list[list[int]]) -> list:
    """The certificate at the end of one way down."""
    colours = _refine(colours, before, after)
    choices = _choices(colours, before, after)
    return _first_leaf(choices[0], before, after) if choices else _leaf(colours, before)[0]


def _choices(colours: list[int], before: list[list[int]], after: list[list[int]]) -> list[list[int]]:
    """The colours again, with one node after another of the first shared colour made to stand out; none if unshared."""
    members: dict[int, list[int]] = {}
    for node, colour in enumerate(colours):
        members.setdefault(colour, []).append(node)
    shared = next((members[c] for c in sorted(members) if len(members[c]) > 1), [])
    # twins are interchangeable: one of each set is enough
    twins = {(tuple(sorted(before[n])), tuple(sorted(after[n]))): n for n in shared}
    return [
        _ranks([2 * colour + (colour == colours[node] and i != node) for i, colour in enumerate(colours)])
        for node in twins.values()
    ]


def _leaf(colours: list[int], before: list[list[int]]) -> tuple[list, list[int]]:
    order = sorted(range(len(colours)), key=colours.__getitem__)
    return [sorted(colours[u] for u in before[node]) for node in order], order
