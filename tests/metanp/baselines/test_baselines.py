"""Baselines: the posterior written out, real rows of NAS-Bench-201, and scikit-learn's conventions."""

import itertools
import subprocess
import sys
from dataclasses import replace
from typing import Any

import ngboost
import numpy as np
import pytest
import torch
from scipy.stats import norm

from data import load_benchmark
from metanp.baselines import bayesian, gpytorch_models
from metanp.baselines.base_trees import Trees
from metanp.baselines.computed import computed
from metanp.baselines.networks import Network
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.metrics import distribution_metrics, kendall_tau, predicted_order
from metanp.operations import INDEX, Operation
from metanp.score_transform import ScoreTransform
from metanp.spaces import get_space
from tests.catalogue import ENTRIES, made

SPACE = get_space("nasbench201")
TUNED = ("xgboost_tuned", "random_forest_tuned")  # of which each fit is sixty
# without those that read side features alone, curves or supernets, and one whose every fit takes seconds
NAMES = [
    name
    for name, entry in ENTRIES.items()
    if made(name).about.needs not in (("side features",), ("learning-curve prefixes",), ("cells", "networks"))
    and made(name).about.family != "hybrid"
    and name not in ("graf_xgboost", *TUNED)
    and not entry.get("transfers")
]
WITH_SIDE = [name for name in NAMES if made(name).about.needs == ("cells", "side features")]
OF_WHAT_IS_COMPUTED = [name for name in NAMES if made(name).read is computed]
WITH_STD = [name for name in NAMES if made(name).knows_std]


@pytest.fixture(scope="module")
def rows():
    """1,000 random cells of NAS-Bench-201 and their CIFAR-10 validation accuracy, in random order."""
    table = load_benchmark("nasbench201")
    chosen = np.random.default_rng(0).permutation(len(table))[:1000]
    return table.cells[chosen], table.mean("cifar10_validation_accuracy_200")[chosen]


def few(n: int) -> tuple[CellArray, np.ndarray]:
    """Some cells, and a score that can be learned: twice their live 3x3 convolutions less their live poolings."""
    cells = SPACE.arrays()[np.random.default_rng(1).permutation(len(SPACE))[:n]]
    live = cells.pruned().operation
    return cells, 2.0 * (live == INDEX["conv3x3"]).sum(1) - (live == INDEX["avgpool3x3"]).sum(1)


@pytest.fixture
def brief(monkeypatch):
    """A few epochs, steps, rounds and trees: what is asked here does not depend on how well a predictor learned."""
    for network in every_subclass(Network):
        if hasattr(network, "training"):
            monkeypatch.setattr(network, "training", replace(network.training, epochs=3))
    for trees in every_subclass(Trees):
        if hasattr(trees, "settings"):
            monkeypatch.setattr(trees, "settings", {**trees.settings, "n_estimators": 40})
    monkeypatch.setattr(bayesian, "EPOCHS", 3)
    monkeypatch.setattr(gpytorch_models, "STEPS", 5)
    kind = ngboost.NGBRegressor
    monkeypatch.setattr(ngboost, "NGBRegressor", lambda **settings: kind(**{**settings, "n_estimators": 5}))


def every_subclass(of: type) -> list[type]:
    return [one for direct in of.__subclasses__() for one in (direct, *every_subclass(direct))]


def renumbered(cell: Cell) -> Cell:
    """The same cell, its inner nodes numbered backwards."""
    last = len(cell) - 1
    place = [0, *range(last - 1, 0, -1), last]
    operations = [cell.operations[place[i]] for i in range(len(cell))]
    return Cell(operations, [(place[u], place[v]) for u, v in cell.edges])


# --- the Gaussian process -----------------------------------------------------------------------------------------


