"""The published accuracies of the 64 subgraphs: known ones, and what is known of them together."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from data.weight_sharing import load_published
from metanp.spaces import SPACES


def test_the_best_and_the_worst_child_are_those_of_the_paper(mirror):
    found, space = load_published(), SPACES["subgraphs"]
    best, worst = int(found.mean.argmax()), int(found.mean.argmin())
    assert (space.write_text(space[best]), space.write_text(space[worst])) == ("434", "111")
    assert (found.mean[best], found.mean[worst]) == pytest.approx((85.161, 70.139), abs=1e-3)
    assert found.std[0] == pytest.approx(0.3789, abs=1e-4)


def test_single_moments_rank_the_children_worse_than_their_mean(mirror):
    """Of the last 128 mini-batches .508 and .658."""
    found = load_published()
    assert (np.diff(found.steps) == 1).all()
    single = [kendalltau(row, found.mean).statistic for row in found.shared]
    assert np.mean(single) == pytest.approx(0.508, abs=1e-3)
    assert kendalltau(found.shared.mean(0), found.mean).statistic == pytest.approx(0.658, abs=1e-3)
