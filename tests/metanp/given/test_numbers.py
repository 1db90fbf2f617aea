"""Scores and side features that callers hand over: read alike everywhere, and the rest refused by name."""

import decimal
import fractions

import numpy as np
import pandas as pd
import pytest
import torch

from metanp import MetaNP
from metanp.baselines.random_order import RandomOrder
from metanp.baselines.trees import RandomForest
from metanp.given import (
    read_numbers,
    read_scores,
)
from metanp.metrics import kendall_tau, precision_at, ranking_metrics, true_ranks
from metanp.search import FAILED, Search
from metanp.side import Side
from tests.evaluated_cells import CELLS, CONTEXT, FLOPS, POOL, SCORE

SAME = np.array([91.5, 90.25, 93.0])
NUMBERS = {
    "list": SAME.tolist(),
    "generator": iter(SAME.tolist()),
    "text": [str(x) for x in SAME],
    "decimal": [decimal.Decimal(x) for x in SAME.tolist()],
    "fraction": [fractions.Fraction(x) for x in SAME.tolist()],
    "float16": SAME.astype(np.float16),
    "bfloat16": torch.tensor([91.5, 90.25, 93.0], dtype=torch.float32),
    "tensors": [torch.tensor(x, requires_grad=True) for x in SAME],
    "series": pd.Series(SAME, index=[2, 0, 1]),
    "nullable": pd.Series(SAME, dtype="Float64"),
    "objects": np.array(SAME, dtype=object),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_of_any_kind_are_read(kind):
    assert read_scores(NUMBERS[kind], 3).tolist() == SAME.tolist()


def test_low_precision_and_unsigned_numbers_are_read_as_they_are(fitted):
    scores = torch.tensor([91.0, 92.0, 93.0], dtype=torch.bfloat16)
    assert read_scores(scores, 3).tolist() == [91, 92, 93]
    unsigned = np.array([3, 200, 100], dtype=np.uint8)
    assert true_ranks(unsigned).tolist() == [3, 1, 2]
    assert kendall_tau(unsigned, unsigned) == kendall_tau([3, 200, 100], torch.tensor([3, 200, 100])) == 1
    assert ranking_metrics(unsigned, unsigned, ks=(1,))["regret_at_1"] == 0
    assert precision_at(unsigned, unsigned, 2.0) == 1


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, np.ma.masked])
def test_a_missing_number_is_missing_in_any_spelling(missing):
    assert np.isnan(read_numbers([1.0, missing], "values")[1])
    assert np.isnan(Side.of({"flops": [1.0, missing]}, 2).values[1, 0])
    with pytest.raises(ValueError, match="the score of cell 1 is nan; leave the cell out"):
        read_scores([1.0, missing], 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ("93.1", "are '93.1'"),
        (93.1, "give a list of numbers"),
        (None, "are None"),
        ({"a": 93.1}, "give a list of numbers"),
        (["high"], "item 0 of the scores is 'high'"),
        ([[1, 2]], "item 0"),
        (np.ones((2, 2)), r"shape \(2, 2\)"),
        (np.ones((1, 1)), r"1 cells but scores of shape \(1, 1\)"),
        ([1j], "item 0"),
        (np.array([1j]), "give plain numbers"),
        (np.array(["2026-01-01"], dtype="datetime64[D]"), "give plain numbers"),
        (pd.Series(pd.to_timedelta([3], unit="s")), "give plain numbers"),
        ([10**400], "too large for a number"),
        ([object()], "item 0"),
        ([], r"1 cells but scores of shape \(0,\)"),
        ([np.inf], "the score of cell 0 is inf"),
    ],
)
def test_what_is_no_score_is_refused_by_name(fitted, values, message):
    with pytest.raises((ValueError, TypeError), match=message):
        read_scores(values, 1)
    with pytest.raises((ValueError, TypeError), match=message):
        fitted.fit(CONTEXT[:1], values)
    with pytest.raises((ValueError, TypeError), match=message):
        RandomOrder().fit(CONTEXT[:1], values)


@pytest.mark.parametrize("score", ["high", None, np.nan, [1.0, 2.0], {}, 1j, 10**400, pd.NA])
def test_what_is_no_score_is_refused_by_a_search_too(score):
    search = Search(CELLS, "random")
    cell = search.ask()[0]
    with pytest.raises((ValueError, TypeError), match="score is"):
        search.tell(cell, score)
    assert search.best() is None
    search.tell(cell, torch.tensor(93.5, dtype=torch.bfloat16))
    assert search.best().score == 93.5
    search.tell(search.ask()[0], FAILED)


@pytest.mark.parametrize(
    "features",
    [
        {"flops": [1.0, 2.0]},
        pd.DataFrame({"flops": [1.0, 2.0]}, index=[9, 3]),
        pd.Series([1.0, 2.0], name="flops"),
        [{"flops": 1.0}, {"flops": 2.0}],
        {"flops": torch.tensor([1.0, 2.0])},
        {"flops": pd.Series([1, 2], dtype="Int64", index=[5, 4])},
    ],
)
def test_side_features_come_as_a_table_a_mapping_or_rows(features):
    side = Side.of(features, 2)
    assert (side.names, side.values.tolist()) == (("flops",), [[1.0], [2.0]])


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (np.ones((2, 1)), "has no names; give a DataFrame or a dict"),
        ([1.0, 2.0], "has no names"),
        ("flops", "has no names"),
        (pd.Series([1.0, 2.0]), "has no names"),
        (pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]), "'a' is given twice"),
        ({1: [1, 2], "1": [3, 4]}, "'1' is given twice"),
        ({"flops": np.ones((2, 2))}, "side feature 'flops': values of shape"),
        ({"flops": np.ones((2, 1))}, "side feature 'flops': values of shape"),
        ({"flops": 3.0}, "side feature 'flops'"),
        ({"flops": [1.0]}, "'flops' has 1 values for 2 cells"),
        ({"flops": [1.0, np.inf]}, "'flops' is infinite at cell 1"),
        ({"flops": ["a", 1]}, "'a'.*expected one number a cell"),
    ],
)
def test_what_is_no_side_feature_is_refused_by_name(features, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Side.of(features, 2)
    for refused in (RandomForest().encode, Search):
        with pytest.raises((ValueError, TypeError), match=message):
            refused(CELLS[:2], features=features)


def test_a_mistyped_feature_of_the_candidates_is_refused_by_model_and_baseline(fitted, few_trees):
    features = {"flops": FLOPS[:12]}
    for predictor in (MetaNP(fitted.checkpoint), RandomForest()):
        predictor.fit(CONTEXT, SCORE, features=features)
        pool = predictor.encode(POOL, features={"flop": FLOPS[12:]})
        with pytest.raises(ValueError, match=r"\['flop'\] were not given to fit, nearest to the first: 'flops'"):
            predictor.predict(pool)
        predictor.predict(predictor.encode(POOL))  # none at all: missing
        predictor.fit(CONTEXT, SCORE)
        with pytest.raises(ValueError, match="which saw none"):
            predictor.predict(predictor.encode(POOL, features={"flops": FLOPS[12:]}))
