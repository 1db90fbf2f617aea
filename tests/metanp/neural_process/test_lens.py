"""The lens: features weighed by what they tell of the scores, and patterns counted exactly."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from metanp.encoder import Points
from metanp.neural_process.lens import POWERS, RIDGE, WEIGHINGS, Lens, Reads, Relevance, features_and_side
from tests.metanp.neural_process.points_and_heads import (
    ALL,
    CONTEXT,
    FEATURES,
    NODES,
    RELEVANCE,
    SIDE,
    STEPS,
    TARGET,
    TASKS,
    XC,
    XT,
    YC,
    cut,
)


def test_the_lens_shows_features_by_how_much_they_tell_of_the_scores():
    """By hand: squared correlation less what chance gives, and ridge regression, either mixed with what is usual;
    padding has no part in it."""
    mask = ALL.clone()
    mask[1, 6:] = False
    lens = Lens.of(XC, YC, mask, RELEVANCE)
    for task, n in enumerate((CONTEXT, 6)):
        x, y = features_and_side(XC)[task, :n].double().numpy(), YC[task, :n].double().numpy()
        excess = np.array([max(np.corrcoef(column, y)[0, 1] ** 2 - 1 / n, 0) for column in x.T])
        unit = (x - x.mean(0)) / x.std(0)
        beside = np.linalg.solve(unit.T @ unit / n + RIDGE * np.eye(x.shape[1]), unit.T @ (y - y.mean())) ** 2
        usual = RELEVANCE.log_weight[[*range(sum(FEATURES)), *[-1] * SIDE]].double().exp().numpy()
        labels = RELEVANCE.log_labels.double().exp().numpy()
        powers = [told**power / (told**power).sum() for told in (excess, beside) for power in POWERS]
        shares = [(n * a + s * usual / usual.sum()) / (n + s) for a, s in zip(powers, labels, strict=True)]
        np.testing.assert_allclose(lens.weight[:, task] ** 2, shares, atol=1e-4)
        np.testing.assert_allclose(lens.centre[task], x.mean(0), atol=1e-5)
        np.testing.assert_allclose(lens.scale[task], 1 / x.std(0), rtol=1e-3)
        seen = np.clip(unit, -4, 4) * np.sqrt(shares[-1])
        np.testing.assert_allclose(lens(XC)[0][-1][task, :n], seen, atol=1e-3)


def weighed(lens: Lens, x: Points) -> Tensor:
    """The columns in which features are weighed by what they tell."""
    return torch.stack(lens(x)[0][-WEIGHINGS:])


def test_side_features_weighed_apart_are_weighed_as_if_there_were_nothing_else():
    apart = Lens.of(XC, YC, ALL, RELEVANCE, Reads(side_apart=True))
    assert apart.side_weight is not None
    torch.testing.assert_close(apart.weight, Lens.of(XC, YC, ALL, RELEVANCE).weight)
    none = replace(XC, features=XC.features[..., :0])
    # of an equal usual weight each, so that the relevance of graph features does not matter
    alone = Lens.of(none, YC, ALL, Relevance(0).requires_grad_(False))
    relevance = Relevance(sum(FEATURES)).requires_grad_(False)
    torch.testing.assert_close(Lens.of(XC, YC, ALL, relevance, Reads(side_apart=True)).side_weight, alone.weight)
    seen = apart(XT)[0]
    assert len(seen) == 2 + 2 * WEIGHINGS
    assert seen[-1].shape[-1] == SIDE


def test_patterns_are_counted_so_that_products_with_evaluated_cells_are_exact():
    lens = Lens.of(XC, YC, ALL, RELEVANCE)
    seen, shown = (lens(x)[1] for x in (XT, XC))
    for task, step, i, j in itertools.product(range(TASKS), range(STEPS), range(TARGET), range(CONTEXT)):
        p, q = (Counter(x.patterns[task, k, step].tolist()) for x, k in ((XT, i), (XC, j)))
        del p[0], q[0]
        assert seen.products(shown)[task, step, i, j] == sum(p[name] * q[name] for name in p)
        assert seen.dense()[task, step, i] @ shown.dense()[task, step, j] == seen.products(shown)[task, step, i, j]
        assert seen.square()[task, step, i] == sum(n * n for n in p.values())
        torch.testing.assert_close((seen.dense()[task, step, i] ** 2).sum(), seen.square()[task, step, i])


def test_patterns_that_no_evaluated_cell_has_share_the_last_column():
    strange = replace(XC, patterns=torch.full_like(XC.patterns, 77))
    counts = Lens.of(XC, YC, ALL, RELEVANCE)(strange)[1].dense()
    assert (counts[..., :-1] == 0).all()
    assert (counts[..., -1] == NODES).all()


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_or_equal_scores_tell_nothing_of_features(n):
    few = cut(XC, list(range(n)))
    for score in (torch.zeros(TASKS, n), YC[:, :n]):
        lens = Lens.of(few, score, ALL[:, :n], RELEVANCE)
        assert all(torch.isfinite(block).all() for block in lens(XT)[0])
        if n < 2:
            assert not weighed(lens, XT).any()
        elif not score.any():
            # two cells always correlate; equal scores leave what is usual, mixed in by its part
            labels = RELEVANCE.log_labels.exp()
            total = (labels / (n + labels))[:, None].expand(-1, TASKS)
            torch.testing.assert_close((lens.weight**2).sum(-1), total)


def test_the_units_of_scores_and_features_do_not_matter_to_the_lens():
    scaled = replace(XC, features=30 * XC.features + 7)
    one, other = Lens.of(XC, YC, ALL, RELEVANCE), Lens.of(scaled, 5 * YC - 2, ALL, RELEVANCE)
    torch.testing.assert_close(one.weight, other.weight, atol=1e-3, rtol=1e-3)


def test_learning_through_the_lens_gives_finite_gradients(heads):
    xc = replace(XC, features=XC.features.clone().requires_grad_())
    posterior = heads.condition(xc, YC, ALL)
    heads.predict(posterior, XT).mean.sum().backward()
    assert torch.isfinite(xc.features.grad).all()
    assert xc.features.grad.any()
