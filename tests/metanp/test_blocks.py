"""Chains of blocks and parameter vectors: what they say of themselves, and that models learn from it."""

import json

import numpy as np
import pytest

from metanp import Cell, MetaNP
from metanp.baselines.trees import RandomForest
from metanp.blocks import write
from metanp.cell_array import CellArray
from metanp.descriptions import Descriptions
from metanp.metrics import kendall_tau
from metanp.operation import Operation
from metanp.side import Side


def test_a_chain_of_blocks_says_what_stands_at_each_place():
    cell = Cell.from_blocks(
        [
            {"kind": "inverted bottleneck", "kernel_size": 3, "expansion": 6, "stage": 0},
            {"kind": "inverted bottleneck", "kernel_size": 5, "expansion": 3, "stage": 0},
            {"kind": "inverted bottleneck", "kernel_size": 7, "expansion": 3, "stage": 1, "resolution": 112},
        ]
    )
    assert len(cell) == 5
    said = dict(cell.parameters)
    assert (said["0.0.kernel_size"], said["0.1.kernel_size"], said["1.0.kernel_size"]) == (3, 5, 7)
    assert (said["0.depth"], said["1.depth"], said["1.0.resolution"]) == (2, 1, 112)
    assert Cell.from_json(json.dumps(cell.to_json())) == cell
    assert [one["kernel_size"] for one in write(cell)] == [3, 5, 7]


def test_blocks_may_be_operations_or_words_and_json_may_hold_them():
    blocks = [Operation("a", kind="convolution", kernel_size=3, width=32), "conv3x3"]
    cell = Cell.from_blocks(blocks)
    assert cell.names == ("input", "a", "conv3x3", "output")
    assert Cell.from_json({"blocks": [blocks[0].to_json(), "conv3x3"]}).key == cell.key


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ([], "no block"),
        ("conv3x3", "expected a list"),
        ([3], "block 0 is 3"),
        ([{"kernel_size": "big"}], "block 0: .*kernel_size='big'"),
        (["conv3x4"], "unknown operation 'conv3x4'"),
        ([{"note": [object()]}], "parameter '0.note.0'"),
    ],
)
def test_what_is_no_chain_is_refused_by_name(blocks, says):
    with pytest.raises(ValueError, match=says):
        Cell.from_blocks(blocks)


def test_parameters_are_equal_whatever_their_order_nesting_and_type():
    one = Cell.from_parameters({"depth": 3, "width": [48, 64], "kernel": "5x5", "residual": True, "rest": None})
    other = Cell.from_parameters(
        {"residual": 1.0, "kernel": "5x5", "width.1": np.float32(64), "width": {"0": 48}, "depth": 3}
    )
    assert one.key == other.key
    assert Cell.from_json({"parameters": {"depth": 3}}).key == Cell.from_parameters({"depth": 3.0}).key
    assert Cell.from_parameters({"depth": 4}).key != Cell.from_parameters({"depth": 3}).key


@pytest.mark.parametrize("wrong", [{}, [3], "depth", {"depth": float("nan")}, {"depth": object()}])
def test_what_is_no_parameter_vector_is_refused(wrong):
    with pytest.raises(ValueError, match="parameter"):
        Cell.from_parameters(wrong)


def test_columns_by_hand():
    cells = [
        Cell.from_parameters(p) for p in ({"a": 1, "k": "3x3"}, {"a": 2, "k": "5x5", "b": 7}, {"a": 3, "k": "3x3"})
    ]
    found = Descriptions.of(cells)
    assert found.column("a", flag=False).tolist() == [1, 2, 3]
    assert found.column("k", flag=False).tolist() == [3, 5, 3]
    assert found.column("k=5x5", flag=True).tolist() == [0, 1, 0]
    assert found.column("b given", flag=True).tolist() == [0, 1, 0]
    assert found.column("b", flag=False).tolist() == pytest.approx([np.nan, 7, np.nan], nan_ok=True)
    assert found.varying() == ["b given", "k=3x3", "k=5x5", "a", "k"]
    assert found.rows([2, 1]).column("a", flag=False).tolist() == [3, 2]


def test_cells_of_words_alone_say_nothing():
    from metanp.spaces import get_space

    assert not Descriptions.of(get_space("nasbench201").arrays())


