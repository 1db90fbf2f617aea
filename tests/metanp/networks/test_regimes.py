"""Regimes: what each step trains is counted."""

from collections import Counter

import numpy as np
import pytest

from metanp.networks import Block
from metanp.networks.choices import choices_of
from metanp.networks.regimes import Fair, InTurn, Summed, Uniform
from metanp.spaces import SPACES

CHOICES = choices_of(SPACES["nasbench201"])
CHILDREN = tuple((i, 0) for i in range(5))


def turn(regime, number: int, n: int = 5) -> list:
    return [regime.at(step) for step in range(number * n, (number + 1) * n)]


def test_one_shot_trains_everything_in_every_step():
    assert [Summed().at(step) for step in (0, 9)] == [None, None]


def test_random_children_are_spread_evenly_and_are_the_same_for_a_seed():
    drawn = [Uniform(CHOICES, 0).at(step) for step in range(2000)]
    for place in range(6):
        counts = Counter(picks[place] for picks in drawn)
        assert set(counts) == set(range(5))
        assert all(abs(count - 400) < 4 * np.sqrt(400 * 0.8) for count in counts.values())
    assert drawn[7] == Uniform(CHOICES, 0).at(7) != Uniform(CHOICES, 1).at(7)


def test_fair_rounds_have_every_operation_of_every_place_once():
    regime = Fair(CHOICES, 3)
    for number in range(3):
        for place in range(6):
            assert sorted(picks[place] for picks in turn(regime, number)) == [0, 1, 2, 3, 4]
    assert turn(regime, 0) != turn(regime, 1)
    assert len(set(turn(regime, 0)[0])) > 1  # places have orders of their own


def test_fair_rounds_of_places_with_different_numbers_of_operations_train_each_equally_often():
    blocks = choices_of(
        [[Block("conv", 4, kernel_size=k) for k in (1, 3)], [Block("conv", 4, kernel_size=k) for k in (1, 3, 5)]]
    )
    steps = turn(Fair(blocks, 0), 0, 6)
    assert Counter(picks[0] for picks in steps) == {0: 3, 1: 3}
    assert Counter(picks[1] for picks in steps) == {0: 2, 1: 2, 2: 2}


def test_fair_rounds_of_genotypes_keep_their_edges_and_train_each_operation_of_them_once():
    choices = choices_of(SPACES["darts"])
    steps = turn(Fair(choices, 0), 0, 7)
    used = [[place for place, pick in enumerate(picks) if pick is not None] for picks in steps]
    assert all(edges == used[0] for edges in used)
    assert len(used[0]) == 16
    assert all(sorted(picks[place] for picks in steps) == list(range(7)) for place in used[0])
    assert [p is None for p in turn(Fair(choices, 0), 1, 7)[0]] != [p is None for p in steps[0]]


def test_a_drawn_genotype_has_two_edges_for_each_node():
    choices = choices_of(SPACES["darts"])
    picks = choices.draw(np.random.default_rng(0))
    nodes = Counter(
        (part, node) for (part, node, _), pick in zip(choices.edges, picks, strict=True) if pick is not None
    )
    assert nodes == dict.fromkeys([(part, node) for part in range(2) for node in range(4)], 2)


def test_children_have_their_turns_in_three_orders():
    fixed, once, anew = (InTurn(CHILDREN, order, 4) for order in ("fixed", "shuffled", "reshuffled"))
    assert turn(fixed, 0) == turn(fixed, 3) == list(CHILDREN)
    assert turn(once, 0) == turn(once, 1) != list(CHILDREN)
    assert turn(anew, 0) != turn(anew, 1)
    assert all(sorted(turn(regime, 2)) == list(CHILDREN) for regime in (once, anew))
    assert turn(InTurn(CHILDREN, "shuffled", 5), 0) != turn(once, 0)


def test_a_group_without_children_and_an_order_that_there_is_not_are_named():
    with pytest.raises(ValueError, match="a group without children cannot be trained"):
        InTurn(())
    with pytest.raises(ValueError, match="no order 'shufled'; nearest: shuffled"):
        InTurn(CHILDREN, "shufled")
