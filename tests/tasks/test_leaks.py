"""The two leaks: no target label reaches what a model is shown, no held-out label reaches a checkpoint.

The second is tested on the real script. Labels are overwritten in the Parquet files that the loader opens, in a cache
of its own; checkpoints are compared bit by bit, what chose the best among them included.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from data import cached_path, load_benchmark
from data.table import Table
from metanp.checkpoint import read_tensors
from metanp.graphs import Graphs
from metanp.model import Model, ModelConfig
from metanp.score_transform import ScoreTransform
from metanp.spaces import get_space
from scripts.meta_train import meta_train
from tasks import episodes
from tasks.episodes import EpisodeStream, collate, split
from tasks.measured import MeasuredTasks
from tasks.sources import build_source, build_validation
from tasks.task import Task
from tests.conftest import ROOT

TABLES = ("nasbench201", "nasbench_graph", "analog")  # what packages bring: always there
SMALL = [
    *(f"tasks.spaces.{name}=0" for name in ("nasbench201", "nasbench_graph", "random", "configurations", "chains")),
    "+tasks.spaces.transnas=1",
    "tasks.prior_share=0.25",
    "tasks.episodes.target_cells=16",
    "tasks.episodes.context_cells=[3,12]",
    "tasks.measured.bent=0",
    *(f"model.encoder.{size}" for size in ("width=8", "layers=1", "d_embed=8")),
    *(f"model.whitened.kernel.{size}" for size in ("heads=2", "embedding_heads=1", "directions=2", "forest_heads=0")),
    *(f"model.whitened.{size}" for size in ("maps=2", "points=6", "channels=4")),
    *("training.steps=3", "training.validate_every=2", "wandb=disabled", "workers=0", "threads=1"),
]


@pytest.mark.parametrize("n_context", [0, 1, 2, 12])
def test_no_target_label_reaches_what_is_shown(n_context):
    rng = np.random.default_rng(0)
    graphs = Graphs.distinct(get_space("transnas").arrays()[-200:])[0][np.arange(30)]
    score, side = rng.normal(90, 3, size=30), rng.normal(size=(30, 2))
    changed, other_side = score.copy(), side.copy()
    changed[n_context:] = rng.normal(-50, 40, size=30 - n_context)
    other_side[n_context:] = rng.normal(7, 9, size=(30 - n_context, 2))
    a, b = (split(Task(graphs, y, s), n_context, 4.0) for y, s in ((score, side), (changed, other_side)))
    assert a.value[:n_context].tobytes() == b.value[:n_context].tobytes()
    assert a.side[:n_context].tobytes() == b.side[:n_context].tobytes()
    assert a.value[n_context:].tobytes() != b.value[n_context:].tobytes()
    shown = ScoreTransform.fit(score[:n_context])  # the very transform that a user's context gets
    assert np.clip(shown.forward(score), -4, 4).tobytes() == a.value.tobytes()


def test_no_target_label_reaches_a_prediction():
    rng = np.random.default_rng(0)
    graphs = Graphs.distinct(get_space("transnas").arrays()[-200:])[0][np.arange(30)]
    score = rng.normal(90, 3, size=30)
    changed = np.concatenate([score[:10], rng.normal(0, 50, size=20)])
    torch.manual_seed(0)
    model = Model(ModelConfig()).eval()
    with torch.inference_mode():
        means = [
            model(collate([split(Task(graphs, y, np.zeros((30, 0))), 10, 4.0)])).moments()[0] for y in (score, changed)
        ]
    assert torch.equal(*means)


class Cache(NamedTuple):
    """A folder that METANP_CACHE may name, filled with tables; no downloaded file beside them."""

    folder: Path

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "METANP_MIRROR"}
        return {**kept, "METANP_CACHE": str(self.folder), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def tables() -> dict[str, Table]:
    """As packages bring them, but every eighth cell only, which is quicker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("METANP_MIRROR", raising=False)
        return {name: every_eighth(load_benchmark(name)) for name in TABLES}


def every_eighth(table: Table) -> Table:
    rows = np.arange(0, len(table), 8)
    return replace(
        table,
        cells=table.cells[rows],
        ids=[table.ids[row] for row in rows],
        scores={name: runs[rows] for name, runs in table.scores.items()},
        features={name: column[rows] for name, column in table.features.items()},
        classes=None if table.classes is None else table.classes[rows],
    )


def cache_with(folder: Path, tables: dict[str, Table]) -> Cache:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("METANP_MIRROR", raising=False)
        patch.setenv("METANP_CACHE", str(folder))
        for name, table in tables.items():
            table.save(cached_path(name))
    return Cache(folder)


def overwritten(table: Table, change: Callable[[np.ndarray], np.ndarray]) -> Table:
    """Every measured number of the table changed."""
    return replace(table, scores={name: change(runs) for name, runs in table.scores.items()})


def shuffled(runs: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).permutation(runs, axis=0) + 1.0


