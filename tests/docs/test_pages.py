"""Whoever does what a page says gets what it says: every block of every page runs, in its order, in an empty folder."""

import importlib
import re
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from metanp.cli import app
from tests.conftest import ROOT
from tests.docs.given import GIVEN
from tests.docs.pages import LANGUAGES, Block, alike, blocks, follow

PAGES = {
    path.relative_to(ROOT).as_posix(): path for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
OTHERS = ("docs/gallery.md",)  # in the repository itself, by tests/scripts/test_gallery.py
RUN = [name for name, path in PAGES.items() if name not in OTHERS and any(block.is_run for block in blocks(path))]
LEARNING = ("tutorials", "guides")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to be in, from which Python imports; modules imported from it are forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize("name", RUN)
@pytest.mark.filterwarnings("ignore")
def test_every_block_runs(name, folder):
    given = GIVEN.get(name, dict)()
    names = follow(PAGES[name], given)
    check = CHECKS.get(name)
    if check is not None:
        check(names)


def _using(names):
    assert names["model"].rank(names["example"].candidates[:50], k=5, curves=names["started"]).index.size == 5


def _own_space(names):
    assert (names["best"]["activation"], names["best"]["width"]) == ("gelu", 128)


def _spaces(names):
    assert (names["best"]["depth"], names["best"]["width"]) == (3, 64)
    assert len(names["near"]) == 6
    assert len(names["chains"].history.evaluated) == 5


def _first_ranking(names):
    assert len(names["ranking"]) == 144 - 12


def _searching(names):
    assert names["best"].score > 90


CHECKS = {
    "docs/using.md": _using,
    "docs/own-space.md": _own_space,
    "docs/spaces.md": _spaces,
    "docs/tutorials/first-ranking.md": _first_ranking,
    "docs/tutorials/search.md": _searching,
}


def test_names_that_are_given_are_of_pages_that_use_them():
    for name, make in GIVEN.items():
        text = "".join(block.text for block in blocks(PAGES[name]) if block.is_run)
        assert all(re.search(rf"\b{word}\b", text) for word in make()), name


@pytest.mark.parametrize("name", PAGES)
def test_a_block_is_of_a_language_that_is_known_and_says_why_it_does_not_run(name):
    for block in blocks(PAGES[name]):
        assert block.language in LANGUAGES, f"{name}:{block.line}"
        if block.title and block.language in ("python", "bash"):
            assert block.is_file or block.title.startswith("not run: "), f"{name}:{block.line}"


@pytest.mark.parametrize("name", [name for name in PAGES if any(f"docs/{part}/" in name for part in LEARNING)])
def test_a_tutorial_or_guide_has_a_block_that_runs_or_is_a_list_of_them(name):
    assert name.endswith("/index.md") or name in RUN


def _lines(block_start: str) -> list[tuple[str, str]]:
    """(page, line) of every fenced line that begins so; a line that goes on after a backslash is one."""
    found = []
    for name, path in PAGES.items():
        for fence in re.findall(
            r"^```(?:bash)?\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            lines = fence.replace("\\\n", " ").splitlines()
            found += [(name, line.strip()) for line in lines if line.strip().startswith(block_start)]
    return found


@pytest.mark.parametrize(("name", "line"), _lines("metanp "))
def test_a_command_that_is_shown_has_the_options_that_it_is_shown_with(name, line):
    """Also where a block is a summary, with [brackets] and names of files that are not there."""
    line = re.sub(r'"[^"]*"|#.*', "", line)
    command, options = typer.main.get_command(app), set()
    for word in re.sub(r"[\[\]]", " ", line).split()[1:]:
        options |= {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        if word.startswith("-") and word != "-":
            assert word in {*options, "--help"}, f"{name}: {line}"
        elif word in getattr(command, "commands", {}):
            command = command.commands[word]
    assert command.name != "metanp" or "--" in line


@pytest.mark.parametrize(("name", "line"), _lines("pip install"))
def test_what_is_to_be_installed_is_this_package_with_extras_that_it_has(name, line):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.fullmatch(r"""pip install (?:-e )?["']?(?:metanp|\.)(?:\[([\w,]+)\])?["']?(?: +#.*)?""", line)
    assert named, f"{name}: {line}"
    assert set((named[1] or "research").split(",")) <= set(extras), f"{name}: {line}"


def _page(folder: Path, *texts: str) -> Path:
    page = folder / "page.md"
    page.write_text("\n\n".join(texts))
    return page


def test_blocks_run_in_one_namespace_files_are_written_and_outputs_compared(folder):
    page = _page(
        folder,
        '```python title="own.py"\nONE = 1\n```',
        "```python\nfrom own import ONE\nnumber = ONE + 0.001\n```",
        '```python title="not run: it would fail"\nraise ValueError\n```',
        "```bash\npip install nothing\ncat own.py\n```",
        "```text\nONE = 1\n```",
        "```python\nprint(f'{number} apples')\n```",
        "```text\n1.00 apples\n```",
    )
    assert follow(page, {})["number"] == 1.001
    assert [block.is_run for block in blocks(page)] == [False, True, False, True, False, True, False]
    assert blocks(page)[1] == Block("python", "", "from own import ONE\nnumber = ONE + 0.001\n", 5)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```python\n1 / 0\n```", ZeroDivisionError),
        ("```bash\nfalse | cat\ntrue\n```", AssertionError),
        ("```python\nprint(2)\n```\n\n```text\n3\n```", AssertionError),
    ],
)
def test_a_page_that_is_wrong_is_found(folder, text, error):
    with pytest.raises(error):
        follow(_page(folder, text), {})


def test_numbers_may_differ_a_little_and_words_may_not():
    assert alike("tau 0.71, 92 ± 1\n", "tau 0.72,  92 ± 1\n")
    assert not alike("tau 0.71", "tau 0.81")
    assert not alike("2 failed", "2 stopped")
    assert not alike("2", "2 3")
