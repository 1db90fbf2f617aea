"""The canonical order: one way of writing per isomorphism class, also where colour refinement alone cannot decide."""

import time
from itertools import pairwise

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metanp.canonical import canonical_order
from metanp.cell import Cell
from metanp.cell_array import CellArray
from tests.metanp.cell_families import FAMILIES, at_random, reversed_order, shuffled
from tests.metanp.cell_families import cell as cell_of


def written(labels, edges):
    order = canonical_order(labels, edges)
    place = {node: i for i, node in enumerate(order)}
    return [labels[node] for node in order], sorted((place[u], place[v]) for u, v in edges)


def rings(*lengths: int) -> Cell:
    """Two layers of equal nodes whose edges, taken without direction, form rings of these even lengths."""
    half = sum(lengths) // 2
    edges, start = [], 1
    for length in lengths:
        n = length // 2
        for i in range(n):
            edges += [(start + i, half + start + i), (start + i, half + start + (i + 1) % n)]
        start += n
    ends = [(0, i) for i in range(1, half + 1)] + [(half + i, 2 * half + 1) for i in range(1, half + 1)]
    return Cell(["input", *["conv3x3"] * (2 * half), "output"], [*edges, *ends])


@st.composite
def graphs(draw, largest=8):
    size = draw(st.integers(1, largest))
    labels = draw(st.lists(st.sampled_from("ab"), min_size=size, max_size=size))
    edges = [(u, v) for v in range(size) for u in range(v) if draw(st.booleans())]
    return labels, edges


@given(graphs(), st.data())
def test_renumbered_graphs_are_written_alike_and_in_topological_order(graph, data):
    labels, edges = graph
    place = data.draw(st.permutations(range(len(labels))))
    other = [labels[place.index(i)] for i in range(len(labels))], [(place[u], place[v]) for u, v in edges]
    assert sorted(canonical_order(*graph)) == list(range(len(labels)))
    assert written(*graph) == written(*other)
    assert all(u < v for u, v in written(*graph)[1])


def test_one_ring_of_twelve_and_two_of_six_differ_although_refinement_cannot_tell():
    one, two = rings(12), rings(6, 6)
    fingerprints = CellArray.from_cells([one, two]).fingerprint()
    assert fingerprints[0] == fingerprints[1]
    assert one.key != two.key
    assert not networkx.is_isomorphic(one.to_networkx(), two.to_networkx())


@given(st.permutations(range(18)))
def test_nodes_that_refinement_cannot_tell_apart_although_no_symmetry_joins_them_are_all_tried(place):
    cell = rings(8, 4, 4)
    names = [cell.operations[place.index(i)] for i in range(18)]
    assert Cell(names, [(place[u], place[v]) for u, v in cell.edges]).canonical == cell.canonical


def test_a_dozen_equal_branches_do_not_take_twelve_factorial_tries():
    branches, length = 12, 3
    end = branches * length + 1
    chains = [[0, *range(1 + b * length, 1 + (b + 1) * length), end] for b in range(branches)]
    edges = [edge for chain in chains for edge in pairwise(chain)]
    cell = Cell(["input", *["conv3x3"] * (end - 1), "output"], edges)
    place = [0, *reversed(range(1, end)), end]
    other = Cell(cell.operations, [(place[u], place[v]) for u, v in edges])
    assert cell.key == other.key


def smallest_certificate(labels, edges):
    """The definition itself: of all leaves of individualisation and refinement, nothing left out."""
    before = [[u for u, v in edges if v == i] for i in range(len(labels))]
    after = [[v for u, v in edges if u == i] for i in range(len(labels))]

    def ranks(signatures):
        rank = {s: i for i, s in enumerate(sorted(set(signatures)))}
        return [rank[s] for s in signatures]

    def refined(colours):
        into, out = ([sorted(colours[j] for j in side[i]) for i in range(len(colours))] for side in (before, after))
        finer = ranks(list(zip(colours, map(tuple, into), map(tuple, out), strict=True)))
        return refined(finer) if max(finer) > max(colours) else finer

    def leaves(colours):
        colours = refined(colours)
        shared = [c for c in sorted(set(colours)) if colours.count(c) > 1]
        if not shared:
            yield colours
        for node in range(len(colours)):
            if shared and colours[node] == shared[0]:
                yield from leaves(ranks([2 * c + (c == shared[0] and i != node) for i, c in enumerate(colours)]))

    def depth(node):
        return 1 + max(map(depth, before[node]), default=-1)

    def certificate(place):
        order = sorted(range(len(labels)), key=place.__getitem__)
        return [sorted(place[u] for u in before[node]) for node in order]

    first = ranks([(depth(i), label) for i, label in enumerate(labels)])
    return min(map(certificate, leaves(first)))


