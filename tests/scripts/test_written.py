"""The report on latencies, on a small table."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import typer

from metanp.spaces import get_space
from scripts import written


@pytest.fixture
def one_device(monkeypatch) -> None:
    cells = get_space("nasbench201").arrays()[np.random.default_rng(0).permutation(15625)[:400]]
    each = np.random.default_rng(1).uniform(0, 1, size=(cells.operation.shape[1], 100))
    cost = each[np.arange(len(each)), np.maximum(cells.operation, 0)].sum(1)
    table = SimpleNamespace(cells=cells, mean=lambda device: cost, metrics=["one_latency"])
    monkeypatch.setattr(written, "load_benchmark", lambda *_: table)
    monkeypatch.setattr(written, "DEVICES", ("one",))
    monkeypatch.setattr(written, "LABELS", (60,))


def test_rivals_are_shown_cells_alone_and_as_they_are_written(one_device, capsys):
    written.main(sets=2, as_json=True)
    rows = json.loads(capsys.readouterr().out)
    tau = {(row["predictor"], row["set"]): row["tau"] for row in rows}
    assert len(rows) == len(tau) == 2 * (1 + 2 * len(written.RIVALS))
    assert tau["MetaNP", 0] > 0.8
    assert tau["XGBoost, written cells", 0] > tau["XGBoost", 0]
    written.main(sets=2)
    out = capsys.readouterr().out
    assert "written cells" in out
    assert sum(map(int, out.split("ahead-level-behind")[1].split()[1].strip("│").split("-"))) == 1


def test_an_unknown_device_is_named(one_device, capsys):
    with pytest.raises((SystemExit, typer.Exit)):
        written.main(device=["abacus"])
    assert "abacus" in capsys.readouterr().err
