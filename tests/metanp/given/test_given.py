"""What callers hand over: every sensible reading is read alike everywhere, and the rest is refused by name."""

import decimal
import fractions

import numpy as np
import pandas as pd
import pytest
import torch

from metanp import Cell, CellArray, MetaNP
from metanp.baselines.random_order import RandomOrder
from metanp.baselines.trees import RandomForest
from metanp.given import (
    InputError,
    check_alike,
    read_count,
    read_evaluated,
    read_flag,
    read_generator,
    read_numbers,
    read_probability,
    read_scores,
    read_seed,
    read_torch_generator,
)
from metanp.metrics import kendall_tau, precision_at, ranking_metrics, true_ranks
from metanp.search import FAILED, Search
from metanp.side import Side
from metanp.spaces import SPACES, get_space
from tests.evaluated_cells import CELLS, CONTEXT, FLOPS, POOL, SCORE
from tests.tiny_model import write_checkpoint

SHUFFLED = np.random.default_rng(1).permutation(len(POOL))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> MetaNP:
    return MetaNP(write_checkpoint(tmp_path_factory.mktemp("c") / "tiny.safetensors")).fit(CONTEXT, SCORE)


# --- cells ---

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
def test_evaluated_cells_come_in_any_collection_with_an_order(fitted, kind):
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


# --- scores and other numbers ---

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


# --- side features ---


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


def test_a_mistyped_feature_of_the_candidates_is_refused_by_model_and_baseline(fitted):
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


# --- counts, flags, probabilities ---


@pytest.mark.parametrize(
    "three", [3, 3.0, np.int64(3), np.float32(3), torch.tensor(3), np.array(3), fractions.Fraction(3)]
)
def test_a_whole_number_of_any_kind_counts(fitted, three):
    assert read_count(three, "k") == 3
    assert len(fitted.rank(POOL, k=three)) == 3
    assert len(fitted.sample(POOL, three, rng=0)) == 3
    assert len(Search(CELLS, "random").ask(three)) == 3


@pytest.mark.parametrize("wrong", [2.5, "3", True, None, np.nan, [3], np.inf])
def test_what_is_no_whole_number_is_refused(fitted, wrong):
    with pytest.raises((ValueError, TypeError), match="give a whole number"):
        read_count(wrong, "k")
    with pytest.raises((ValueError, TypeError), match=r"n is .*give a whole number"):
        fitted.sample(POOL, wrong)
    with pytest.raises((ValueError, TypeError), match=r"n is .*give a whole number"):
        Search(CELLS, "random").ask(wrong)


@pytest.mark.parametrize("wrong", ["min", 1, None, "False", 0.0])
def test_a_direction_is_true_or_false(fitted, wrong):
    with pytest.raises((ValueError, TypeError), match=r"maximize is .*give True or False"):
        fitted.fit(CONTEXT, SCORE, maximize=wrong)
    with pytest.raises((ValueError, TypeError), match=r"maximize is .*give True or False"):
        Search(CELLS, "random", maximize=wrong)
    assert read_flag(np.bool_(True), "maximize")


@pytest.mark.parametrize("wrong", [0, 1, -0.1, "half", None, np.nan, [0.5]])
def test_a_probability_lies_between_0_and_1(fitted, wrong):
    with pytest.raises((ValueError, TypeError)):
        read_probability(wrong, "level")
    with pytest.raises((ValueError, TypeError)):
        fitted.predict_interval(POOL, level=wrong)
    with pytest.raises((ValueError, TypeError)):
        fitted.predict_quantiles(POOL, [0.5, wrong])


# --- randomness ---

GENERATORS = {
    "seed": lambda: 7,
    "float seed": lambda: 7.0,
    "numpy": lambda: np.random.default_rng(7),
    "legacy": lambda: np.random.RandomState(7),
    "torch": lambda: torch.Generator().manual_seed(7),
}


@pytest.mark.parametrize("kind", GENERATORS)
def test_any_generator_or_seed_repeats_itself(fitted, kind):
    make = GENERATORS[kind]
    assert read_seed(make()) == read_seed(make()) >= 0
    assert read_generator(make()).random() == read_generator(make()).random()
    assert torch.equal(
        torch.rand(2, generator=read_torch_generator(make())), torch.rand(2, generator=read_torch_generator(make()))
    )
    assert np.array_equal(fitted.sample(POOL, 2, rng=make()), fitted.sample(POOL, 2, rng=make()))
    asked = [Search(CELLS, "random", rng=make()).ask(3) for _ in range(2)]
    assert asked[0] == asked[1]
    for space in SPACES.values():
        if space.name != "nasbench101":
            assert space.sample(make()) == space.sample(make())


