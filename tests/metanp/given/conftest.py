"""A model that was fitted once for all tests of what callers hand over."""

import pytest

from metanp import MetaNP
from metanp.baselines.trees import RandomForest
from tests.evaluated_cells import CONTEXT, SCORE
from tests.tiny_model import write_checkpoint


@pytest.fixture
def few_trees(monkeypatch):
    """Forests of ten trees: how cells and numbers are read does not depend on how many."""
    monkeypatch.setattr(RandomForest, "settings", {**RandomForest.settings, "n_estimators": 10})


@pytest.fixture(scope="session")
def fitted(tmp_path_factory) -> MetaNP:
    return MetaNP(write_checkpoint(tmp_path_factory.mktemp("c") / "tiny.safetensors")).fit(CONTEXT, SCORE)