def test_predictions_are_the_posterior_written_out():
    cells, score = few(12)
    shown, asked = cells[:6], cells[6:]
    gp: Any = made("gp_wl").fit(shown, score[:6])
    mean, std = gp.predict(asked, return_std=True)
    p = gp.hyper_parameters
    noise = p["noise"]

    context = computed(shown)
    blocks = []
    for inputs in (context, computed(asked)):
        features, *counts = inputs.blocks(context)
        blocks.append([b[inputs.graph].astype(float) for b in (features, np.sqrt(features), *counts)])
    scales = [1 / np.sqrt(2 * b.var(0).sum()) for b in blocks[0]]
    x, y = ([(b - c.mean(0)) * s for b, c, s in zip(part, blocks[0], scales, strict=True)] for part in blocks)

    def k(a, b):
        out = np.full((len(a[0]), len(b[0])), p["constant"])
        for i, j in itertools.product(range(len(a[0])), range(len(b[0]))):
            pairs = [(u[i], v[j]) for u, v in zip(a, b, strict=True)]
            r = sum(w * ((u - v) ** 2).sum() for w, (u, v) in zip(p["weight"], pairs, strict=True))
            out[i, j] += p["amplitude"] * np.exp(-r / 2) + p["linear"] * np.mean([u @ v for u, v in pairs])
        return out

    transform = ScoreTransform.fit(score[:6])
    inverse = np.linalg.inv(k(x, x) + (noise + 1e-6) * np.eye(6))
    by_hand = k(y, x) @ inverse @ transform.forward(score[:6])
    variance = np.diag(k(y, y) - k(y, x) @ inverse @ k(y, x).T) + noise
    expected = transform.inverse_moments(by_hand, np.sqrt(variance))
    assert mean == pytest.approx(expected[0], abs=1e-4)
    assert std == pytest.approx(expected[1], abs=1e-4)
    predicted = gp.predict_distribution(asked)
    assert predicted.mean == pytest.approx(mean)
    assert predicted.std == pytest.approx(std)
    lower, upper = predicted.quantiles([0.05, 0.95])
    assert lower == pytest.approx(transform.inverse(by_hand - 1.644854 * np.sqrt(variance)), abs=1e-4)
    assert upper == pytest.approx(transform.inverse(by_hand + 1.644854 * np.sqrt(variance)), abs=1e-4)
    with pytest.raises(ValueError, match="90 is no probability"):
        predicted.quantiles([0.5, 90])


def test_hyper_parameters_are_fitted_not_left_at_their_start():
    cells, score = few(60)
    noise: list[float] = []
    for spread in (0.01, 5.0):
        gp: Any = made("gp_wl").fit(cells, score + spread * np.random.default_rng(2).normal(size=60))
        noise.append(gp.hyper_parameters["noise"])
    assert noise[0] < 0.05 < 0.3 < noise[1]


# --- all of them --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("gp_wl", 0.65),
        ("xgboost", 0.6),
        ("random_forest", 0.6),
        ("gp_onehot", 0.4),
        ("study_random_forest", 0.3),
        ("study_xgboost", 0.2),
        ("study_lightgbm", 0.2),
    ],
)
def test_fifty_trainings_of_nasbench201_rank_the_rest(rows, name, least):
    cells, accuracy = rows
    baseline = made(name)
    pool = baseline.encode(cells[150:])
    taus = []
    for start in (0, 50, 100):
        shown = slice(start, start + 50)
        taus.append(kendall_tau(baseline.fit(cells[shown], accuracy[shown]).predict(pool), accuracy[150:]))
    assert np.mean(taus) > least


def test_random_order_ranks_nothing_and_another_label_set_gets_another_order(rows):
    cells, accuracy = rows
    random = made("random")
    pool = random.encode(cells[100:])
    first, second = (random.fit(cells[s], accuracy[s]).predict(pool) for s in (slice(0, 50), slice(50, 100)))
    assert abs(kendall_tau(first, accuracy[100:])) < 0.1
    assert abs(kendall_tau(first, second)) < 0.1


def test_the_gaussian_process_is_about_as_sure_as_it_should_be(rows):
    cells, accuracy = rows
    mean, std = made("gp_wl").fit(cells[:100], accuracy[:100]).predict(cells[100:], return_std=True)
    assert 0.8 < distribution_metrics(mean, std, accuracy[100:])["coverage_90"] < 0.97


@pytest.mark.parametrize("name", OF_WHAT_IS_COMPUTED)
def test_isomorphic_cells_get_equal_predictions(name):
    cells, score = few(30)
    baseline = made(name).fit(cells, score)
    asked = SPACE.arrays()[:50].to_cells()
    assert baseline.predict(asked).tolist() == pytest.approx(baseline.predict([renumbered(c) for c in asked]))
    assert len(set(baseline.predict(asked))) > 10


@pytest.mark.parametrize("name", ["gp_wl", "study_gp", "xgboost", "study_random_forest"])
@pytest.mark.parametrize("power", [1000, -1000])
def test_scores_near_the_ends_of_floats_are_learned_from_as_any(name, power, brief):
    cells, score = few(30)
    score = score * 2.0 ** (17 if power > 0 else 0)  # beyond the square root of the largest float, and 1e-301
    expected = made(name).fit(cells, score).predict(cells)
    assert made(name).fit(cells, np.ldexp(score, power)).predict(cells) == pytest.approx(
        np.ldexp(expected, power), rel=1e-3
    )


