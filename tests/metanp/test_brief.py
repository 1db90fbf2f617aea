"""Whatever a notebook shows of an object fits on a screen, however large the object is."""

import dataclasses
import importlib
import inspect
import pkgutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

import metanp
from data.table import Metric, Source, Table
from metanp import Cell, CellArray, MetaNP, examples
from metanp.baselines import Baseline
from metanp.brief import LONGEST, brief, called, clipped, counted, listed, short
from metanp.json_lines import Records
from metanp.search import STRATEGIES, Best, Evaluated, Failed, History, Listed, Open, Pick, Search, Suggestion, make
from metanp.side import Side
from metanp.spaces import SPACES
from tests.evaluated_cells import CELLS, CONTEXT, SCORE
from tests.tiny_model import tiny_config, write_checkpoint

MOST = 500  # characters
LONG = "<b>" * 5000
MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(metanp.__path__, "metanp.")
    if not found.name.endswith("__main__")
]


def chain(n: int) -> Cell:
    return Cell(["input", *["conv3x3"] * (n - 2), "output"], [(i, i + 1) for i in range(n - 1)])


def classes() -> list[type]:
    found = {c for module in MODULES for _, c in inspect.getmembers(module, inspect.isclass)}
    own = [c for c in found if c.__module__.startswith("metanp.")]
    return sorted(own, key=lambda c: (c.__module__, c.__qualname__))


# --- how values are written ---


def test_values_are_short():
    assert short(np.zeros((3, 4))) == "float64[3, 4]"
    assert short(torch.zeros(2, 5)) == "float32[2, 5]"
    assert short(np.float64(3)) == "np.float64(3.0)"
    assert short((1, "a")) == "(1, 'a')"
    assert short((1,)) == "(1,)"
    assert short({"a": [1.5]}) == "{'a': [1.5]}"
    assert short(range(3)) == "range(0, 3)"
    assert short(list(range(1000))) == "<list of 1,000>"
    assert short(len) == "<len>"
    assert short(True) == "True"
    assert len(short(LONG)) <= 80
    assert len(short({"key": LONG, "other": [LONG] * 3})) <= 80
    assert short(10**5000) == "a huge number"
    assert clipped("two\nlines") == "two lines"
    assert counted(1, "cell") == "1 cell"
    assert counted(15625, "cell") == "15,625 cells"
    assert counted(10**20, "cell") == "1.0e+20 cells"
    assert counted(10**5000, "cell") == "countless cells"
    assert listed(["a", "b"]) == "a, b"
    assert listed(["long" * 10] * 20, 100).endswith("... 18 more")


def test_a_dataclass_of_arrays_says_their_shapes():
    assert brief(Side(("flops",), np.zeros((4, 1)))) == "Side(names=('flops',), values=float64[4, 1])"
    assert len(called(LONG, **{f"name{i}": LONG for i in range(100)})) <= LONGEST


# --- cells ---


def test_the_repr_of_a_cell_of_a_benchmark_makes_the_cell_anew():
    assert repr(chain(3)) == "Cell(['input', 'conv3x3', 'output'], [(0, 1), (1, 2)])"
    of_spaces = [space.sample(np.random.default_rng(0)) for space in SPACES.values()]
    assert all(len(repr(cell)) <= LONGEST for cell in of_spaces)
    of_words = [cell for cell in of_spaces if len(cell) <= 12 and not cell.parameters]
    assert len(of_words) >= 5
    for cell in [*CELLS[:20], *of_words]:
        assert eval(repr(cell)) == cell
        assert len(repr(cell)) <= LONGEST


def test_a_large_cell_is_summed_up():
    assert repr(chain(2000)) == "<Cell of 2,000 nodes and 1,999 edges: 1,998 conv3x3, 1 input, 1 output>"


# --- all that is public ---


