"""TransNAS-Bench-101 macro: the published number of networks, and what their digits mean."""

import numpy as np
import pytest

from metanp.networks import cost, network
from metanp.spaces import get_space

SPACE = get_space("transnas_macro")


def test_there_are_as_many_networks_as_published_and_all_differ():
    cells = list(SPACE)
    assert len(SPACE) == len(cells) == len({cell.key for cell in cells}) == 3_256
    lengths = [len(cell) - 2 for cell in cells]
    assert [lengths.count(modules) for modules in (4, 5, 6)] == [15 * 14, 30 * 25, 56 * 41]
    texts = [SPACE.write_text(cell) for cell in cells]
    assert texts == sorted(texts, key=lambda text: (len(text), text))


def test_digits_by_hand():
    cell = SPACE.parse_text("64-1234-basic")
    assert [(one.stride, one.width) for one in cell.operations[1:-1]] == [(1, 64), (1, 128), (2, 128), (2, 256)]
    assert SPACE.write_text(cell) == "64-1234-basic"
    assert SPACE.parse_text("1234") == cell
    assert SPACE.find(SPACE[77]) == 77


def test_a_text_is_what_the_skeleton_takes():
    small, large = (
        cost(network(text, "transnas_macro", 10), (3, 64, 64), runs=0) for text in ("64-1234-basic", "64-2234-basic")
    )
    assert large.parameters > small.parameters


def test_neighbours_have_one_module_changed_added_or_removed():
    near = [SPACE.code(cell) for cell in SPACE.neighbours(SPACE.parse_text("1234"))]
    assert {"2234", "11234", "12341"} <= set(near)
    assert {len(code) for code in near} == {4, 5}
    assert SPACE.crossover(SPACE.parse_text("1234"), SPACE.parse_text("111144"), np.random.default_rng(0)) in SPACE


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("64-123-basic", "number of modules in '64-123-basic' is 3; nearest: 4; known: 4, 5, 6"),
        ("64-1235-basic", "module 3 of '64-1235-basic' is '5'; nearest: 4"),
        ("64-1133-basic", r"number of doublings of the channels \(2 or 4\) in '64-1133-basic' is 0; nearest: 1"),
        ("64-2222-basic", "number of doublings .* is 4; nearest: 3"),
        ("64-1122-basic", r"number of halvings of the image \(3 or 4\) in '64-1122-basic' is 0; nearest: 1"),
        ("32-1234-basic", "expected such as 64-1234-basic"),
    ],
)
def test_what_is_no_network_is_refused_with_the_nearest(text, says):
    with pytest.raises(ValueError, match=says):
        SPACE.parse_text(text)
