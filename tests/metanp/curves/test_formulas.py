"""Domhan's formulas at values worked by hand, and where they go."""

import numpy as np
import pytest

from metanp.curves.formulas import ALL, FORMULAS, STUDY

ONE = np.array([1.0])


@pytest.mark.parametrize(
    ("name", "x", "parameters", "value"),
    [
        ("vapour_pressure", 2, (0, -1, 1), np.exp(-0.5 + np.log(2))),
        ("ilog2", np.e - 1, (0.9, 0.3), 0.6),
        ("weibull", 2, (0.8, 0.2, 0.5, 3), 0.8 - 0.6 / np.e),
        ("pow3", 4, (0.9, 0.4, 0.5), 0.7),
        ("pow4", 4, (0.9, 2, 1, 0.5), 0.9 - 1 / 3),
        ("log_log_linear", np.e, (0.5, 1.5), np.log(2)),
        ("mmf", 2, (0.8, 0.2, 0.5, 3), 0.5),
        ("janoschek", 2, (0.8, 0.2, 0.25, 2), 0.8 - 0.6 / np.e),
        # kappa to the power of eta: half the asymptote at x = kappa
        ("hill3", 3, (0.9, 3, 2), 0.45),
        ("hill3", 6, (0.9, 3, 2), 0.9 * 36 / (9 + 36)),
        ("log_power", np.e, (0.8, 1, -2), 0.4),
        ("exp4", 4, (0.9, 0.5, 0, 0.5), 0.9 - np.exp(-1)),
    ],
)
def test_a_formula_at_a_point(name, x, parameters, value):
    found = FORMULAS[name](np.array([float(x)]), np.array([parameters], float))
    np.testing.assert_allclose(found, [[value]], rtol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_the_usual_parameters_are_within_bounds_and_rise_to_a_share(name):
    formula = FORMULAS[name]
    assert (np.array(formula.low) < formula.start).all()
    assert (np.array(formula.start) < formula.high).all()
    y = formula(np.arange(1.0, 101), np.array([formula.start]))[0]
    assert (np.diff(y) >= 0).all()
    assert 0 <= y[0] < y[-1] <= 1


def test_there_are_eleven_and_the_study_took_four():
    assert len(ALL) == 11
    assert set(STUDY) == {"log_log_linear", "log_power", "mmf", "hill3"}
