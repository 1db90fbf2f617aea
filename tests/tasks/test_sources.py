"""What each kind of meta-training may see: the plan's table, row by row, and sources built accordingly."""

import numpy as np
import pytest

from data import BENCHMARKS
from data.table import Metric, Source, Table
from metanp.spaces import get_space
from tasks import sources
from tasks.prior import PriorConfig, PriorTasks
from tasks.sources import (
    DEVELOPMENT,
    HELD_OUT,
    KINDS,
    MOST_CELLS,
    TasksConfig,
    allowed_tables,
    build_source,
    build_validation,
    measured_tasks,
    pool,
)
from tasks.task import Task, TaskMixture

NB101, NB201, GRAPH, ANALOG, TRANSNAS = "nasbench101", "nasbench201", "nasbench_graph", "analog", "transnas"
ONE_SPACE = {TRANSNAS: 1.0}
# tested -> (what cross-space may see, what cross-task adds), the development set apart
PLAN = {
    NB201: ({NB101, GRAPH}, {TRANSNAS}),
    NB101: ({NB201, TRANSNAS, GRAPH}, set()),
    GRAPH: ({NB201, NB101, TRANSNAS}, set()),
    ANALOG: ({NB101, GRAPH}, {TRANSNAS}),
    TRANSNAS: ({NB101, GRAPH}, {NB201}),
}
ASKED = [(kind, tested) for kind in ("cross-space", "cross-task") for tested in PLAN]


@pytest.fixture
def toy(monkeypatch) -> Table:
    """Every benchmark is a table of forty cells, so that no file is read."""
    metric = Metric.accuracy("cifar10", "test", None, Source("a.csv", "1" * 64, "acc"))
    cells = get_space(TRANSNAS).arrays()[-40:]
    table = Table.from_columns("toy", cells, [str(i) for i in range(40)], [(metric, np.arange(40.0)[:, None])])
    monkeypatch.setattr(sources, "load_benchmark", lambda name: table)
    return table


@pytest.mark.parametrize("tested", PLAN)
def test_cross_space_and_cross_task_see_what_the_plan_says(tested):
    near, far = PLAN[tested]
    assert set(allowed_tables("cross-space", tested)) == near | set(DEVELOPMENT)
    assert set(allowed_tables("cross-task", tested)) == near | far | set(DEVELOPMENT)


@pytest.mark.parametrize(("kind", "tested"), ASKED)
def test_what_is_tested_is_never_seen(kind, tested):
    allowed = allowed_tables(kind, tested)
    assert tested not in allowed
    if tested in (NB201, ANALOG):  # two benchmarks over the same cells
        assert not {NB201, ANALOG} & set(allowed)


def test_nobody_sees_the_analog_benchmark_but_everything():
    assert all(ANALOG not in allowed_tables(kind, tested) for kind, tested in ASKED)
    assert set(allowed_tables("everything", None)) == set(BENCHMARKS) - set(HELD_OUT)


def test_no_kind_sees_what_is_held_out():
    for tested in (*PLAN, *HELD_OUT):
        for kind in KINDS:
            assert not set(allowed_tables(kind, tested)) & set(HELD_OUT)


@pytest.mark.parametrize("tested", ["latency", "suite_zero_nb201"])
def test_what_is_measured_of_cells_of_nasbench201_is_tested_by_models_that_saw_no_label_of_them(tested):
    assert not {NB201, ANALOG} & set(allowed_tables("cross-task", tested))


@pytest.mark.parametrize("kind", KINDS)
def test_a_held_out_table_is_neither_trained_on_nor_chosen_by(kind):
    with pytest.raises(ValueError, match=r"may not see \['darts'\]"):
        build_source(TasksConfig(kind=kind, tested=NB201, spaces=ONE_SPACE, tables={"darts": 1}), 0)
    with pytest.raises(ValueError, match=r"may not be chosen by \['darts'\]"):
        build_validation(TasksConfig(kind=kind, tested=NB201, spaces=ONE_SPACE, validation=["darts"]), 0)


def test_no_measured_table_is_seen_label_free():
    assert all(allowed_tables("label-free", tested) == () for tested in (None, *PLAN))


@pytest.mark.parametrize("tested", [None, "nasbench_macro", "nasbench21"])
def test_a_kind_that_holds_something_out_needs_to_know_what(tested):
    with pytest.raises(ValueError, match=f"tested={tested!r}.*nasbench201"):
        allowed_tables("cross-space", tested)


def test_an_unknown_kind_is_named():
    with pytest.raises(ValueError, match="'cross-world'; known: label-free"):
        allowed_tables("cross-world", NB201)


# what `allowed_tables` answers is tested above for every kind; here, that the builders ask it
@pytest.mark.parametrize(
    ("kind", "tested", "table", "allowed"),
    [
        ("label-free", None, NB101, False),
        ("label-free", None, "nasbench_macro", False),  # of the development set, and yet no label is seen
        ("cross-space", NB201, NB101, True),
        ("cross-space", NB201, TRANSNAS, False),  # a closely related space
        ("cross-space", GRAPH, "nasbench_nlp", True),  # of the development set
        ("cross-task", NB201, TRANSNAS, True),
        ("cross-task", NB201, NB201, False),
        ("cross-task", NB201, ANALOG, False),  # another benchmark over the same cells
    ],
)
def test_a_table_is_built_exactly_where_it_is_allowed(toy, kind, tested, table, allowed):
    config = TasksConfig(kind=kind, tested=tested, spaces=ONE_SPACE, tables={table: 1})
    if allowed:
        assert build_source(config, 0).sources[-1]["table"] == "toy"
    else:
        with pytest.raises(ValueError, match=f"may not see.*{table}"):
            build_source(config, 0)