@pytest.mark.parametrize("name", NAMES)
def test_cells_arrays_and_an_encoded_pool_are_asked_alike(name, brief):
    cells, score = few(30)
    baseline = made(name).fit(cells.to_cells(), score.tolist())
    asked = SPACE.arrays()[:40]
    expected = baseline.predict(asked)
    assert baseline.predict(asked.to_cells()).tolist() == expected.tolist()
    assert baseline.predict(baseline.encode(asked)).tolist() == expected.tolist()
    assert baseline.predict(asked[7:9]) == pytest.approx(expected[7:9])
    assert baseline.predict([]).shape == (0,)


@pytest.mark.parametrize("name", WITH_STD)
def test_standard_deviations_are_finite_and_not_negative(name, brief):
    cells, score = few(30)
    mean, std = made(name).fit(cells, score).predict(SPACE.arrays()[:300], return_std=True)
    assert mean.shape == std.shape == (300,)
    assert np.isfinite(mean).all()
    assert np.isfinite(std).all()
    assert (std >= 0).all()


def test_a_baseline_without_a_standard_deviation_says_so():
    baseline = made("xgboost").fit(*few(10))
    with pytest.raises(ValueError, match="XGBoost gives no standard deviation; gp_wl and random_forest do"):
        baseline.predict(few(3)[0], return_std=True)


@pytest.mark.parametrize("name", NAMES)
def test_units_do_not_matter(name, brief):
    cells, score = few(30)
    asked = SPACE.arrays()[:40]
    percent = made(name).fit(cells, score).predict(asked)
    other = made(name).fit(cells, 0.01 * score + 3).predict(asked)
    # of two splits that are as good, rounding may choose another: that much is left to a forest
    assert other == pytest.approx(0.01 * percent + 3, abs=2e-3)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_predictions_twice(name, brief):
    cells, score = few(30)
    asked = SPACE.arrays()[:40]
    first, second = (made(name, seed=3).fit(cells, score).predict(asked) for _ in range(2))
    assert first.tolist() == second.tolist()
    if name in ("xgboost", "random_forest", "random"):
        assert first.tolist() != made(name, seed=4).fit(cells, score).predict(asked).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_nobody_else_s_random_numbers_change(name, brief):
    before = torch.random.get_rng_state()
    made(name).fit(*few(12)).predict(SPACE.arrays()[:5])
    assert torch.equal(before, torch.random.get_rng_state())


FEWER = [(name, n) for name in NAMES for n in (1, 2)]


@pytest.mark.parametrize(("name", "n"), [(name, n) for name, n in FEWER if n >= made(name).fewest_labels])
def test_one_or_two_evaluated_cells_of_equal_score_are_enough_to_answer(name, n, brief):
    cells, _ = few(2)
    assert np.isfinite(made(name).fit(cells[:n], [90.0] * n).predict(SPACE.arrays()[:20])).all()


@pytest.mark.parametrize(("name", "n"), [(name, n) for name, n in FEWER if n < made(name).fewest_labels])
def test_fewer_evaluated_cells_than_a_predictor_needs_are_refused(name, n):
    with pytest.raises(ValueError, match=rf"needs at least \d+, but got {n}"):
        made(name).fit(few(n)[0], [90.0] * n)


def test_a_cell_evaluated_twice_counts_twice():
    cells, score = few(20)
    twice = CellArray.concatenate([cells, cells[:1], cells[:1]])
    values = np.concatenate([score, [score[0] + 1] * 2])
    once = made("gp_wl").fit(cells, score).predict(cells[:1])
    assert made("gp_wl").fit(twice, values).predict(cells[:1]) > once


def test_ties_are_broken_the_same_way_for_all_predictors(brief):
    cells, score = few(40)
    graph = computed(SPACE.arrays()).graph
    pair = np.flatnonzero(graph == np.flatnonzero(np.bincount(graph) == 2)[0])  # two spellings of one cell
    asked = SPACE.arrays()[np.concatenate([pair, np.arange(100, 150)])]
    before = []
    for name in OF_WHAT_IS_COMPUTED:
        prediction = made(name).fit(cells, score).predict(asked)
        orders = [
            predicted_order(prediction, np.random.default_rng(i).permutation(len(asked))).tolist() for i in range(9)
        ]
        before.append([order.index(0) < order.index(1) for order in orders])
    assert all(b == before[0] for b in before)
    assert len(set(before[0])) == 2


