"""A model that was fitted once for all tests of what callers hand over."""

import pytest

from metanp import MetaNP
from tests.evaluated_cells import CONTEXT, SCORE
from tests.tiny_model import write_checkpoint


@pytest.fixture(scope="module")
def fitted(tmp_path_factory) -> MetaNP:
    return MetaNP(write_checkpoint(tmp_path_factory.mktemp("c") / "tiny.safetensors")).fit(CONTEXT, SCORE)