def test_arrays_keep_parameters():
    cells = [Cell.from_parameters({"a": i}) for i in range(5)]
    array = CellArray.from_cells(cells)
    assert [cell.key for cell in array] == [cell.key for cell in cells]
    assert len(set(array.fingerprint().tolist())) == 5
    assert array[[3, 1]][1] == cells[1]
    assert CellArray.concatenate([array, CellArray.from_cells([Cell(["input", "output"], [(0, 1)])])])[2] == cells[2]


def _configurations(n: int) -> tuple[list[Cell], np.ndarray]:
    rng = np.random.default_rng(0)
    width, depth, kind = rng.integers(8, 64, n), rng.integers(1, 6, n), rng.choice(["relu", "gelu", "tanh"], n)
    score = np.log(width) + 0.3 * depth + 0.5 * (kind == "gelu") + 0.05 * rng.normal(size=n)
    cells = [
        Cell.from_parameters({"width": int(w), "depth": int(d), "activation": str(k)})
        for w, d, k in zip(width, depth, kind, strict=True)
    ]
    return cells, score


def test_configurations_without_any_graph_are_learned_from():
    cells, score = _configurations(300)
    model = MetaNP("label-free").fit(cells[:50], score[:50])
    assert kendall_tau(model.predict(cells[50:]), score[50:]) > 0.7
    ranking = model.rank(cells, k=10)
    assert all(cell not in cells[:50] for cell in ranking.cells)
    assert np.mean(score[ranking.index]) > np.quantile(score, 0.9)


def test_baselines_read_the_same():
    cells, score = _configurations(300)
    forest = RandomForest(seed=0).fit(cells[:50], score[:50])
    assert kendall_tau(forest.predict(cells[50:]), score[50:]) > 0.55
    assert forest.predict(forest.encode(cells[50:])).tolist() == forest.predict(cells[50:]).tolist()


def test_what_no_evaluated_cell_says_is_left_aside_and_the_user_s_own_feature_comes_first():
    cells, score = _configurations(40)
    model = MetaNP("label-free").fit(cells[:30], score[:30])
    odd = Cell.from_parameters({"width": 30, "depth": 3, "activation": "swish", "heads": 8})
    assert np.isfinite(model.predict([odd])).all()
    named = {"width": [float(i) for i in range(30)]}
    assert np.isfinite(MetaNP("label-free").fit(cells[:30], score[:30], features=named).predict(cells[30:])).all()


def test_a_context_may_mix_forms():
    cells, _ = _configurations(20)
    mixed = [
        *cells[:10],
        Cell.from_nasbench201("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|none~2|"),
    ]
    mixed += [Cell.from_blocks([{"kernel_size": k, "width": 8 * k}]) for k in (3, 5, 7)]
    mean = MetaNP("label-free").fit(mixed, np.arange(14.0)).predict([*mixed, *cells[10:]])
    assert np.isfinite(mean).all()


def _odd_company() -> list[Cell]:
    """Architectures that say what others do not: texts with and without a number, some parameters, described widths."""
    plain = [{"width": w, "kernel": k, "depth": d} for w, k, d in ((8, "3x3", 1), (16, "5x5", 2), (32, "none", 3))]
    plain += [
        {"width": 24, "kernel": "7x7"},
        {"kernel": "3x3", "depth": 2},
        {"width": 64, "kernel": "none", "depth": 1},
    ]
    wide = [Operation("conv", kind="convolution", kernel_size=3, width=w) for w in (16, 32, 64)]
    return [*map(Cell.from_parameters, plain), *(Cell.from_blocks([one, "conv3x3"]) for one in wide)]


@pytest.mark.parametrize("predictor", [lambda: MetaNP("label-free"), lambda: RandomForest(seed=0)])
def test_a_prediction_does_not_depend_on_what_is_predicted_beside_it(predictor):
    cells = _odd_company()
    fitted = predictor().fit(cells, np.arange(float(len(cells))) ** 2)
    together = fitted.predict(cells)
    assert [fitted.predict([cell])[0] for cell in cells] == pytest.approx(together.tolist(), abs=1e-4)


def test_what_is_said_alike_by_all_evaluated_architectures_is_left_aside():
    cells = [Cell.from_parameters({"a": a, "b": 3, "k": "relu6" if a else "relu"}) for a in (0, 1, 2)]
    told = Side.of(None, 3).of_cells(cells).with_derived()
    assert told.names == ("k=relu", "k=relu6", "a")  # neither b, nor the 6 of relu6, nor that all are given