def test_no_class_of_the_library_writes_whole_arrays():
    """A dataclass that holds anything large has a repr of its own."""
    large = (
        "ndarray",
        "Tensor",
        "Float",
        "Int",
        "Bool",
        "list[",
        "dict[",
        "tuple[",
        "Sequence",
        "Mapping",
        "Any",
        "Cell",
    )
    settings = ("Config", "Operation", "ModelConfig", "About", "Training", "Sizes", "Chain", "Picture")
    wrong = [
        f"{c.__module__}.{c.__qualname__}"
        for c in classes()
        if dataclasses.is_dataclass(c)
        and inspect.unwrap(c.__repr__).__code__.co_filename == "<string>"  # made by dataclass
        and any(word in str(field.type) for field in dataclasses.fields(c) for word in large)
        and not c.__name__.endswith(settings)
        and "command_line" not in c.__module__
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> MetaNP:
    checkpoint = write_checkpoint(tmp_path_factory.mktemp("a" * 200) / f"{'b' * 200}.safetensors")
    return MetaNP(checkpoint).fit(CONTEXT, SCORE, {f"feature {i} {LONG[:50]}": SCORE for i in range(50)})


def of_a_model(model: MetaNP) -> list[object]:
    cells = SPACES["nasbench201"].arrays()[:3000]
    pool = model.encode(cells, {f"feature {i} {LONG[:50]}": np.arange(3000.0) for i in range(50)})
    predicted = model.predict_distribution(pool)
    rankings = [model.rank(pool, k=10), model.rank(pool)]
    fit = model._fitted
    assert fit is not None
    return [
        model,
        pool,
        pool.side,
        pool.points,
        predicted,
        *rankings,
        cells,
        fit,
        fit.transform,
        *parts(fit.knowledge.views[0].state),
    ]


def parts(state: object) -> list[object]:
    """A state, and every dataclass within it."""
    inner = [getattr(state, field.name) for field in dataclasses.fields(state)]
    return [state, *(part for one in inner if dataclasses.is_dataclass(one) for part in parts(one))]


def of_a_search(tmp_path: Path) -> list[object]:
    search = Search(CELLS, "random", journal=tmp_path / ("j" * 200), features={LONG: np.arange(60.0)})
    search.ask(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            search.tell(CELLS[0], 1e300)
    search.tell(search.pending[0], Failed(LONG))
    history, candidates = search.history, search.candidates
    closed = Search(CELLS, "random")
    closed.close()
    note = {LONG: LONG, "other": [LONG] * 100}
    evaluated = Evaluated(chain(2000), tuple(np.arange(5000.0)), note)
    suggestion = Suggestion(chain(2000), 1.0, 1.0, 0.5, note)
    records = Records(Path(LONG), [1] * 999, [LONG] * 999, CELLS * 999, [1.0] * 999, {LONG: [], "b": []})
    options = candidates.options(history, np.random.default_rng(0))
    space = SPACES["nasbench101"]
    return [
        *(search, closed, history, History([evaluated] * 500), evaluated, suggestion, Best(chain(2000), 1.0, 3)),
        *(candidates, Listed(CELLS, SPACES["nasbench201"]), Open(space), Open(space, lambda cell: True), options),
        *(Pick(chain(2000), note), records, *SPACES.values(), *map(make, STRATEGIES.keys() - {"pareto"})),
        make("pareto", cost=len),
    ]


def of_the_rest() -> list[object]:
    cells = CellArray.from_cells([chain(700)] * 2)
    metric = Metric(LONG, LONG, "accuracy", "validation", 200, "percent", True, *Source(LONG, LONG, LONG))
    one = np.ones((2, 1))
    table = Table(LONG, None, cells, ["a", LONG], {LONG: metric}, {LONG: one})
    return [cells, table, examples.load(), chain(2000), chain(60), chain(2000).plot(), chain(2)]


def test_everything_public_fits_on_a_screen(fitted, tmp_path):
    objects = [*of_a_model(fitted), *of_a_search(tmp_path), *of_the_rest()]
    assert len(objects) > 50
    wrong = {type(one).__name__: len(repr(one)) for one in objects if len(repr(one)) >= MOST or "\n" in repr(one)}
    assert wrong == {}


@pytest.mark.parametrize("process", ["whitened_convcnp", "convcnp", "cnp", "attentive_cnp", "transformer_np"])
def test_what_each_process_keeps_of_a_context_fits_on_a_screen(tmp_path, process):
    model = MetaNP(write_checkpoint(tmp_path / "tiny.safetensors", config=tiny_config(process))).fit(CONTEXT, SCORE)
    assert model._fitted is not None
    for part in parts(model._fitted.knowledge.views[0].state):
        assert len(repr(part)) < MOST
        assert "tensor(" not in repr(part)


def test_every_baseline_and_what_it_reads_fits_on_a_screen():
    baselines = [c for c in classes() if issubclass(c, Baseline) and hasattr(c, "read") and hasattr(c, "about")]
    assert len(baselines) > 20
    for kind in baselines:
        one = kind("flops") if kind.__name__ == "Proxy" else kind()
        assert repr(one) == f"{kind.__name__}(seed=0)"
        inputs = one.encode(CELLS, {LONG: np.arange(60.0)} if "side features" in one.about.needs else None)
        assert len(repr(inputs)) < MOST
        assert all(len(repr(counts)) < MOST for counts in inputs.counts)


# --- what they say ---


def test_reprs_say_what_one_wants_to_know(tmp_path):
    model = MetaNP(write_checkpoint(tmp_path / "tiny.safetensors"))
    assert repr(model).startswith("MetaNP('/")
    model.checkpoint = "label-free"
    assert repr(model) == "MetaNP('label-free')"
    assert repr(model.fit([], [])) == "MetaNP('label-free', fitted on 0 cells)"
    assert repr(model.fit(CONTEXT, SCORE)) == "MetaNP('label-free', fitted on 12 cells)"
    pool = model.encode([*CELLS, *CELLS], {"flops": np.arange(120.0)})
    distinct = len({cell.key for cell in CELLS})
    assert repr(pool).startswith(f"Pool(120 cells, {distinct} distinct; features: flops; for '/")
    assert repr(CellArray.from_cells(CELLS)) == "CellArray(60 cells of up to 8 nodes)"
    assert repr(SPACES["nasbench201"]) == "<search space nasbench201: 15,625 cells>"
    search = Search(SPACES["nasbench201"], "random")
    search.tell(search.ask()[0], 93.1)
    assert repr(search) == "<Search of nasbench201: 1 evaluated, best 93.1, 0 pending, 0 failed; by random search>"
    assert repr(search.history) == "History(1 evaluated, best 93.1, 0 pending, 0 failed)"
    assert repr(search.candidates) == "Listed(15,625 cells of nasbench201)"


def test_the_repr_of_a_closed_search_says_so_instead_of_failing():
    search = Search(CELLS, "random")
    search.close()
    assert "closed" in repr(search)