def train(cache: Cache, output: Path, *overrides: str) -> dict[str, str]:
    """Run the real script; the digest of each checkpoint, with what is said of it but time and commit."""
    command = [sys.executable, "-m", "scripts.meta_train", f"output={output}", *SMALL, *overrides]
    done = subprocess.run(command, cwd=ROOT, env=cache.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    digests = {}
    for name in ("last", "best"):
        tensors, card = read_tensors(output / f"{name}.safetensors")
        said = {key: value for key, value in card.items() if key not in ("seconds", "commit")}
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
        for key in sorted(tensors):
            digest.update(key.encode() + tensors[key].numpy().tobytes())
        digests[name] = digest.hexdigest()
    return digests


CROSS_SPACE = (
    "tasks=cross_space_nasbench201",
    "tasks.tables={nasbench_graph:1,nasbench101:0,nasbench_macro:0,nasbench_nlp:0}",
    "tasks.validation=[nasbench_graph]",
)


def configuration(*overrides: str) -> Any:
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        return OmegaConf.to_object(compose("meta_train", [*SMALL, *overrides]))


def a_label_that_is_shown(table: Table, monkeypatch, *overrides: str) -> tuple[str, int]:
    """Column and row of a label that the first episodes of a training show to the model."""
    config = configuration(*overrides, "tasks.measured.mixed=0")
    columns, tasks = [], []
    column, whole = MeasuredTasks._column, episodes.split
    monkeypatch.setattr("tasks.sources.load_benchmark", lambda name: table)
    monkeypatch.setattr(
        MeasuredTasks, "_column", lambda self, name, rng: (columns.append(name), column(self, name, rng))[1]
    )
    monkeypatch.setattr(episodes, "split", lambda task, n, reach: (tasks.append((task, n)), whole(task, n, reach))[1])
    stream = EpisodeStream(build_source(config.tasks, 0), config.tasks.episodes, 0)
    for number in range(24):
        before = len(columns)
        stream[number]
        task, n_context = tasks[-1]
        if len(columns) > before and n_context >= 3:
            sign = 1 if table.metrics[columns[-1]].maximize else -1
            (rows,) = np.nonzero(table.values(columns[-1])[:, 0] == sign * task.score[0])
            if len(rows) == 1:
                return columns[-1], int(rows[0])
    raise AssertionError("no measured task among the episodes")


def test_no_held_out_label_changes_a_bit_and_one_allowed_label_does(tmp_path, tables, monkeypatch):
    overrides = (*CROSS_SPACE, "tasks.measured.mixed=0")
    plain = train(cache_with(tmp_path / "cache0", tables), tmp_path / "plain", *overrides)

    held_out = {name: overwritten(tables[name], shuffled) for name in ("nasbench201", "analog")}
    cache = cache_with(tmp_path / "cache1", {**tables, **held_out})
    assert train(cache, tmp_path / "held_out", *overrides) == plain

    graph = tables["nasbench_graph"]
    column, row = a_label_that_is_shown(graph, monkeypatch, *overrides)
    runs = graph.scores[column].copy()
    runs[row] += 1 + abs(runs[row])
    one = {"nasbench_graph": replace(graph, scores={**graph.scores, column: runs})}
    changed = train(cache_with(tmp_path / "cache2", {**tables, **one}), tmp_path / "one", *overrides)
    assert changed["last"] != plain["last"]
    assert changed["best"] != plain["best"]


def test_overwriting_on_disk_is_what_the_loader_then_reads(tmp_path, tables, monkeypatch):
    altered = {"analog": overwritten(tables["analog"], shuffled)}
    cache_with(tmp_path, altered)
    monkeypatch.delenv("METANP_MIRROR", raising=False)
    monkeypatch.setenv("METANP_CACHE", str(tmp_path))
    for name, runs in load_benchmark("analog").scores.items():
        assert runs.tobytes() == altered["analog"].scores[name].tobytes() != tables["analog"].scores[name].tobytes()


def test_a_checkpoint_says_which_columns_it_saw_as_their_loader_tells(tables, monkeypatch):
    monkeypatch.setattr("tasks.sources.load_benchmark", tables.__getitem__)
    config = configuration(*CROSS_SPACE).tasks
    seen = build_source(config, 0).sources
    assert seen[0]["cells"] == "transnas"
    assert seen[0]["labels"] is None
    graph = tables["nasbench_graph"]
    assert [s["metric"] for s in seen[1:]] == list(graph.metrics)
    for source in (*seen[1:], *build_validation(config, 1).sources):
        metric = graph.metrics[source["metric"]]
        told = (source["table"], source["source"], source["sha256"], source["column"])
        assert told == ("nasbench_graph", metric.source, metric.sha256, metric.column)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "tested", "table", "held_out"),
    [
        ("label-free", "null", None, TABLES),
        ("cross-space", "nasbench_graph", "nasbench201", ("nasbench_graph", "analog")),
        ("cross-space", "analog", "nasbench_graph", ("nasbench201", "analog")),
        ("cross-task", "nasbench201", "nasbench_graph", ("nasbench201", "analog")),
        ("cross-task", "transnas", "nasbench201", ("analog",)),
    ],
)
def test_no_held_out_label_changes_a_bit_of_any_kind(tmp_path, tables, kind, tested, table, held_out):
    chosen = "" if table is None else f"{table}:1"
    overrides = (
        f"tasks.kind={kind}",
        f"tasks.tested={tested}",
        f"tasks.tables={{{chosen}}}",
        f"tasks.validation=[{table or ''}]",
        "tasks.measured.mixed=1",
    )
    plain = train(cache_with(tmp_path / "cache0", tables), tmp_path / "plain", *overrides)
    other = {name: overwritten(tables[name], shuffled) for name in held_out}
    assert train(cache_with(tmp_path / "cache1", {**tables, **other}), tmp_path / "held_out", *overrides) == plain
    if table is not None:
        seen = {table: overwritten(tables[table], shuffled)}
        changed = train(cache_with(tmp_path / "cache2", {**tables, **seen}), tmp_path / "seen", *overrides)
        assert changed["last"] != plain["last"]


@pytest.mark.parametrize(("what", "analog"), [("tables", "{analog:1}"), ("validation", "[analog]")])
def test_the_script_refuses_a_held_out_table(what, analog):
    absent = "tasks.tables={nasbench101:0,nasbench_macro:0,nasbench_nlp:0}"  # their files may not be here
    config = configuration("tasks=cross_space_nasbench201", absent, f"tasks.{what}={analog}")
    with pytest.raises(ValueError, match=r"may not (see|be chosen by).*analog"):
        meta_train(config)
