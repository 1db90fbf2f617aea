"""Groups of children, and children that share their first cells alone."""

import numpy as np
import pytest
import torch
from torch import nn

from metanp.networks import DARTS, Subgraphs
from metanp.networks.children import accuracies
from metanp.networks.groups import at_random, by_similarity, lexicographic
from metanp.networks.normalising import READINGS, read_by
from metanp.networks.prefix import SharedPrefix
from metanp.networks.supernet import Supernet
from metanp.spaces import SPACES

SPACE = SPACES["subgraphs"]
CHILDREN = [SPACE.digits(cell) for cell in SPACE.enumerate()]
CELLS = [SPACE.parse_text(text) for text in ("111", "234", "434")]
MAKE = {
    "lexicographic": lexicographic,
    "random": lambda c, n: at_random(c, n, np.random.default_rng(0)),
    "similar": by_similarity,
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
@pytest.mark.parametrize("count", [1, 5, 16, 64])
def test_groups_are_a_partition_into_even_parts(make, count):
    groups = make(CHILDREN, count)
    assert sorted(np.concatenate(groups).tolist()) == list(range(64))
    assert {len(group) for group in groups} <= {64 // count, 64 // count + 1}
    assert all((np.diff(group) > 0).all() for group in groups)


def test_slices_in_the_order_of_names_share_their_first_operation():
    assert [{CHILDREN[i][0] for i in group} for group in lexicographic(CHILDREN, 4)] == [{0}, {1}, {2}, {3}]
    assert all(len({CHILDREN[i][0] for i in group}) > 1 for group in MAKE["random"](CHILDREN, 4))


def test_similar_children_differ_at_few_places():
    """The first takes those that differ at one place, in order: 4 children of 000 and one other operation."""
    first = by_similarity(CHILDREN, 16)[0]
    assert [CHILDREN[i] for i in first] == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3)]
    with_gaps = by_similarity([(None, 1), (2, None), (None, 3), (2, 5)], 2)
    assert [group.tolist() for group in with_gaps] == [[0, 2], [1, 3]]


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_a_group_without_children_is_refused(make):
    for count in (0, 65):
        with pytest.raises(ValueError, match=f"{count} groups of 64 children: a group would be without children"):
            make(CHILDREN, count)


def prefix(cells: int, seed: int = 0) -> SharedPrefix:
    return SharedPrefix(Supernet(SPACE, Subgraphs(channels=4, cells=2), rng=0), CELLS, cells, seed)


def images(seed: int = 0) -> torch.Tensor:
    return torch.randn(8, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("cells", [0, 1, 2])
def test_a_step_of_one_child_moves_what_is_shared_and_its_own_and_no_other_s(cells):
    net = prefix(cells)
    before = {name: value.clone() for name, value in net.named_parameters()}
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    net.pick(SPACE.digits(CELLS[1]))
    nn.functional.cross_entropy(net(images()), torch.arange(8)).backward()
    optimizer.step()
    moved = {name for name, value in net.named_parameters() if not torch.equal(value, before[name])}
    assert any(name.startswith("shared.0.") for name in moved)
    assert {name for name in moved if name.startswith("own.")} == {
        name for name in before if name.startswith("own.options.1.")
    }
    shared_cells = sum(name.endswith("before.1.weight") for name in before if name.startswith("shared."))
    own_cells = sum(name.endswith("before.1.weight") for name in before if name.startswith("own.options.0."))
    assert (shared_cells, own_cells) == (cells, 2 - cells)


@pytest.mark.parametrize("reading", READINGS)
def test_children_of_a_prefix_are_read_as_they_compute(reading):
    net, labels = prefix(1), torch.arange(8) % 10
    picks = [SPACE.digits(cell) for cell in CELLS]
    for one in picks:
        net.pick(one)
        net(images(3))
    assert net.training
    found = accuracies(net, picks, images(1), labels, reading, [images(2)])
    assert net.training
    for one, accuracy in zip(picks, found, strict=True):
        net.pick(one)
        with torch.no_grad(), read_by(net, reading, [images(2)]):
            assert accuracy == pytest.approx(100 * (net(images(1)).argmax(1) == labels).double().mean().item())


def test_children_of_a_prefix_begin_with_weights_of_their_own():
    heads = [rest[-1][2].weight for rest in prefix(2).own.options]
    assert not torch.equal(heads[0], heads[1])
    assert torch.equal(heads[0], prefix(2).own.options[0][-1][2].weight)


def test_what_can_be_no_prefix_is_named():
    with pytest.raises(ValueError, match="3 cells to share; this skeleton has 2: give 0 to 2"):
        prefix(3)
    with pytest.raises(ValueError, match="a prefix without children"):
        SharedPrefix(Supernet(SPACE, Subgraphs(channels=4, cells=2)), [], 1, 0)
    with pytest.raises(ValueError, match="none of the 3 children of this prefix"):
        prefix(1).pick((0, 0, 1))
    darts = Supernet(SPACES["darts"], DARTS(channels=2, cells=2))
    with pytest.raises(ValueError, match="do not follow one another alone"):
        SharedPrefix(darts, [SPACES["darts"].sample(np.random.default_rng(0))], 1, 0)