@pytest.mark.parametrize(
    ("score", "message"),
    [
        ([], r"3 cells but scores of shape \(0,\)"),
        ([1.0, 2.0], r"3 cells but scores of shape \(2,\)"),
        ([1.0, np.nan, 2.0], "the score of cell 1 is nan"),
        ([1.0, 2.0, np.inf], "the score of cell 2 is inf"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_by_name(score, message):
    with pytest.raises(ValueError, match=message):
        made("random").fit(few(3)[0], score)


def test_no_cell_at_all_and_no_fit_are_refused():
    with pytest.raises(ValueError, match="WLGaussianProcess needs at least 1, but got 0"):
        made("gp_wl").fit([], [])
    with pytest.raises(RuntimeError, match="WLGaussianProcess was not fitted"):
        made("gp_wl").predict(few(3)[0])
    for name, learned in (("gp_wl", "hyper_parameters"), ("bayesian_linear", "precisions"), ("study_gp", "model")):
        with pytest.raises(RuntimeError, match="was not fitted; call fit"):
            getattr(made(name), learned)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("gp_wl", "sklearn.gaussian_process"),
        ("gp_onehot", "sklearn.gaussian_process"),
        ("random_forest", "sklearn.ensemble"),
        ("xgboost", "xgboost"),
        ("study_random_forest", "sklearn.ensemble"),
        ("study_xgboost", "xgboost"),
        ("study_lightgbm", "lightgbm"),
        ("study_ngboost", "ngboost"),
    ],
)
def test_a_missing_library_is_an_error_that_names_the_extra(name, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"pip install 'metanp\[research\]'"):
        made(name).fit(*few(3))


def test_neither_metrics_nor_baselines_import_a_library_of_the_extra():
    code = (
        "import sys, metanp.metrics, metanp.baselines; sys.exit('sklearn' in sys.modules or 'xgboost' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_normal_predictions_have_the_density_that_std_promises():
    # the noise of repeated measurements of one cell is what is left where everything else is known
    cells = few(1)[0][np.zeros(80, dtype=int)]
    score = 90 + np.random.default_rng(0).normal(size=80)
    mean, std = made("gp_wl").fit(cells, score).predict(cells[:1], return_std=True)
    assert mean[0] == pytest.approx(90, abs=0.3)
    assert std[0] == pytest.approx(1, abs=0.2)
    assert norm.logpdf(90, mean[0], std[0]) > -1.2


@pytest.mark.parametrize("name", WITH_SIDE)
def test_a_side_feature_that_knows_the_score_is_used(name):
    cells, _ = few(120)
    score = np.random.default_rng(5).normal(size=len(cells))  # nothing that a cell could tell
    known = {"proxy": 1e6 * score, "noise": np.random.default_rng(6).normal(size=len(cells))}
    shown = {key: values[:60] for key, values in known.items()}
    predictor = made(name).fit(cells[:60], score[:60], features=shown)
    left = kendall_tau(predictor.predict(predictor.encode(cells, known))[60:], score[60:])
    without = made(name).fit(cells[:60], score[:60]).predict(cells)[60:]
    assert left > 0.5 > kendall_tau(without, score[60:]) + 0.2


@pytest.mark.parametrize("name", ["gp_wl", "xgboost"])
def test_a_missing_side_feature_is_average(name):
    cells, score = few(60)
    known = {"proxy": np.where(np.arange(60) % 3, score, np.nan)}
    predictor = made(name).fit(cells[:30], score[:30], features={"proxy": known["proxy"][:30]})
    missing = ~np.isfinite(known["proxy"])
    alone = {"proxy": np.full(60, np.nan)}
    some, none = (predictor.predict(predictor.encode(cells, features)) for features in (known, alone))
    np.testing.assert_array_equal(some[missing], none[missing])
    assert (some[~missing] != none[~missing]).any()


@pytest.mark.parametrize("name", ["gp_wl", "gp_onehot", "xgboost", "random_forest", "bayesian_linear", "graf_forest"])
def test_described_operations_and_parameters_are_read_and_no_prediction_depends_on_the_cells_beside_it(name):
    width = [Operation("conv", kind="convolution", kernel_size=3, width=w) for w in (16, 32, 64)]
    blocks = [[width[i % 3], ["conv3x3", "skip", Operation("z", kind="mystery")][i // 3]] for i in range(9)]
    cells = [*map(Cell.from_blocks, blocks), *(Cell.from_parameters({"a": i, "k": "xy"[i % 2]}) for i in range(4))]
    baseline = made(name).fit(cells, np.arange(13.0) ** 2)
    together = baseline.predict(cells)
    assert len(set(together.tolist())) > 3
    assert [baseline.predict([cell])[0] for cell in cells] == pytest.approx(together.tolist(), abs=1e-3)
