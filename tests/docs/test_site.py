"""The site builds without a warning, opens from the disk, and has every public name, command and key."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import typer
import yaml

from metanp.cli import app
from scripts.command import CONFIGS
from scripts.site import notebooks, public, repository, settings
from scripts.site.spacing import spaced
from tests.conftest import ROOT


class Links(HTMLParser):
    """Every address that a page loads or links, and the anchors that it has."""

    def __init__(self, text: str):
        super().__init__()
        self.loaded: list[str] = []
        self.linked: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag in ("script", "img", "iframe", "source") and "src" in given:
            self.loaded.append(given["src"])
        if tag == "link" and "href" in given:
            self.loaded.append(given["href"])
        if tag == "a" and "href" in given:
            self.linked.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[str, Links]:
    """Every page by its place, with its links."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    pages = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.html") if path.name != "404.html"}
    found = {place: Links(path.read_text(encoding="utf-8")) for place, path in pages.items()}
    for place, page in found.items():
        page.loaded = [str((folder / place).parent / one) if _is_here(one) else one for one in page.loaded]
    return found


def _is_here(address: str) -> bool:
    return not urlsplit(address).scheme and not address.startswith("//")


def test_nothing_is_loaded_from_the_network_and_everything_that_is_loaded_is_there(site):
    for place, page in site.items():
        for address in page.loaded:
            assert Path(unquote(urlsplit(address).path)).is_file(), f"{place} loads {address}"


def test_a_link_leads_to_a_page_and_an_anchor_that_are_there(site):
    for place, page in site.items():
        for address in filter(_is_here, page.linked):
            path = (
                os.path.normpath(Path(place).parent / unquote(urlsplit(address).path))
                if urlsplit(address).path
                else place
            )
            assert not path.startswith(".."), f"{place} links {address}, which is outside of the site"
            if path in site and (anchor := urlsplit(address).fragment):
                assert unquote(anchor) in site[path].anchors | {"__toc"}, f"{place} links {address}"


def test_every_public_name_command_and_key_has_its_place(site):
    for module in public.PUBLIC:
        anchors = site[public.place(module).replace(".md", ".html")].anchors
        assert {f"{module}.{name}" for name in public.names(module)} <= anchors, module
    commands = site["reference/command-line.html"].anchors
    search = typer.main.get_command(app).commands["search"]
    assert {f"metanp-search-{name}" for name in search.commands} <= commands
    keys = site["reference/configuration.html"].anchors
    assert {f"scripts{path.stem}" for path in CONFIGS.glob("*.yaml")} <= {anchor.replace(".", "") for anchor in keys}


def test_every_page_of_the_docs_is_in_the_navigation():
    def places(part):
        if isinstance(part, str):
            yield part
        for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from places(one)

    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    written = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert written <= set(places(config["nav"]))


@pytest.mark.parametrize(
    ("page", "link", "mended"),
    [
        ("using.md", "[a](../metanp/checkpoints/README.md)", "[a](repository/metanp/checkpoints/README.md)"),
        ("guides/index.md", "[a](../../CONTRIBUTING.md#x)", "[a](../repository/CONTRIBUTING.md#x)"),
        ("repository/CHANGELOG.md", "[a](docs/spaces.md)", "[a](../spaces.md)"),
        ("tutorials/index.md", "[a](../../notebooks/quickstart.ipynb)", "[a](../notebooks/quickstart.md)"),
        ("using.md", "[a](search.md#b) ![c](pictures/d.svg)", "[a](search.md#b) ![c](pictures/d.svg)"),
        ("using.md", "[notebooks](../notebooks)", "notebooks"),
        ("using.md", "[a](https://keepachangelog.com/en/1.1.0/)", "[a](https://keepachangelog.com/en/1.1.0/)"),
    ],
)
def test_a_link_that_leads_somewhere_in_the_repository_does_so_in_the_site(page, link, mended):
    assert repository.mended(link, page) == mended


def test_files_that_pages_link_are_copied():
    found = repository.linked(ROOT)
    assert {"CONTRIBUTING.md", "metanp/checkpoints/README.md", "examples/slurm_search.sh"} <= set(found)
    assert not any(path.startswith("docs/") or path.endswith(".ipynb") for path in found)


def test_lists_and_tables_begin_after_an_empty_line_and_fences_stay_as_they_are():
    assert (
        spaced("text\n- one\n  more\n- two\ntext\n| a |\n|---|") == "text\n\n- one\n  more\n- two\ntext\n\n| a |\n|---|"
    )
    assert spaced("```\ntext\n- one\n```\n- two") == "```\ntext\n- one\n```\n\n- two"


def test_a_notebook_is_a_page_with_its_code_and_what_it_showed():
    text = notebooks.page(ROOT / "notebooks" / "quickstart.ipynb")
    assert text.startswith("# Rank candidates from 60 evaluated cells\n")
    assert text.count('<div class="output">') == 4  # a cell, a table, two plots
    assert "```text\nbest of the 60: " in text
    assert not re.search(r"<div class=\"output\">.*\n.*</div>", text)


def test_a_key_has_its_default_and_what_its_comment_or_docstring_says_of_it():
    from scripts.proxies import Config
    from scripts.train import Config as Training

    keys = {key.name: key for key in settings.keys(Config)}
    assert (keys["side"].default, keys["side"].meaning) == (
        "`0`",
        "pixels they are resized to; 0 leaves them as they are",
    )
    assert keys["pool"].default == "required"
    assert {key.name: key.meaning for key in settings.keys(Training)}["threads"] == "0 leaves torch's own choice"
