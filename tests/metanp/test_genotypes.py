"""Genotypes of two cells with two inputs: every way of writing them is one architecture with the right numbers."""

from collections import namedtuple

import pytest

from metanp import Cell

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")
NORMAL = [("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("skip_connect", 0), ("max_pool_3x3", 2)]
REDUCE = [("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("dil_conv_5x5", 0)]
DARTS = Genotype(NORMAL, [2, 3], REDUCE, [2, 3])


@pytest.mark.parametrize(
    "way",
    [
        DARTS,
        tuple(DARTS),
        DARTS._asdict(),
        repr(DARTS),
        f"Genotype(normal={NORMAL}, normal_concat=range(2, 4), reduce={REDUCE}, reduce_concat=range(2, 4))",
        {"normal": NORMAL, "reduce": REDUCE},
        [NORMAL, REDUCE],
        [[[0, 3], [1, 3], [0, 2], [2, 0]], [[0, 0], [1, 0], [2, 2], [0, 6]]],  # as NAS-Bench-301 has it
    ],
    ids=range(8),
)
def test_every_way_of_writing_is_one_architecture(way):
    assert Cell.from_darts(way).key == Cell.from_darts(DARTS).key


def test_the_graph_and_the_numbers_by_hand():
    cell = Cell.from_darts({"normal": NORMAL})
    assert sorted(cell.names) == sorted(
        ["input", "output", "conv1x1", "conv1x1", "sepconv3x3", "sepconv3x3", "skip", "maxpool3x3"]
    )
    said = dict(cell.parameters)
    assert said["normal.sep_conv_3x3.all"] == 2
    assert said["normal.sep_conv_3x3.at inputs"] == 2
    assert said["normal.max_pool_3x3.at inputs"] == 0
    assert said["normal.max_pool_3x3.depth"] == 1
    assert said["normal.depth"] == 2


def test_other_reductions_and_other_wirings_are_other_architectures():
    swapped = Genotype(REDUCE, [2, 3], NORMAL, [2, 3])
    fewer = DARTS._replace(normal_concat=[3])
    rewired = DARTS._replace(reduce=[*REDUCE[:2], ("skip_connect", 1), ("dil_conv_5x5", 0)])
    assert len({Cell.from_darts(one).key for one in (DARTS, swapped, fewer, rewired)}) == 4


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("nonsense", "not a genotype"),
        (5, "not a genotype"),
        ([1, 2, 3], "not a genotype"),
        ({"norml": NORMAL}, "no 'norml'; nearest: normal"),
        ({"normal": [("sep", 0), ("none", 1)]}, "unknown 'sep'; nearest: sep_conv"),
        ({"normal": [("none", 5), ("none", 1)]}, "node 0, reads input 5; expected 0 to 1"),
        ({"normal": NORMAL[:3]}, "3 pairs"),
        ({"normal": []}, "without a node"),
        (DARTS._replace(normal_concat=[9]), "normal_concat holds 9"),
        ("__import__('os').system('true')", "not a genotype"),
    ],
)
def test_what_is_no_genotype_is_refused_by_name(wrong, says):
    with pytest.raises(ValueError, match=says):
        Cell.from_darts(wrong)
