"""Cells as parameters: each cell of a space has its own, and they are read back."""

import pickle

import numpy as np
import optuna
import pytest
from optuna.trial import FixedTrial

from metanp.integrations.optuna import Choices
from metanp.search import Listed, Open
from metanp.spaces import get_space
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


def test_what_is_no_candidate_is_refused():
    choices = Choices(DISTINCT[:5])
    with pytest.raises(ValueError, match="no cell that computes the same"):
        choices.values(DISTINCT[7])
    with pytest.raises(ValueError, match="the parameters lack 'cell'"):
        choices.cell({"width": 3})
    with pytest.raises(ValueError, match="the list of cells is empty"):
        Choices([])

    with pytest.raises(ValueError, match="is not listed, and has no parameters"):
        Choices(Open(get_space("nasbench101")))


def test_choices_can_be_pickled():
    choices = pickle.loads(pickle.dumps(Choices(Listed(CELLS, features={"flops": np.arange(60.0)}))))
    assert choices.cell({"cell": 4}) == CELLS[4]
    assert choices.candidates.side.names == ("flops",)
