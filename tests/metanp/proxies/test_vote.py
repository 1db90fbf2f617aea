"""The vote, counted by hand over three architectures."""

import numpy as np
import pytest

from metanp.proxies import pairs_right, vote

# a beats b by synflow and jacov, c beats a by jacov and snip, b beats c by synflow and snip: a circle
CIRCLE = {"synflow": [3, 2, 1], "jacov": [2, 1, 3], "snip": [1, 3, 2]}
AGREED = {"synflow": [1, 2, 3], "jacov": [10, 20, 30], "snip": [5, 7, 6]}


def test_an_architecture_is_worth_the_share_of_others_that_it_wins_against():
    assert vote(AGREED).tolist() == [0, 0.5, 1]
    assert vote(CIRCLE).tolist() == [0.5, 0.5, 0.5]


def test_a_tie_is_half():
    assert vote({"synflow": [1, 1], "jacov": [2, 2], "snip": [3, 3]}).tolist() == [0.5, 0.5]
    assert vote({"synflow": [1, 2], "jacov": [2, 1]}, voters=["synflow", "jacov"]).tolist() == [0.5, 0.5]


def test_an_architecture_without_a_voter_has_no_value_and_counts_for_no_other():
    found = vote({**AGREED, "snip": [5, np.nan, 6]})
    assert np.isnan(found[1])
    assert found[[0, 2]].tolist() == [0, 1]


def test_the_share_of_pairs_that_the_vote_orders_as_the_scores_do():
    assert pairs_right(AGREED, [91, 92, 93]) == 1
    assert pairs_right(AGREED, [93, 92, 91]) == 0
    assert pairs_right(AGREED, [91, 93, 92]) == 2 / 3
    assert pairs_right(CIRCLE, [3, 2, 1]) == 2 / 3  # c beats a
    assert pairs_right(AGREED, [91, 91, 93]) == 1  # of the two pairs that have an order


def test_columns_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="no column 'snip'"):
        vote({"synflow": [1], "jacov": [1]})
    with pytest.raises(ValueError, match="2 values of jacov but 3 of synflow"):
        vote({**AGREED, "jacov": [1, 2]})
    with pytest.raises(ValueError, match="2 scores for 3 architectures"):
        pairs_right(AGREED, [1, 2])
    with pytest.raises(ValueError, match="no two architectures have different scores"):
        pairs_right(AGREED, [1, 1, 1])


def test_many_architectures_are_counted_as_all_pairs_are():
    rng = np.random.default_rng(0)
    columns = {name: rng.integers(5, size=60) for name in ("synflow", "jacov", "snip")}
    signs = sum(np.sign(c[:, None].astype(int) - c[None, :]) for c in columns.values())
    wins = (np.sign(signs) + 1) / 2
    np.fill_diagonal(wins, 0)
    assert vote(columns) == pytest.approx(wins.sum(1) / 59)
