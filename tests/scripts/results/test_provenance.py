"""Digests change when a number could change, and only then."""

import sys
from pathlib import Path

import numpy as np
import pytest

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.operations import Operation
from scripts.leaderboards.judging import Setting
from scripts.results import provenance
from scripts.results.provenance import code_digest, data_digest, settings_digest
from tests.evaluated_cells import CELLS


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of three modules: one imports another inside a function, which imports a third."""
    folder = tmp_path / "metanp"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "first.py").write_text('"""Says."""\n\ndef f():\n    from metanp.second import g\n    return g()\n')
    (folder / "second.py").write_text("import metanp.third\n\ndef g():\n    return metanp.third.h\n")
    (folder / "third.py").write_text("h = 1\n")
    (folder / "apart.py").write_text("x = 1\n")
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    forget()
    yield folder
    forget()


def forget() -> None:
    provenance._imports.cache_clear()
    provenance._statements.cache_clear()


def digest_after(path: Path, text: str) -> str:
    path.write_text(text)
    forget()
    return code_digest("metanp.first")


def test_a_code_digest_depends_on_all_direct_and_indirect_imports(project):
    before = code_digest("metanp.first")
    assert digest_after(project / "third.py", "h = 2\n") != before
    assert digest_after(project / "third.py", "h = 1\n") == before


def test_a_code_digest_ignores_comments_docstrings_layout_and_other_modules(project):
    before = code_digest("metanp.first")
    assert digest_after(project / "third.py", '"""A new docstring."""\n\n# and a comment\nh = (1)\n') == before
    assert digest_after(project / "apart.py", "x = 2\n") == before


def test_every_predictors_digest_depends_on_the_judging_code_and_not_on_other_predictors():
    forget()
    found = {}
    for module in ("metanp.baselines.gates", "metanp.baselines.trees", "metanp.predictor"):
        seen, waiting = set(), [module, "scripts.leaderboards.judging"]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting += provenance._imports(name)
        found[module] = seen
    assert all({"metanp.metrics", "metanp.cell_array"} <= seen for seen in found.values())
    assert "metanp.baselines.graph_networks" in found["metanp.baselines.gates"]
    assert "metanp.baselines.graph_networks" not in found["metanp.baselines.trees"]
    assert "metanp.baselines.base" not in found["metanp.predictor"]
    assert "torch" in sys.modules  # what is not of this project is not followed
    assert not any(name.startswith("torch") for seen in found.values() for name in seen)


def test_a_settings_digest_does_not_depend_on_the_order_of_keys():
    assert (
        settings_digest({"a": 1, "b": [2]})
        == settings_digest({"b": [2], "a": 1})
        != settings_digest({"a": 1, "b": [3]})
    )


def digest(setting: Setting) -> str:
    return data_digest(setting.cells, {"": setting.score, **setting.scored, **setting.features})


def test_a_data_digest_depends_on_every_shown_and_scored_number():
    cells, score = CellArray.from_cells(CELLS[:4]), np.arange(4.0)
    same = [Setting(cells, score, scored={"x": score + 1}, features={"f": score}) for _ in range(2)]
    others = [
        Setting(cells, score + 1, scored={"x": score + 1}, features={"f": score}),
        Setting(cells, score, scored={"x": score}, features={"f": score}),
        Setting(cells, score, scored={"x": score + 1}, features={"f": -score}),
        Setting(cells, score, scored={"y": score + 1}, features={"f": score}),
        Setting(cells[::-1], score, scored={"x": score + 1}, features={"f": score}),
    ]
    digests = [digest(setting) for setting in [*same, *others]]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 6


def test_parameters_and_described_operations_are_part_of_the_data():
    def of(expansion, depth):
        block = Operation("mbconv", "inverted bottleneck", expansion=expansion)
        cell = Cell(["input", block, "output"], [(0, 1), (1, 2)], {"depth": depth})
        return data_digest(CellArray.from_cells([cell]), {"": np.zeros(1)})

    assert of(3, 2) == of(3, 2)
    assert len({of(3, 2), of(6, 2), of(3, 4)}) == 3
