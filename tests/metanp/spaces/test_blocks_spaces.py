"""Once-for-all and NAS-Bench-BERT: published sizes, cells of the benchmarks, and texts that are refused by name."""

import numpy as np
import pytest

from data import load_benchmark
from metanp import Cell
from metanp.spaces import get_space
from metanp.spaces.ofa import OFA

SPACES = {"ofa": get_space("ofa"), "bert": get_space("bert")}
NETWORK = "3x5 4x3|6x7 3x3 3x3|4x5 4x5|6x3 6x3 6x3 6x3|3x7 3x7@224"
MODEL = "256: SA:WMA:4:1024:3 LT:DCT:2:512:3 SA:SDP:4:512:3 DSC:9:4:1024:1"


def test_sizes_are_the_published_ones():
    assert OFA((224,)).__len__() == (9**2 + 9**3 + 9**4) ** 5 > 2e19  # "more than 10^19" in the paper
    assert SPACES["ofa"].__len__() == 25 * OFA((224,)).__len__()
    assert len(SPACES["bert"]) == 2 * (48**2 + 48**4) == 10_621_440


def test_texts_by_hand():
    network = SPACES["ofa"].parse_text(NETWORK)
    said = dict(network.parameters)
    assert (said["0.0.expansion"], said["0.0.kernel_size"], said["3.depth"], said["resolution"]) == (3, 5, 4, 224)
    model = SPACES["bert"].parse_text(MODEL)
    assert [one.variant for one in model.operations[1:-1]] == ["WMA", "DCT", "SDP", ""]
    assert dict(model.parameters)["hidden_width"] == 256
    assert (SPACES["ofa"].write_text(network), SPACES["bert"].write_text(model)) == (NETWORK, MODEL)


def test_neighbours_change_one_choice_or_go_to_the_next_depth():
    space = SPACES["ofa"]
    near = [space.write_text(cell) for cell in space.neighbours(space.parse_text(NETWORK))]
    # two other sizes and expansions for each of 13 blocks, 24 resolutions; stages of 2 and 4 have one other depth next
    assert len(near) == 13 * 4 + 24 + 4 + 2
    assert NETWORK.replace("3x5 4x3|", "3x5 4x3 4x3|") in near
    assert NETWORK.replace("6x3 6x3 6x3 6x3", "6x3 6x3 6x3") in near
    two = "128: SA:SDP:2:512:1 DSC:5:2:512:1"
    deeper = {SPACES["bert"].write_text(cell) for cell in SPACES["bert"].neighbours(SPACES["bert"].parse_text(two))}
    assert f"{two} DSC:5:2:512:1 DSC:5:2:512:1" in deeper


def test_depths_are_drawn_evenly():
    depths = [len(SPACES["bert"].sample(np.random.default_rng(seed))) - 2 for seed in range(200)]
    assert set(depths) == {2, 4}
    assert 70 < depths.count(2) < 130


def test_a_crossover_has_blocks_of_both():
    space, rng = SPACES["ofa"], np.random.default_rng(0)
    a, b = (
        space.parse_text(f"{'|'.join([' '.join([block] * depth)] * 5)}@{r}")
        for block, depth, r in (("3x3", 2, 128), ("6x7", 4, 224))
    )
    for _ in range(5):
        blocks = {block for row in space.code(space.crossover(a, b, rng)).stages for block in row}
        assert blocks <= {(3, 3), (6, 7)}


@pytest.mark.parametrize(
    ("space", "text", "says"),
    [
        ("ofa", NETWORK.replace("3x5", "3x4"), "block 0 of stage 0: kernel size is '4'; nearest: 3; known: 3, 5, 7"),
        ("ofa", NETWORK.replace("3x5", "5x5"), "block 0 of stage 0: expansion is '5'; nearest: 4; known: 3, 4, 6"),
        ("ofa", NETWORK.replace("3x5 ", ""), "number of blocks of stage 0 of ofa is 1; nearest: 2; known: 2, 3, 4"),
        ("ofa", NETWORK.replace("@224", "@32"), "resolution is '32'; nearest: 128"),
        ("ofa", NETWORK.replace("|3x7 3x7", ""), "has 5 stages, not 4"),
        ("ofa", "3x5", "expected 3x5 4x3"),
        ("bert", MODEL.replace("SA:WMA", "SA:WMX"), "block 0 of the network: operation is 'SA:WMX'; nearest: SA:WMA"),
        ("bert", MODEL.replace("256:", "512:"), "hidden_width is '512'; nearest: 256"),
        ("bert", MODEL.rsplit(" ", 1)[0], "number of blocks of the network of bert is 3; nearest: 2; known: 2, 4"),
        ("bert", MODEL.replace(":1024:3", ":1024"), "layer 'SA:WMA:4:1024'"),
    ],
)
def test_what_is_not_in_the_space_is_refused_with_the_nearest(space, text, says):
    with pytest.raises(ValueError, match=says):
        SPACES[space].parse_text(text)


def test_cells_of_other_networks_are_not_in_the_space():
    network = SPACES["ofa"].parse_text(NETWORK)
    with_exits = Cell(network.operations, network.edges, {**dict(network.parameters), "threshold": [0.2, 1]})
    bare = Cell(network.operations, network.edges)
    assert not [cell for cell in (with_exits, bare, SPACES["bert"].parse_text(MODEL)) if cell in SPACES["ofa"]]
    assert network not in OFA((128,), "small")


@pytest.mark.parametrize("name", SPACES)
def test_every_architecture_of_the_benchmark_is_in_the_space_by_its_own_text(mirror, name):
    if not (mirror.parent / "more").is_dir():
        pytest.skip(f"no later benchmark files: there is no {mirror.parent / 'more'}")
    table, space = load_benchmark(name), SPACES[name]
    for row in range(0, len(table), 20):
        cell = table.cells[row]
        assert space.write_text(cell) == table.ids[row]
        assert space.parse_text(table.ids[row]).key == cell.key
