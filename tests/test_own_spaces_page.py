"""The page on search spaces of one's own, on the command line and in a package; its blocks run in `tests/docs`."""

import json
import re
import tomllib

import pytest

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "spaces.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_space_of_the_first_block_is_searched_on_the_command_line(metanp, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_space.py").write_text(BLOCKS[0].split("\n\n\n")[0])
    (command,) = re.findall(r"^metanp search (--space my_space.*) run ", PAGE, re.MULTILINE)
    status, out, err = metanp("search", *command.split(), "--strategy", "random", "ask", "--as", "text")
    assert status == 0, err
    assert set(json.loads(out)) == {"depth", "width", "kernel"}


def test_the_entry_point_is_of_the_group_that_is_looked_for():
    (block,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert list(tomllib.loads(block)["project"]["entry-points"]) == ["metanp.spaces"]


@pytest.mark.parametrize("page", ["README.md", "docs/own-space.md", "docs/search.md"])
def test_other_pages_link_it(page):
    assert "spaces.md)" in (ROOT / page).read_text(encoding="utf-8")
