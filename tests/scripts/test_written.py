"""The report on written cells, on a small table of latencies."""

import json
from types import SimpleNamespace

import numpy as np

from metanp.spaces import get_space
from scripts import written


def test_a_cost_of_written_places_is_predicted_better_with_them(monkeypatch, capsys):
    cells = get_space("nasbench201").arrays()[np.random.default_rng(0).permutation(15625)[:400]]
    each = np.random.default_rng(1).uniform(0, 1, size=(cells.operation.shape[1], 100))
    cost = each[np.arange(len(each)), np.maximum(cells.operation, 0)].sum(1)
    monkeypatch.setattr(written, "load_benchmark", lambda *_: SimpleNamespace(cells=cells, mean=lambda device: cost))
    monkeypatch.setattr(written, "DEVICES", ("one",))
    monkeypatch.setattr(written, "LABELS", (60,))
    written.main(sets=2, as_json=True)
    tau = {(row["predictor"], row["written"]): row["tau"] for row in json.loads(capsys.readouterr().out)}
    assert len(tau) == 2 * (1 + len(written.RIVALS))
    assert tau["MetaNP", True] > tau["MetaNP", False] + 0.1
    written.main(sets=2)
    assert "MetaNP, written cells" in capsys.readouterr().out
