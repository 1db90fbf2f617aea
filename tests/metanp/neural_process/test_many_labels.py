"""Conditioning on more cells than are read exactly: landmarks that absorb the others."""

import numpy as np
import pytest
import torch

from metanp import MetaNP
from metanp.metrics import kendall_tau
from metanp.neural_process import landmarks, whitened
from metanp.neural_process.heads import WhitenedHeads
from metanp.neural_process.pathwise import PathwiseSampler
from metanp.spaces import get_space
from tests.metanp.neural_process.test_pathwise import points, random, two_heads
from tests.tiny_model import write_checkpoint

CELLS, TARGETS = 30, 7


@pytest.fixture
def heads() -> WhitenedHeads:
    return two_heads()


XC, XT, YC = points(10, CELLS), points(40, TARGETS), random(3, 1, CELLS)
ALL = torch.ones(1, CELLS, dtype=torch.bool)


def test_where_every_cell_is_a_landmark_the_posterior_is_the_exact_one(heads):
    exact = heads.condition(XC, YC, ALL)
    one, other = (heads.predict(state, XT) for state in (exact, landmarks.absorb(heads, exact, XC, YC, ALL)))
    torch.testing.assert_close(one.mean, other.mean, rtol=0.03, atol=0.03)
    torch.testing.assert_close(one.std, other.std, rtol=0.03, atol=0.03)


def test_padded_cells_have_no_influence(heads):
    half = CELLS // 2
    mask = ALL.clone()
    mask[:, half:] = False
    few = heads.condition(XC.map(lambda x: x[:, :half]), YC[:, :half], ALL[:, :half])
    alone = landmarks.absorb(heads, few, XC.map(lambda x: x[:, :half]), YC[:, :half], ALL[:, :half])
    padded = landmarks.absorb(heads, heads.condition(XC, YC, mask), XC, YC, mask)
    for one, other in zip(*(vars(heads.predict(state, XT)).values() for state in (alone, padded)), strict=True):
        torch.testing.assert_close(one, other, rtol=2e-3, atol=2e-3)


def test_draws_have_the_mean_and_the_spread_that_are_predicted(heads, monkeypatch):
    monkeypatch.setattr(landmarks, "LANDMARKS", 12)
    few = heads.condition(XC.map(lambda x: x[:, :12]), YC[:, :12], ALL[:, :12])
    state = landmarks.absorb(heads, few, XC, YC, ALL)
    assert state.alpha.shape[-1] == 12
    only = state.prune(2.0)  # the heaviest head
    mixture = heads.predict(only, XT).without_noise()
    values = torch.cat(
        [PathwiseSampler(heads, only, 400, torch.Generator().manual_seed(seed))(XT)[0] for seed in range(10)]
    )
    std = mixture.std[0, 0]
    assert ((values.mean(0) - mixture.mean[0, 0]) / std).abs().max() < 0.1
    torch.testing.assert_close(values.std(0), std, rtol=0.1, atol=0.01)


# --- a model ---


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return str(write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors"))


def test_more_labels_than_are_read_exactly_still_teach(checkpoint, monkeypatch):
    monkeypatch.setattr(whitened, "EXACT", 40)
    monkeypatch.setattr(landmarks, "LANDMARKS", 60)
    monkeypatch.setattr(landmarks, "AT_ONCE", 64)
    cells = get_space("nasbench201").arrays()[np.random.default_rng(0).permutation(15625)[:700]]
    score = np.array([sum(name == "conv3x3" for name in cell.pruned.names) for cell in cells], dtype=float)
    score += 0.1 * np.random.default_rng(1).normal(size=len(score))
    taus = []
    for labels in (40, 80, 500):
        model = MetaNP(checkpoint).fit(cells[:labels], score[:labels])
        mean, std = model.predict(cells[500:], return_std=True)
        assert np.isfinite(mean).all()
        assert (std > 0).all()
        taus.append(kendall_tau(mean, score[500:]))
    assert taus[2] > taus[0] - 0.02
    draws = model.sample(cells[500:], 64, rng=0)
    assert np.corrcoef(draws.mean(0), mean)[0, 1] > 0.9
    assert len(model.shortlist(cells[500:], k=5)) == 5
    moved = score.copy()
    moved[499] += 3
    assert (MetaNP(checkpoint).fit(cells[:500], moved[:500]).predict(cells[500:]) != mean).any()


def test_ten_thousand_labels():
    """With the shipped checkpoint; one core, less than a minute."""
    cells = get_space("nasbench201").arrays()[np.random.default_rng(0).permutation(15625)]
    score = np.array([cell.pruned.names.count("conv3x3") - 2.0 * (not cell.is_live) for cell in cells])
    score += 0.3 * np.random.default_rng(1).normal(size=len(score))
    model = MetaNP("label-free").fit(cells[:10_000], score[:10_000])
    assert kendall_tau(model.predict(cells[10_000:11_000]), score[10_000:11_000]) > 0.75
