"""The kernels of the whitened heads: symmetric, positive, with the stated diagonal and slopes."""

import pytest
import torch

from metanp.encoder import Points
from metanp.neural_process.heads import WhitenedHeads
from metanp.neural_process.kernel import HeadKernel, KernelConfig
from metanp.neural_process.scales import Scales
from tests.metanp.neural_process.points_and_heads import (
    ALL,
    CONTEXT,
    D_EMBED,
    FEATURES,
    FREE_HEAD,
    HEADS,
    LENS,
    SIDE_HEAD,
    STEPS,
    TARGET,
    TASKS,
    XC,
    XT,
    YC,
    covariance_of,
    diagonal_of,
    heads_of_every_kind,
    points,
    seeded,
)


def test_every_kernel_matrix_is_symmetric_and_positive_and_has_the_stated_diagonal(heads):
    covariance = covariance_of(heads, XC, XC)
    torch.testing.assert_close(covariance, covariance.mT)
    assert torch.linalg.eigvalsh(covariance.double()).min() > -1e-4
    torch.testing.assert_close(covariance.diagonal(dim1=-2, dim2=-1), diagonal_of(heads, XC), rtol=1e-3, atol=1e-3)


def test_a_missing_side_feature_counts_as_the_average_of_the_evaluated_cells(heads):
    filled = XT.with_side(XT.side.nan_to_num(0.0), XT.hint)
    torch.testing.assert_close(covariance_of(heads, XT, XC), covariance_of(heads, filled, XC))


def test_some_heads_are_those_rows_of_all_heads(heads):
    some, kernel = torch.tensor([2, 0]), heads.kernel
    a, b = (kernel.prepare(x, LENS, some) for x in (XT, XC))
    scales = kernel.scales().only(some)
    torch.testing.assert_close(
        kernel.covariance(kernel.compare(kernel.pairs(a, b), scales)), covariance_of(heads, XT, XC)[:, some]
    )
    torch.testing.assert_close(kernel.variance(a, scales), diagonal_of(heads, XT)[:, some])


def test_slopes_are_the_gradient_by_every_scale(heads):
    kernel = heads.kernel
    prepared = kernel.prepare(XC, LENS)
    pairs, start = kernel.pairs(prepared, prepared), kernel.scales()
    weight = torch.randn(TASKS, HEADS, CONTEXT, CONTEXT, generator=seeded(5))
    weight = weight + weight.mT
    log = start.log.repeat(TASKS, 1, 1).requires_grad_()
    scales = Scales(log, start.log_alpha)
    noisy = kernel.covariance(kernel.compare(pairs, scales)) + torch.diag_embed(scales.noise(YC[:, None]))
    (expected,) = torch.autograd.grad((weight * noisy).sum(), log)
    assert (expected != 0).any(0).all()
    of_noise = scales.noise_slopes(YC[:, None], weight.diagonal(dim1=-2, dim2=-1))
    slopes = torch.cat([of_noise, kernel.slopes(kernel.compare(pairs, scales), weight)], dim=-1)
    torch.testing.assert_close(slopes, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("part", "sees"),
    [("features", "features"), ("weighed", "features"), ("patterns", "patterns"), ("embedding", "embedding")],
)
def test_kernels_of_one_part_see_nothing_else(part, sees):
    config = KernelConfig(heads=HEADS, directions=2, embedding_heads=1, adaptive_steps=2, parts=[part])
    torch.manual_seed(0)
    heads = WhitenedHeads(HeadKernel(config, D_EMBED, FEATURES, STEPS), D_EMBED).requires_grad_(False)
    posterior, kernel, other = heads.condition(XC, YC, ALL), heads.kernel, points(TARGET, 8)
    assert not posterior.scales.log[..., 1].any()  # no slant either
    one = None
    for name in (None, "features", "patterns", "embedding"):
        seen = vars(XT) | ({name: getattr(other, name)} if name else {})
        prepared = kernel.prepare(Points(**seen), posterior.lens)
        covariance = kernel.covariance(kernel.compare(kernel.pairs(prepared, posterior.xc), posterior.scales))
        one = covariance if one is None else one
        assert torch.allclose(covariance, one, atol=1e-6) == (name != sees)


def test_heads_on_side_features_alone_see_nothing_else():
    heads, other = heads_of_every_kind(), points(TARGET, 8)
    posterior, kernel = heads.condition(XC, YC, ALL), heads.kernel

    def covariance(**seen: torch.Tensor) -> torch.Tensor:
        prepared = kernel.prepare(Points(**{**vars(XT), **seen}), posterior.lens)
        return kernel.covariance(kernel.compare(kernel.pairs(prepared, posterior.xc), posterior.scales))

    whole = covariance()
    for name in ("features", "patterns", "embedding"):
        seen = covariance(**{name: getattr(other, name)})
        assert torch.allclose(seen[:, SIDE_HEAD], whole[:, SIDE_HEAD], atol=1e-6)
        assert not torch.allclose(seen[:, FREE_HEAD], whole[:, FREE_HEAD], atol=1e-3)
    assert not torch.allclose(covariance(side=other.side)[:, SIDE_HEAD], whole[:, SIDE_HEAD], atol=1e-3)


def test_a_part_that_kernels_do_not_have_is_named():
    with pytest.raises(ValueError, match="'smell'"):
        HeadKernel(KernelConfig(parts=["smell"]), D_EMBED, FEATURES, STEPS)
