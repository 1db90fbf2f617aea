"""Collections of cells that callers hand over: read alike everywhere, and the rest refused by name."""

import numpy as np
import pandas as pd
import pytest

from metanp import CellArray, MetaNP
from metanp.baselines.random_order import RandomOrder
from metanp.baselines.trees import RandomForest
from metanp.given import (
    InputError,
    check_alike,
    read_evaluated,
)
from metanp.search import Search
from tests.evaluated_cells import CELLS, CONTEXT, FLOPS, POOL, SCORE

SHUFFLED = np.random.default_rng(1).permutation(len(POOL))
COLLECTIONS = {
    "list": list,
    "tuple": tuple,
    "generator": iter,
    "dict values": lambda cells: dict(enumerate(cells)).values(),
    "dict keys": lambda cells: dict.fromkeys(cells).keys(),
    "object array": lambda cells: np.array(cells, dtype=object),
    "shuffled series": lambda cells: pd.Series(cells, index=SHUFFLED[: len(cells)]),
    "text index": lambda cells: pd.Series(cells, index=[f"net-{i}" for i in range(len(cells))]),
    "cell array": CellArray.from_cells,
}


@pytest.mark.parametrize("kind", COLLECTIONS)
def test_candidates_come_in_any_collection_and_are_ranked_by_their_position(fitted, kind):
    distinct = list(dict.fromkeys(POOL))
    expected = fitted.rank(distinct, k=8)
    found = fitted.rank(COLLECTIONS[kind](distinct), k=8)
    assert found.index.tolist() == expected.index.tolist()
    assert [cell.key for cell in found.cells] == [distinct[i].key for i in found.index]
    assert np.array_equal(fitted.predict(COLLECTIONS[kind](distinct)), fitted.predict(distinct))
    assert fitted.sample(COLLECTIONS[kind](distinct), 2, rng=0).shape == (2, len(distinct))


def test_a_set_of_candidates_is_ranked_and_the_cells_found_are_its_own(fitted):
    pool = set(POOL)
    ranking = fitted.rank(pool, k=5)
    assert set(ranking.cells) <= pool
    assert [cell.key for cell in ranking.cells] == [list(pool)[i].key for i in ranking.index]


def test_a_series_with_a_shuffled_index_never_brings_an_evaluated_cell_back(fitted):
    series = pd.Series(CELLS, index=np.random.default_rng(0).permutation(len(CELLS)))
    ranking = fitted.rank(series)
    assert not {cell.key for cell in ranking.cells} & {cell.key for cell in CONTEXT}
    assert all(series.iloc[i] == cell for i, cell in zip(ranking.index, ranking.cells, strict=True))


@pytest.mark.parametrize("kind", [name for name in COLLECTIONS if name != "dict keys"])
def test_evaluated_cells_come_in_any_collection_with_an_order(fitted, kind, few_trees):
    pool, expected = fitted.encode(POOL), fitted.predict(POOL)
    model = MetaNP(fitted.checkpoint).fit(COLLECTIONS[kind](CONTEXT), COLLECTIONS["tuple"](SCORE))
    assert np.array_equal(model.predict(pool), expected)
    baseline = RandomForest().fit(COLLECTIONS[kind](CONTEXT), SCORE)
    assert np.array_equal(baseline.predict(COLLECTIONS[kind](POOL)), RandomForest().fit(CONTEXT, SCORE).predict(POOL))


def test_what_changes_after_it_was_handed_over_changes_no_answer(fitted):
    pool, context, score = list(POOL), list(CONTEXT), SCORE.copy()
    features = {"flops": FLOPS[:12].copy()}
    model = MetaNP(fitted.checkpoint).fit(context, score, features=features)
    encoded = model.encode(pool, features={"flops": FLOPS[12:]})
    expected, ranking = model.predict(encoded), model.rank(encoded, k=3)
    pool.reverse()
    del pool[5:]
    context.clear()
    score[:] = 0
    features["flops"][:] = 7
    assert np.array_equal(model.predict(encoded), expected)
    assert model.rank(encoded, k=3).cells == ranking.cells
    model.to("cpu")  # conditions once more on what was given
    assert np.array_equal(model.predict(encoded), expected)
    array = CellArray.from_cells(POOL)
    search, of_array = Search(pool := list(POOL), "random"), model.encode(array, features={"flops": FLOPS[12:]})
    array.operation[:] = 3
    assert [of_array.cell(i).key for i in range(3)] == [cell.key for cell in POOL[:3]]
    pool.clear()
    assert len(search.ask(3)) == 3


TEXT = CELLS[0].to_nasbench201()
NO_CELLS = [
    (CELLS[0], "are one Cell; give a list"),
    (TEXT, "are a text"),
    ({"a": CELLS[0]}, "are a mapping; give its keys or its values"),
    (pd.DataFrame({"cell": CELLS[:2]}), "are a table; give the column"),
    (np.array([CELLS[:2], CELLS[2:4]], dtype=object), r"shape \(2, 2\)"),
    (None, "are None"),
    (3.5, "are 3.5"),
    ([CELLS[0], TEXT], "cell 1 is '.*no Cell"),
    ([CELLS[0], np.nan], "cell 1 is nan, no Cell"),
    ([CELLS[0].to_json()], "cell 0 is {.*no Cell"),
    ([None], "cell 0 is None"),
    (pd.Series([CELLS[0], None]), "cell 1 is "),
]


@pytest.mark.parametrize(("cells", "message"), NO_CELLS)
def test_what_is_no_collection_of_cells_is_refused_everywhere_by_name(fitted, cells, message):
    for asked in (fitted.predict, fitted.rank, fitted.encode, fitted.sample, RandomOrder().fit(CONTEXT, SCORE).predict):
        with pytest.raises((ValueError, TypeError), match=message):
            asked(cells)
    with pytest.raises((ValueError, TypeError), match=message):
        MetaNP(fitted.checkpoint).fit(cells, [1.0, 2.0])
    with pytest.raises((ValueError, TypeError), match=message):
        fitted.fit(CONTEXT, SCORE, failed=cells)
    if not isinstance(cells, str):  # a text is taken for the name of a space, and gets that advice
        with pytest.raises((ValueError, TypeError), match=message):
            Search(cells)


def test_scores_cannot_follow_a_set(fitted):
    with pytest.raises(InputError, match="a set, which has no order"):
        fitted.fit(set(CONTEXT), SCORE)
    with pytest.raises(InputError, match="a set, which has no order"):
        read_evaluated(frozenset(CONTEXT))


def test_columns_of_one_table_in_two_orders_are_refused():
    cells = pd.Series(CONTEXT, index=range(12))
    other = pd.Series(SCORE, index=reversed(range(12)))
    with pytest.raises(ValueError, match="in another order; rows are matched by position"):
        MetaNP("label-free").fit(cells, other)
    with pytest.raises(ValueError, match="the features have the index of the cells in another order"):
        RandomForest().fit(cells, SCORE, features=pd.DataFrame({"flops": FLOPS[:12]}, index=range(11, -1, -1)))
    check_alike(cells, pd.Series(SCORE, index=range(100, 112)), "scores")  # another table's: by position