@pytest.mark.parametrize(
    ("kind", "tested", "table", "allowed"),
    [
        ("label-free", None, "nasbench_macro", True),  # of the development set
        ("label-free", None, NB101, False),
        ("cross-space", TRANSNAS, NB101, True),
        ("cross-task", TRANSNAS, TRANSNAS, False),
    ],
)
def test_a_checkpoint_is_chosen_by_allowed_tables_or_the_development_set(toy, kind, tested, table, allowed):
    config = TasksConfig(kind=kind, tested=tested, spaces=ONE_SPACE, validation=[table])
    if allowed:
        assert build_validation(config, 0).sources[0]["table"] == "toy"
    else:
        with pytest.raises(ValueError, match=f"may not be chosen by.*{table}"):
            build_validation(config, 0)


def test_label_free_sources_have_no_label():
    source = build_source(TasksConfig(spaces={TRANSNAS: 0.5, "random": 0.5}), 0)
    assert [s["cells"] for s in source.sources] == [TRANSNAS, "random"]
    assert all(s["labels"] is None and "metric" not in s and "sha256" not in s for s in source.sources)


def test_label_free_checkpoints_are_chosen_without_labels():
    source = build_validation(TasksConfig(spaces=ONE_SPACE), 0)
    assert [s["labels"] for s in source.sources] == [None]


def test_a_space_with_no_share_is_no_source():
    source = build_source(TasksConfig(spaces={TRANSNAS: 1.0, "nasbench_graph": 0.0}), 0)
    assert [s["cells"] for s in source.sources] == [TRANSNAS]


def test_no_space_at_all_is_refused():
    with pytest.raises(ValueError, match="no space to draw prior tasks from"):
        build_source(TasksConfig(spaces={TRANSNAS: 0.0}), 0)


def test_prior_and_measured_tasks_have_their_shares(toy):
    config = TasksConfig(
        kind="cross-task",
        tested=NB201,
        spaces={TRANSNAS: 3.0, "random": 1.0},
        tables={GRAPH: 1, TRANSNAS: 1},
        prior_share=0.6,
    )
    source = build_source(config, 0)
    assert isinstance(source, TaskMixture)
    assert source.weights.tolist() == pytest.approx([0.45, 0.15, 0.2, 0.2])


def test_a_mixture_draws_each_part_as_often_as_it_weighs():
    graph = pool(TRANSNAS, 0)[:1]

    class Constant:
        def __init__(self, value):
            self.value, self.sources = value, [{"value": value}]

        def draw(self, n, rng):
            return Task(graph, np.array([self.value]), np.zeros((1, 0)))

    mixture = TaskMixture([Constant(0.0), Constant(1.0)], [3.0, 1.0])
    drawn = [mixture.draw(1, np.random.default_rng(i)).score[0] for i in range(2000)]
    assert np.mean(drawn) == pytest.approx(0.25, abs=0.03)
    assert mixture.sources == [{"value": 0}, {"value": 1}]


def test_a_mixture_needs_a_weight_for_each_part():
    with pytest.raises(ValueError, match="1 sources of tasks but 2 weights"):
        TaskMixture([PriorTasks("few", pool(TRANSNAS, 0), PriorConfig())], [1.0, 2.0])


def test_every_metric_of_a_table_is_a_source(toy):
    assert [s["metric"] for s in measured_tasks(toy, TasksConfig().measured).sources] == list(toy.metrics)


def test_a_pool_holds_each_pruned_cell_once():
    graphs = pool(TRANSNAS, 0)
    fingerprint = graphs.pruned.fingerprint()
    assert len(np.unique(fingerprint)) == len(graphs)
    assert len(graphs) == len(np.unique(get_space(TRANSNAS).arrays().pruned().fingerprint()))


def test_a_large_space_gives_a_sample(monkeypatch):
    monkeypatch.setattr(sources, "MOST_CELLS", 100)
    one, same, other = (pool(TRANSNAS, seed).pruned.fingerprint().tolist() for seed in (0, 0, 1))
    assert len(one) <= 100 < MOST_CELLS
    assert one == same != other


def test_random_cells_to_validate_on_are_others_than_those_to_learn_from():
    one, other = (set(pool("random", seed).pruned.fingerprint().tolist()) for seed in (0, 1_000_003))
    assert len(one & other) < 0.1 * len(one)


def test_every_tested_benchmark_and_kind_is_a_known_one():
    assert set(PLAN) | set(DEVELOPMENT) | set(HELD_OUT) == set(BENCHMARKS)
    assert not set(PLAN) & set(HELD_OUT)
    assert KINDS == ("label-free", "cross-space", "cross-task", "everything")
