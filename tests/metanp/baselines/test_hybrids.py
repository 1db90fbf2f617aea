"""The OMNI hybrids: what is read of a candidate that is so far, one fit a length, words of numbers, and real rows."""

from dataclasses import replace

import numpy as np
import pytest

from data import load_benchmark
from data.curves import load_curves
from data.curves.cells import benchmark_rows, cells_of
from metanp import examples
from metanp.baselines import hybrids
from metanp.baselines.hybrids import OMNINGBoost, OMNISemiNAS, WithPrefix
from metanp.baselines.ridge import RawRidge
from metanp.baselines.sequence_networks import PADDING, PARTS, WORDS, SemiNASWithTokens
from metanp.baselines.study_trees import StudyNGBoost
from metanp.metrics import kendall_tau
from tests.made_up_curves import rising, with_losses

CELLS = examples.load().cells[:40]
CURVES = with_losses(40)
JACOV = np.arange(40.0)


@pytest.fixture
def brief(monkeypatch):
    """Few rounds and epochs: what is asked here does not depend on how well a predictor learned."""
    monkeypatch.setattr(StudyNGBoost, "settings", {**StudyNGBoost.settings, "n_estimators": 8})
    monkeypatch.setattr(SemiNASWithTokens, "training", replace(SemiNASWithTokens.training, epochs=2))


def test_the_loss_of_the_last_known_epoch_is_read_from_the_third_epoch_on():
    one = OMNINGBoost()
    losses = CURVES.scores("train_loss")
    assert one.encode(CELLS, curves=CURVES.prefix(2)).epochs(3).tolist() == [0] * 40
    pool = one.encode(CELLS, {"cifar10_jacov": JACOV}, CURVES.prefix(5))
    assert pool.epochs(3).tolist() == [5] * 40
    found = one._beside(pool, 5)
    assert sorted(found) == ["jacov", "sotl_e"]
    np.testing.assert_array_equal(found["sotl_e"], losses[:, 4])
    np.testing.assert_array_equal(found["jacov"], JACOV)
    assert list(one._beside(pool, 0)) == ["jacov"]
    assert one._beside(one.encode(CELLS), 0) is None
    assert one._beside(one.encode(CELLS, {"flops": JACOV}), 0) is None


def test_any_predictor_reads_the_last_values_of_curves_beside_all_side_features():
    one = WithPrefix(RawRidge)
    pool = one.encode(CELLS, {"flops": JACOV}, CURVES.prefix(1))
    found = one._beside(pool, 1)
    assert list(found) == ["flops", "last_value", "last_train_loss"]
    np.testing.assert_array_equal(found["last_value"], CURVES.scores()[:, 0])
    end, shown, asked = CURVES.ends(), np.arange(20), np.arange(20, 40)
    one.fit(CELLS[:20], end[shown], curves=CURVES[shown])
    whole, cells_alone = one.predict(CELLS[20:], curves=CURVES[asked]), one.predict(CELLS[20:])
    assert np.abs(whole - end[asked]).mean() < 0.5 * np.abs(cells_alone - end[asked]).mean()


def test_candidates_of_different_lengths_are_read_each_with_a_fit_of_its_own(brief):
    ragged = CURVES[np.arange(20, 40)]
    values, lengths = ragged.values.copy(), np.where(np.arange(20) < 8, 4, 6)
    for row, n in zip(values, lengths, strict=True):
        row[:, n:] = np.nan
    mixed = replace(ragged, values=values, lengths=lengths)
    one = OMNINGBoost(trials=1).fit(CELLS[:20], CURVES.ends()[:20], curves=CURVES[:20])
    mean, std = one.predict(CELLS[20:], return_std=True, curves=mixed)
    alike = one.predict(CELLS[20:28], curves=CURVES[20:28].prefix(4))
    np.testing.assert_array_equal(mean[:8], alike)
    np.testing.assert_array_equal(mean[8:], one.predict(CELLS[28:], curves=CURVES[28:].prefix(6)))
    assert (std > 0).all()


def test_settings_are_searched_from_ten_labels_on(brief, monkeypatch):
    tried = []
    plain = hybrids.Tuned.fit
    monkeypatch.setattr(hybrids.Tuned, "fit", lambda self, *given: tried.append(self.trials) or plain(self, *given))
    for n in (9, 10):
        OMNINGBoost(trials=2).fit(CELLS[:n], CURVES.ends()[:n], curves=CURVES[:n]).predict(CELLS, curves=CURVES)
    assert tried == [2]


def test_a_number_is_a_word_of_its_part_and_a_missing_one_has_its_own(brief):
    one = SemiNASWithTokens()
    numbers = np.r_[np.nan, np.arange(1.0, 40)]
    one.fit(CELLS, CURVES.ends(), {"a": numbers, "b": -numbers})
    words = one.tensors(one.encode(CELLS, {"a": numbers, "b": -numbers}))[0][:, :2].numpy()
    assert words[0].tolist() == [WORDS + PARTS, WORDS + PARTS + 1 + PARTS]
    assert words[1, 0] == WORDS
    assert words[-1, 0] == WORDS + PARTS - 1
    assert words[-1, 1] == WORDS + PARTS + 1
    assert (np.diff(words[1:, 0]) >= 0).all()
    assert len(set(words[1:, 0])) == PARTS
    assert PADDING not in words


def test_unlabelled_cells_are_read_as_far_as_candidates_are(brief):
    one = OMNISemiNAS()
    pool = one.encode(CELLS[20:], {"jacov": JACOV[20:]}, CURVES[20:].prefix(4))
    one.fit(CELLS[:20], CURVES.ends()[:20], {"jacov": JACOV[:20]}, CURVES[:20], unlabelled=pool)
    with_others = one.predict(pool)
    alone = OMNISemiNAS().fit(CELLS[:20], CURVES.ends()[:20], {"jacov": JACOV[:20]}, CURVES[:20]).predict(pool)
    assert np.isfinite(with_others).all()
    assert (with_others != alone).any()
    with pytest.raises(ValueError, match="no standard deviation"):
        one.predict(pool, return_std=True)


def test_curves_without_a_training_loss_are_refused():
    with pytest.raises(ValueError, match="no 'train_loss'; they have validation_accuracy"):
        OMNINGBoost().fit(CELLS[:20], CURVES.ends()[:20], curves=rising(20))


def test_the_start_of_training_helps_on_real_networks(brief, monkeypatch):
    monkeypatch.setattr(StudyNGBoost, "settings", {**StudyNGBoost.settings, "n_estimators": 60})
    table = load_curves("mini_cifar10")
    cells, rows = cells_of(table)
    curves, benchmark = table.curves[rows], load_benchmark("mini")
    jacov = benchmark.features["cifar10_jacov"][benchmark_rows(table, benchmark)[rows]]
    order = np.random.default_rng(0).permutation(len(cells))
    shown, asked = order[:60], order[60:260]
    end = curves.ends()
    taus = {}
    for n in (0, 5):
        one = OMNINGBoost(trials=1).fit(cells[shown], end[shown], {"jacov": jacov[shown]}, curves[shown])
        started = curves[asked].prefix(n) if n else None
        taus[n] = kendall_tau(one.predict(cells[asked], features={"jacov": jacov[asked]}, curves=started), end[asked])
    assert taus[0] > 0.2
    assert taus[5] > taus[0] + 0.1
