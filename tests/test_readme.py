"""The first lines of the README run as they stand, wherever the wheel is installed."""

import re
import subprocess
import sys

from tests.conftest import ROOT
from tests.only_the_library import only_the_library


def blocks(section: str) -> list[str]:
    """The Python blocks of one section of the README."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^## {section}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    assert found, section
    return re.findall(r"^```python\n(.*?)^```", found[1], re.MULTILINE | re.DOTALL)


def test_the_blocks_on_ranking_run_one_after_the_other_in_an_empty_folder(tmp_path):
    env = only_the_library(tmp_path / "installed")
    (tmp_path / "empty").mkdir()
    program = "\n".join(blocks("Rank architectures"))
    assert "chosen = model.shortlist(" in program
    assert "ranking = model.rank(" in program
    program += "\nprint(len(chosen), min(example.candidate_accuracy[one.index].max() for one in (chosen, ranking)))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path / "empty", env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    n, best = done.stdout.splitlines()[-1].split()
    assert int(n) == 10
    assert float(best) > 91  # of 500, whose best is 91.4


def test_the_readme_stays_one_page():
    assert len((ROOT / "README.md").read_bytes()) < 8000
