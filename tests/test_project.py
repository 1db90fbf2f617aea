"""One version, one licence and one list of what changed: the files at the top agree with the package."""

import re
import subprocess
import sys
import tomllib

import yaml
from hatchling.builders.wheel import WheelBuilder

import metanp
from tests import medium
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_version_stands_in_the_package_alone_and_the_build_reads_it_there():
    assert "version" in PROJECT["dynamic"]
    assert "version" not in PROJECT
    assert WheelBuilder(str(ROOT)).metadata.version == metanp.__version__


def test_the_citation_is_of_this_version_and_has_what_the_format_asks_for():
    """Citation File Format 1.2.0: what is required of the file, of an entity, of a person and of a reference."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["cff-version"] == "1.2.0"
    assert (cited["version"], cited["license"]) == (metanp.__version__, PROJECT["license"])
    assert {"message", "title", "abstract", "authors"} <= set(cited)
    assert cited["authors"] == [{"name": "The MetaNP developers"}]
    (idea,) = cited["references"]
    assert {"type", "title", "authors"} <= set(idea)
    assert [author["family-names"] for author in idea["authors"]] == ["Deng", "Xiao"]
    assert idea["identifiers"][0]["value"] == "arXiv:2605.09290"
    assert all({"type", "value"} <= set(identifier) for identifier in idea["identifiers"])


def test_the_changelog_has_this_version_and_what_comes_next():
    heads = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert heads[0] == "Unreleased"
    assert metanp.__version__ in heads


def test_the_readme_links_them_and_every_file_that_it_links_is_there():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name} links {link}"
    text = (ROOT / "README.md").read_text()
    assert all(f"({name})" in text for name in ("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md"))


def test_the_files_that_a_recipe_names_are_there():
    """Those that are written out whole; `<name>` stands for the new one's."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for place in re.findall(r"`((?:metanp|data|tasks|scripts|configs|tests)/[^`<]*)`", text):
        assert (ROOT / place).exists(), place


def test_the_version_is_there_without_what_takes_long_to_import():
    program = "import metanp, sys; print(metanp.__version__, {'torch', 'scipy', 'yaml'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == f"{metanp.__version__} set()"


def test_every_line_of_the_slow_tests_begins_the_name_of_one_that_is_there():
    for line in (ROOT / "tests" / "slow.txt").read_text().splitlines():
        if not line.startswith("#"):
            path, _, name = line.partition("::")
            assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text(), line


def test_the_cases_of_a_test_are_measured_together():
    seconds = {"a.py::one[1]": 0.2, "a.py::one[2]": 0.2, "a.py::two": 0.2, "b.py::one": 0.4}
    assert medium.longer(seconds) == ["a.py::one", "b.py::one"]


def test_an_extra_that_holds_another_names_it_and_repeats_none_of_it():
    """`demo` is what the demo imports, `research` adds to it, `dev` adds what tests and checks need."""
    extras = PROJECT["optional-dependencies"]
    assert extras["research"][0] == "metanp[demo]"
    assert not {*extras["demo"]} & {*extras["research"]}
    assert not any(line.startswith(("ray", "submitit", "wandb", "pytest")) for line in extras["demo"])


def test_the_short_tests_and_all_tests_are_what_the_makefile_says():
    text = (ROOT / "Makefile").read_text()
    assert '-m "not slow and not gpu and not medium"' in text
    assert '".[demo]"' in text
    assert '".[research,dev]"' in text
