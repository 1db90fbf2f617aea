"""NAS-Bench-Graph: the architectures, names and equalities of the benchmark's own package."""

import pickle
from importlib.resources import files
from itertools import product

import numpy as np
import pytest
from nas_bench_graph.architecture import Arch

from metanp.cell import Cell
from metanp.spaces import nasbench_graph
from metanp.spaces.nasbench_graph import LINKS, OWN_NAMES, SPACE, table_key

ALL_LINKS = list(product(range(1), range(2), range(3), range(4)))


class NumpyScalarsOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str):
        scalar = np.float64(0).__reduce__()[0]  # the function that numpy's pickles of single numbers call
        allowed = {("numpy.core.multiarray", "scalar"): scalar, ("numpy", "dtype"): np.dtype}
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return allowed[module, name]


@pytest.fixture(scope="module")
def cora() -> dict[int, dict[str, float]]:
    with files("nas_bench_graph").joinpath("light/cora.bench").open("rb") as file:
        return NumpyScalarsOnly(file).load()


def test_the_space_is_the_table_row_by_row(cora):
    assert [table_key(*nasbench_graph.write(cell)) for cell in SPACE.enumerate()] == list(cora)
    assert len(cora) == len(SPACE) == 26_206


def test_table_keys_name_the_cells_of_the_space(cora):
    assert [nasbench_graph.from_table_key(key) for key in list(cora)[::97]] == list(SPACE.enumerate())[::97]


def test_no_two_architectures_compute_the_same():
    assert len({cell.key for cell in SPACE.enumerate()}) == 26_206


def test_two_orders_of_the_same_layers_are_one_architecture_by_hand(cora):
    #   input -> gcn -> gin -> fc -> output, and gcn -> cheb -> output
    one = Cell.from_nasbench_graph([0, 1, 2, 1], ["gcn", "gin", "fc", "cheb"])
    other = Cell.from_nasbench_graph([0, 1, 1, 2], ["gcn", "gin", "cheb", "fc"])
    assert one.key == other.key
    # tree 6 of `LINKS`, then 1 gcn, 2 gin, 3 cheb, 7 fc
    assert table_key(*one.to_nasbench_graph()) == table_key(*other.to_nasbench_graph()) == 61237
    assert other.operations == ("input", "gcn", "gin", "cheb", "fc", "output")
    assert other.edges == ((0, 1), (1, 2), (1, 3), (2, 4), (3, 5), (4, 5))
    assert 61237 in cora


def test_table_keys_are_those_of_the_benchmark_for_every_way_of_writing():
    rng = np.random.default_rng(0)
    for _ in range(3000):
        links = ALL_LINKS[rng.integers(len(ALL_LINKS))]
        names = [OWN_NAMES[i] for i in rng.choice(9, 4, p=[0.1, 0.1, 0.1, 0, 0, 0, 0.1, 0.1, 0.5])]
        assert table_key(links, names) == Arch(list(links), names).valid_hash(), (links, names)


def test_every_list_of_links_gives_a_tree_of_the_nine():
    keys = {links: table_key(links, ["gat"] * 4) // 10_000 for links in ALL_LINKS}
    assert sorted(set(keys.values())) == list(range(9))
    assert [keys[links] for links in LINKS] == list(range(9))


def test_every_architecture_but_skips_alone_has_a_row(cora):
    names = [name for name in OWN_NAMES if name in ("gcn", "fc", "skip")]
    for links, operations in product(ALL_LINKS, product(names, repeat=4)):
        assert (table_key(links, operations) in cora) == (set(operations) != {"skip"})


def test_skips_alone_are_a_cell_but_not_of_the_space():
    cell = Cell.from_nasbench_graph([0, 1, 2, 3], ["skip"] * 4)
    assert cell.is_live
    assert cell not in SPACE


def test_links_and_operations_come_back_as_they_were_given():
    for links in ALL_LINKS:
        written = Cell.from_nasbench_graph(links, ["skip", "graph", "gat", "fc"]).to_nasbench_graph()
        assert written == (list(links), ["skip", "graph", "gat", "fc"])


def test_the_neighbours_of_a_plain_chain_by_hand():
    chain = Cell.from_nasbench_graph([0, 1, 2, 3], ["gcn"] * 4)
    near = [other.to_nasbench_graph() for other in SPACE.neighbours(chain)]
    # a skip in a chain goes to its front, so that four of the 4 x 8 changed operations are one architecture
    assert sum(links == [0, 1, 2, 3] for links, _ in near) == 4 * 7 + 1
    trees = [links for links, operations in near if operations == ["gcn"] * 4]
    assert sorted(trees) == [[0, 0, 1, 2], [0, 0, 1, 3], [0, 1, 1, 2], [0, 1, 2, 2]]
    assert len(near) == 29 + 4


def test_an_edit_that_an_idle_skip_undoes_leads_to_no_neighbour():
    #   layer 2 may read the input instead of the skip in front of it: the same architecture
    chain = Cell.from_nasbench_graph([0, 1, 2, 3], ["skip", "gcn", "gcn", "gcn"])
    assert chain not in SPACE.neighbours(chain)


def test_neighbours_are_rows_of_the_table_and_symmetric_where_no_skip_moves():
    rng = np.random.default_rng(0)
    rows = set(SPACE.enumerate())
    for _ in range(20):
        cell = SPACE.sample(rng)
        near = SPACE.neighbours(cell)
        assert rows.issuperset(near)
        plain = [other for other in near if "skip" not in other.operations]
        if "skip" not in cell.operations:
            assert all(cell in SPACE.neighbours(other) for other in plain)


@pytest.mark.parametrize(
    ("links", "operations", "message"),
    [
        ([0, 0, 0], ["gat"] * 4, "4 links and operations, not 3 and 4"),
        ([0, 0, 0, 4], ["gat"] * 4, "layer 4 cannot read 4: it reads a layer from 0"),
        ([1, 0, 0, 0], ["gat"] * 4, "layer 1 cannot read 1"),
        ([0, 0, 0, 0], ["gat", "gat", "gat", "chebnet"], "no operation 'chebnet'; nearest: cheb"),
    ],
)
def test_a_wrong_architecture_is_refused_by_naming_the_item(links, operations, message):
    with pytest.raises(ValueError, match=message):
        Cell.from_nasbench_graph(links, operations)


@pytest.mark.parametrize("key", [-1, 90_000, 123_456])
def test_a_number_that_is_no_table_key_is_refused(key):
    with pytest.raises(ValueError, match=f"{key} is no key"):
        nasbench_graph.from_table_key(key)