def symmetric_graphs():
    """Graphs that refinement leaves undecided: rings, pairs left out, several of each side by side, twins."""
    for lengths in [(4,), (8,), (4, 4), (6, 4), (4, 4, 4)]:
        cell = rings(*lengths)
        yield list(cell.operations), list(cell.edges)
    for half in (2, 3, 4):
        yield ["a"] * (2 * half), [(i, half + j) for i in range(half) for j in range(half) if i != j]
    square = [(0, 2), (0, 3), (1, 2), (1, 3)]
    path = [(0, 2), (1, 2), (1, 3)]
    for parts in ([square, path], [path, path], [square, path, path]):
        yield ["a"] * (4 * len(parts)), [(u + 4 * i, v + 4 * i) for i, part in enumerate(parts) for u, v in part]
    twins = [(0, 3), (1, 3), (0, 4), (2, 4), (5, 4), (5, 6), (1, 6), (2, 6)]
    yield ["a"] * 8, [*twins, *((u, 7) for u, v in twins if v == 3)]
    yield ["a"] * 8, [(i, i | 1 << b) for i in range(8) for b in range(3) if not i >> b & 1]


@pytest.mark.parametrize("graph", list(symmetric_graphs()))
def test_no_way_of_writing_a_symmetric_graph_is_smaller(graph):
    labels, edges = graph
    rows = [sorted(u for u, v in written(labels, edges)[1] if v == i) for i in range(len(labels))]
    assert rows == smallest_certificate(labels, edges)


@settings(max_examples=60, deadline=None)
@given(graphs(largest=6))
def test_no_way_of_writing_a_small_graph_is_smaller(graph):
    labels, edges = graph
    rows = [sorted(u for u, v in written(labels, edges)[1] if v == i) for i in range(len(labels))]
    assert rows == smallest_certificate(labels, edges)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.integers(5, 200), st.integers(0, 2**32 - 1))
def test_renumbering_large_cells_of_any_kind_changes_no_key(family, size, seed):
    cell = cell_of(FAMILIES[family](size))
    assert shuffled(cell, seed).key == reversed_order(cell).key == cell.key


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cell_with_an_edge_less_has_another_key(family):
    cell = cell_of(FAMILIES[family](60))
    inner = [edge for edge in cell.edges if 0 not in edge and len(cell) - 1 not in edge]
    for edge in inner[:: max(1, len(inner) // 5)]:
        other = Cell(cell.operations, [one for one in cell.edges if one != edge])
        assert other.key != cell.key


@pytest.mark.parametrize("size", [30, 100])
def test_keys_of_random_cells_are_equal_exactly_when_networkx_finds_an_isomorphism(size):
    cells = [cell_of(at_random(size, seed)) for seed in (0, 0, 1)]
    cells[1] = shuffled(cells[1], 5)
    for other in cells[1:]:
        same = networkx.is_isomorphic(
            cells[0].pruned.to_networkx(), other.pruned.to_networkx(), node_match=lambda a, b: a == b
        )
        assert (cells[0].key == other.key) == same


@pytest.mark.parametrize("family", FAMILIES)
def test_the_key_of_a_thousand_nodes_takes_a_moment_in_any_numbering(family):
    cell = cell_of(FAMILIES[family](998))
    for other in (shuffled(cell, 0), reversed_order(cell)):
        start = time.process_time()
        assert other.key
        assert time.process_time() - start < 3
