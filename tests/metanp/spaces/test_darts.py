"""DARTS and NASNet: published sizes, genotypes as benchmarks have them, and what is none of the space."""

import ast
from itertools import islice

import numpy as np
import pytest

from data import load_benchmark
from metanp import Cell
from metanp.spaces import get_space

DARTS, NASNET = get_space("darts"), get_space("nasnet")
V2 = (  # DARTS_V2 of the authors' repository
    "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
    "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], "
    "reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), "
    "('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], "
    "reduce_concat=[2, 3, 4, 5])"
)


def drawn(space, seed: int) -> Cell:
    return space.sample(np.random.default_rng(seed))


def test_sizes_are_the_published_ones():
    assert len(DARTS) == (1 * 3 * 6 * 10 * 7**8) ** 2
    assert NASNET.__len__() == ((2 * 3 * 4 * 5 * 6) ** 2 * 13**10) ** 2
    assert round(NASNET.__len__() ** 0.5 / 1e9) == 71_465_842  # billions a cell, Radosavovic et al., table 1


def test_a_published_genotype_is_its_own_text():
    cell = DARTS.parse_text(V2)
    assert cell == Cell.from_darts(V2) == Cell.from_json({"darts": V2})
    assert DARTS.write_text(cell) == V2


def test_neighbours_have_one_operation_or_one_input_changed():
    cell = DARTS.parse_text(V2)
    codes = list(DARTS.near(DARTS.code(cell)))
    assert len(codes) == 16 * 6 + 2 * (2 * 0 + 2 * 1 + 2 * 2 + 2 * 3)
    (before,) = {sum(map(len, DARTS.code(cell)))}
    for code in codes:
        pairs = [(p, q) for part in zip(code, DARTS.code(cell), strict=True) for p, q in zip(*part, strict=True)]
        changed = [(p, q) for p, q in pairs if p != q]
        assert len(pairs) == before
        assert len(changed) == 1
        assert sum(a != b for a, b in zip(*changed[0], strict=True)) == 1


def test_a_node_of_darts_reads_two_states_and_one_of_nasnet_may_read_one_twice():
    for seed in range(20):
        for part in DARTS.code(drawn(DARTS, seed)):
            assert all(part[i][1] != part[i + 1][1] for i in range(0, 8, 2))
    twice = [
        part[i][1] == part[i + 1][1] for seed in range(20) for part in NASNET.code(drawn(NASNET, seed)) for i in (0, 2)
    ]
    assert 0.3 < np.mean(twice) < 0.6  # 1/2 and 1/3 of first and second nodes


@pytest.mark.parametrize("space", [DARTS, NASNET])
def test_operations_and_inputs_are_drawn_evenly(space):
    cells = [space.code(drawn(space, seed)) for seed in range(100)]
    names = [name for cell in cells for part in cell for name, _ in part]
    counts = np.array([names.count(name) for name in space.operations])
    assert np.abs(counts / len(names) - 1 / len(space.operations)).max() < 0.03
    last = [part[-1][1] for cell in cells for part in cell]
    assert set(last) == set(range(space.nodes + 1))


def test_the_output_of_nasnet_is_what_no_node_reads():
    text = NASNET.write_text(drawn(NASNET, 0))
    assert NASNET.parse_text(text) in NASNET
    wrong = text.replace("normal_concat=[", "normal_concat=[2, 3, 4, 5, 6, ")
    with pytest.raises(
        ValueError, match=r"normal_concat is \[2, 3, 4, 5, 6, .*in nasnet it is the nodes that no other"
    ):
        NASNET.parse_text(wrong)


def test_a_reduction_cell_that_does_not_read_the_normal_one_is_known_as_it_is_written():
    cells = islice((drawn(NASNET, seed) for seed in range(1000)), 1000)
    cell = next(one for one in cells if len(one.pruned) < len(one) - 10)
    again = Cell.from_json(cell.to_json())
    assert again in NASNET
    assert NASNET.write_text(again) == NASNET.write_text(cell)
    assert cell.pruned not in NASNET


def test_a_cell_of_one_space_is_not_in_the_other():
    assert drawn(DARTS, 0) not in NASNET
    assert drawn(NASNET, 0) not in DARTS
    assert Cell.from_darts({"normal": [("skip_connect", 0), ("skip_connect", 1)]}) not in DARTS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("'dil_conv_3x3'", "'dil_conv_7x7'"), "unknown 'dil_conv_7x7'; nearest: dil_conv"),
        (
            ("'dil_conv_3x3'", "'sep_conv_7x7'"),
            "the normal cell, node 3: the operation is 'sep_conv_7x7'; nearest: sep_conv",
        ),
        (("'dil_conv_3x3'", "'none'"), "the operation is 'none'; nearest:"),
        (("('dil_conv_3x3', 2)", "('dil_conv_3x3', 0)"), "the normal cell, node 3, reads input 0 twice"),
        (("('dil_conv_3x3', 2)", "('dil_conv_3x3', 6)"), "reads input 6; expected 0 to 4"),
        (
            ("normal_concat=[2, 3, 4, 5]", "normal_concat=[4, 5]"),
            r"normal_concat is \[4, 5\]; in darts it is all nodes",
        ),
        (("('skip_connect', 0), ('dil_conv_3x3', 2)]", "]"), "normal_concat holds 5; expected numbers from 2 to 4"),
        (("reduce=[", "redux=["), "a genotype has no 'redux'"),
    ],
)
def test_what_is_no_genotype_of_the_space_is_refused_by_name(change, says):
    with pytest.raises(ValueError, match=says):
        DARTS.parse_text(V2.replace(*change))


def test_one_cell_alone_is_no_genotype_of_the_space():
    with pytest.raises(ValueError, match="has no reduce cell; genotypes of darts have both"):
        DARTS.parse_text("Genotype(normal=[('skip_connect', 0), ('skip_connect', 1)])")


def test_every_genotype_of_nas_bench_301_is_in_the_space_and_its_neighbours_are_written_alike(mirror):
    if not (mirror.parent / "more").is_dir():
        pytest.skip(f"no later benchmark files: there is no {mirror.parent / 'more'}")
    table = load_benchmark("nb301")
    for row in range(0, len(table), 50):
        cell = table.cells[row]
        assert cell == DARTS.cell(DARTS.code(cell))
        ours = [[(int(reads), name) for name, reads in part] for part in DARTS.code(cell)]
        theirs = ast.literal_eval(table.ids[row])
        assert [[reads for reads, _ in part] for part in ours] == [[reads for reads, _ in part] for part in theirs]
    near = DARTS.neighbours(table.cells[0])[0]
    assert near.operations[:3] == table.cells[0].operations[:3]
    assert table.cells[0].key in {one.key for one in DARTS.neighbours(near)}
