"""Cells as parameters: each cell of a space has its own, and they are read back."""

import pickle

import numpy as np
import optuna
import pytest
from optuna.trial import FixedTrial

from metanp.integrations.optuna import Choices
from metanp.operations import Operation
from metanp.search import Listed, Open
from metanp.spaces import GraphSpace, ProductSpace, get_space
from tests.evaluated_cells import CELLS
from tests.metanp.integrations.studies import DISTINCT


@pytest.mark.parametrize("name", ["nasbench201", "transnas", "nasbench_graph", "nasbench_macro"])
def test_a_cell_is_asked_for_by_categories_and_read_back(name):
    space = get_space(name)
    choices = Choices(space)
    for row in np.random.default_rng(0).integers(len(space), size=5):
        values = choices.values(space[int(row)])
        assert choices.suggest(FixedTrial(values)).key == choices.cell(values).key == space[int(row)].key
        assert all(isinstance(value, str) for value in values.values())


def test_the_categories_of_nasbench201_are_its_own_operations_on_its_edges():
    choices = Choices(get_space("nasbench201"))
    cell = get_space("nasbench201").parse_text(
        "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|"
    )
    assert list(choices.values(cell).values()) == [
        "nor_conv_3x3",
        "nor_conv_1x1",
        "skip_connect",
        "avg_pool_3x3",
        "none",
        "nor_conv_3x3",
    ]
    assert all(len(kind.choices) == 5 for kind in choices.distributions.values())


def test_a_list_is_a_position_and_of_cells_that_compute_the_same_the_first():
    again = [*DISTINCT[:3], DISTINCT[1]]
    choices = Choices(again)
    assert choices.values(DISTINCT[1]) == {"cell": 1}
    assert choices.cell({"cell": 3}) == DISTINCT[1]
    assert choices.distributions == {"cell": optuna.distributions.IntDistribution(0, 3)}


def test_an_architecture_that_computes_the_same_is_the_one_that_stands_for_it():
    choices = Choices(get_space("nasbench_graph"))
    idle = {"links": "0,1,2,3", "operation_1": "gat", "operation_2": "skip", "operation_3": "gcn", "operation_4": "gin"}
    assert choices.cell(idle) in get_space("nasbench_graph")
    assert choices.cell(idle) == choices.cell(choices.values(choices.cell(idle)))


@pytest.mark.parametrize("large", [False, True])
def test_a_space_of_choices_has_its_own_names_and_values(large):
    more = {f"more {i}": [True, False] for i in range(20)} if large else {}
    space = ProductSpace("mine", {"depth": [1, 2], "widths": [[16, 32], [32, 64]], "act": ["relu", None], **more})
    choices = Choices(space)
    for seed in range(5):
        cell = space.sample(np.random.default_rng(seed))
        values = choices.values(cell)
        assert choices.suggest(FixedTrial(values)) == choices.cell(values) == cell
    assert values["depth"] in (1, 2)
    assert values["widths"] in ("[16, 32]", "[32, 64]")


def test_a_graph_of_described_operations_and_a_listed_space_without_a_form_are_searched():
    graph = GraphSpace("mine", {"skip": "skip", "wide": Operation("wide", width=96)}, [(0, 1), (1, 2), (2, 3)])
    assert Choices(graph).values(graph[1]) == {"operation_1": "skip", "operation_2": "wide"}
    macro = get_space("transnas_macro")
    assert Choices(macro).values(macro[9]) == {"cell": 9}


def test_what_is_no_candidate_is_refused():
    choices = Choices(DISTINCT[:5])
    with pytest.raises(ValueError, match="no cell that computes the same"):
        choices.values(DISTINCT[7])
    with pytest.raises(ValueError, match="the parameters lack 'cell'"):
        choices.cell({"width": 3})
    with pytest.raises(ValueError, match="the list of cells is empty"):
        Choices([])

    for where in (Open(get_space("nasbench101")), get_space("darts"), get_space("ofa")):
        with pytest.raises(ValueError, match=r"is not listed, and has no parameters; .* search it with metanp.search"):
            Choices(where)


def test_values_that_are_no_choice_are_refused_with_the_nearest():
    choices = Choices(ProductSpace("mine", {"depth": [1, 2], "widths": [[16, 32], [32, 64]]}))
    assert choices.cell({"depth": np.int64(2), "widths": [16, 32]}) == choices.cell({"depth": 2, "widths": "[16, 32]"})
    with pytest.raises(ValueError, match="the parameter 'depth' is 3; nearest: 2; known: 1, 2"):
        choices.cell({"depth": 3, "widths": "[16, 32]"})
    with pytest.raises(ValueError, match=r"the parameter 'widths' is '\[16, 33\]'; nearest: \[16, 32\]"):
        choices.cell({"depth": 1, "widths": [16, 33]})
    with pytest.raises(ValueError, match="the parameter 'operation_1' is 'skipp'; nearest"):
        Choices(get_space("nasbench201")).cell({f"operation_{i}": "skipp" for i in range(1, 7)})


def test_choices_that_are_written_alike_are_refused():
    with pytest.raises(ValueError, match=r"the choices \[1, 2\] and '\[1, 2\]' of 'widths' are one category"):
        Choices(ProductSpace("alike", {"widths": [[1, 2], "[1, 2]"]}))


def test_choices_can_be_pickled():
    choices = pickle.loads(pickle.dumps(Choices(Listed(CELLS, features={"flops": np.arange(60.0)}))))
    assert choices.cell({"cell": 4}) == CELLS[4]
    assert choices.candidates.side.names == ("flops",)
