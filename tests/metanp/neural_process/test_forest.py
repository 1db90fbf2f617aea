"""The forest of a context: scikit-learn's leaves, whatever the padding and the order of the evaluated cells."""

import numpy as np
import torch
from sklearn.ensemble import RandomForestRegressor

from metanp.neural_process.forest import FEWEST, SETTINGS, TREES, Forest
from metanp.neural_process.lens import Counts

RNG = np.random.default_rng(0)
X = torch.from_numpy(RNG.normal(size=(2, 40, 5))).float()
Y = X[..., 0].sign() + 0.1 * torch.from_numpy(RNG.normal(size=(2, 40))).float()
MASK = torch.ones(2, 40, dtype=torch.bool)


def shares(forest, a, b):
    """Shares of trees that pairs of cells share."""
    return (forest.leaves(a)[:, :, None] == forest.leaves(b)[:, None]).float().mean(-1)


def test_leaves_are_those_of_scikit_learn():
    forest = Forest.grown(X[:1], Y[:1], MASK[:1])
    order = np.lexsort((*X[0].double().numpy().T, Y[0].double().numpy()))
    theirs = RandomForestRegressor(**SETTINGS).fit(X[0].double().numpy()[order], Y[0].double().numpy()[order])
    leaves = theirs.apply(X[0].numpy())
    expected = (leaves[:, None] == leaves[None]).mean(-1)
    np.testing.assert_allclose(shares(forest, X[:1], X[:1])[0].numpy(), expected, atol=1e-6)


def test_padding_other_tasks_and_the_order_of_cells_change_nothing():
    alone = Forest.grown(X[:1, :20], Y[:1, :20], MASK[:1, :20])
    mask = MASK.clone()
    mask[0, 20:] = False
    beside = Forest.grown(X, Y, mask)
    shuffled = torch.randperm(20, generator=torch.Generator().manual_seed(1))
    other = Forest.grown(X[:1, shuffled], Y[:1, shuffled], MASK[:1, :20])
    expected = shares(alone, X[:1], X[:1])
    torch.testing.assert_close(shares(beside, X, X)[:1], expected)
    torch.testing.assert_close(shares(other, X[:1], X[:1]), expected)


def test_a_step_of_one_feature_divides_the_cells():
    alike = shares(Forest.grown(X, Y, MASK), X, X)
    same = X[..., 0].sign()[:, :, None] == X[..., 0].sign()[:, None]
    assert alike[same].mean() > 3 * alike[~same].mean()


def test_few_cells_or_no_feature_are_one_leaf():
    for x, y, mask in ((X[:, : FEWEST - 1], Y[:, : FEWEST - 1], MASK[:, : FEWEST - 1]), (X[..., :0], Y, MASK)):
        assert (shares(Forest.grown(x, y, mask), x, x) == 1).all()


def test_counts_of_leaves_are_shares_of_trees():
    forest = Forest.grown(X, Y, MASK)
    counts = Counts.of_leaves(forest.leaves(X), forest.width)
    products = counts.products(counts)[:, 0] / TREES
    torch.testing.assert_close(products, shares(forest, X, X))
    torch.testing.assert_close(counts.dense()[:, 0] @ counts.dense()[:, 0].mT / TREES, products)


def test_a_cell_halfway_between_evaluated_ones_has_the_same_leaves_in_any_order():
    levels = RNG.choice([1.0, 3.0], size=(30, 4))
    score = levels @ np.array([1.0, 0.5, 0.2, 0.1]) + 0.01 * RNG.normal(size=30)
    halfway = torch.full((1, 1, 4), 2.0)
    found = []
    for seed in range(6):
        order = np.random.default_rng(seed).permutation(30)
        x, y = torch.from_numpy(levels[order]).float()[None], torch.from_numpy(score[order]).float()[None]
        centre, scale = x.mean(1, keepdim=True), x.std(1, keepdim=True)  # rounded otherwise in another order
        forest = Forest.grown((x - centre) / scale, y, torch.ones(1, 30, dtype=torch.bool))
        one = (torch.from_numpy(levels[:1]).float()[None] - centre) / scale
        found.append(shares(forest, (halfway - centre) / scale, one).item())
    assert len(set(found)) == 1


def test_features_in_which_only_other_tasks_differ_change_nothing():
    wide = torch.cat([X, torch.zeros(2, 40, 6)], dim=-1)
    torch.testing.assert_close(shares(Forest.grown(wide, Y, MASK), wide, wide), shares(Forest.grown(X, Y, MASK), X, X))
