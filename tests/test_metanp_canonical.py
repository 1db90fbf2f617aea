"""The canonical order: one way of writing per isomorphism class, also where colour refinement alone cannot decide."""

from itertools import pairwise

import networkx
from hypothesis import given
from hypothesis import strategies as st

from metanp.canonical import canonical_order
from metanp.cell import Cell
from metanp.cell_array import CellArray


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
def graphs(draw):
    size = draw(st.integers(1, 8))
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