def test_none_draws_anew_each_time(fitted):
    assert not np.array_equal(fitted.sample(POOL, 2, rng=None), fitted.sample(POOL, 2))
    assert read_seed(None) != read_seed(None)
    assert len({Search(CELLS, "random", rng=None).ask(1)[0] for _ in range(20)}) > 1


@pytest.mark.parametrize("wrong", ["seed", -1, 1.5, [0], True, object()])
def test_what_is_no_source_of_randomness_is_refused(fitted, wrong):
    for refused in (lambda: fitted.sample(POOL, rng=wrong), lambda: Search(CELLS, rng=wrong), lambda: read_seed(wrong)):
        with pytest.raises((ValueError, TypeError), match="rng is"):
            refused()


# --- texts and codes of cells ---

READERS = {
    "nasbench201": Cell.from_nasbench201,
    "transnas": Cell.from_transnas,
    "naslib": Cell.from_naslib,
    "networkx": Cell.from_networkx,
    "json": Cell.from_json,
    "matrix": lambda x: Cell.from_nasbench101(x, ["input", "conv3x3-bn-relu", "output"]),
    "operations": lambda x: Cell.from_nasbench101(np.zeros((3, 3), dtype=int), x),
    "links": lambda x: Cell.from_nasbench_graph(x, ["gcn"] * 4),
    "layers": lambda x: Cell.from_nasbench_graph([0, 0, 0, 0], x),
    **{f"space {name}": get_space(name).parse_text for name in SPACES},
}
NOTHING = [
    np.nan,
    None,
    3,
    b"text",
    "",
    "|a|",
    [1, 2],
    {"a": 1},
    [[0, 1], [0]],
    "[" * 5000,
    [None] * 6,
    [1.5] * 6,
    object(),
]


@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_text_or_code_of_a_cell_is_refused_without_a_foreign_exception(reader):
    for value in NOTHING:
        with pytest.raises((ValueError, TypeError)) as caught:
            READERS[reader](value)
        assert isinstance(caught.value, ValueError)
        assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    "edges", [[(0.0, 1.0), (1, 2.0)], np.array([[0.0, 1], [1, 2]]), np.array([[0, 1], [1, 2]], dtype=np.uint8)]
)
def test_whole_numbers_of_any_kind_are_nodes(edges):
    assert Cell(np.array(["input", "conv3x3", "output"]), edges) == Cell(
        ["input", "conv3x3", "output"], [(0, 1), (1, 2)]
    )


@pytest.mark.parametrize(
    "edges", [[0.5], [(0,)], [(0, 1.5)], [(0, 1, 2)], [(0, None)], [(0, "1")], ["01"], [np.array([0])], [(0, np.nan)]]
)
def test_what_is_no_edge_is_refused_by_name(edges):
    with pytest.raises(ValueError, match="is no edge: expected two node numbers"):
        Cell(["input", "conv3x3", "output"], edges)


@pytest.mark.parametrize("edges", [None, 3, "01", {0: 1}])
def test_what_is_no_list_of_edges_is_refused(edges):
    with pytest.raises(ValueError, match="the edges are"):
        Cell(["input", "conv3x3", "output"], edges)


@pytest.mark.parametrize(
    "operations",
    [["input", 3, "output"], ["input", np.nan, "output"], ["input", None, "output"], ["input", ["conv3x3"], "output"]],
)
def test_an_operation_that_is_no_name_is_refused(operations):
    with pytest.raises(ValueError, match=r"unknown operation .* and no name"):
        Cell(operations, [(0, 1), (1, 2)])


def test_an_unknown_operation_is_told_of_the_words_for_operations_without_one():
    with pytest.raises(ValueError, match=r"unknown operation 'involution'.*custom1, custom2, custom3, custom4"):
        Cell(["input", "involution", "output"], [(0, 1), (1, 2)])


def test_two_inputs_or_outputs_get_advice():
    with pytest.raises(ValueError, match=r"exactly one input, this one has 2.*as in DARTS, keep one 'input'"):
        Cell(["input", "input", "sepconv3x3", "output"], [(0, 2), (1, 2), (2, 3)])
    with pytest.raises(ValueError, match=r"exactly one output, this one has 2.*join them"):
        Cell(["input", "output", "output"], [(0, 1), (0, 2)])
