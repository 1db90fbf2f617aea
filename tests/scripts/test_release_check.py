"""The check of a release: a wrong text, a wrong file, a missing bound is named; what cannot run says why."""

import json
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest
import typer

from scripts import release_check
from scripts.release import environments, files, texts
from scripts.release.environments import LOWEST, NEWEST, TESTED, Environment
from scripts.release.steps import CannotRun, Outcome, StepFailed, attempt, call
from tests.conftest import ROOT

CHANGES = "# Changelog\n\n## [Unreleased]\n{}\n## [1.2.0]{}\n\n### Added\n- A thing.\n"


@pytest.fixture
def project(tmp_path) -> Path:
    """A small project whose texts agree, in a repository with one commit."""
    (tmp_path / "metanp").mkdir()
    (tmp_path / "metanp" / "__init__.py").write_text('__version__ = "1.2.0"\n')
    (tmp_path / "CITATION.cff").write_text("version: 1.2.0\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGES.format("", " - 2026-01-02"))
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.invalid")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "first")):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    return tmp_path


# --- texts ---


def test_texts_that_agree_pass(project):
    assert texts.citation(project) == "CITATION.cff is of 1.2.0"
    assert texts.changelog(project, final=True) == "CHANGELOG.md has 1.2.0 of 2026-01-02"
    assert texts.tree(project, final=True).startswith("commit ")


def test_the_texts_of_this_project_agree():
    assert texts.citation(ROOT)
    assert texts.changelog(ROOT, final=False)
    assert release_check.pythons(ROOT) == ["3.11", "3.12", "3.13"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("CITATION.cff", "version: 1.1.0\n", "CITATION.cff is of version 1.1.0, the package of 1.2.0"),
        ("metanp/__init__.py", "", "has 0 lines of __version__"),
        ("CHANGELOG.md", "## [1.2.0] - 2026-01-02\n", r"no '## \[Unreleased\]'"),
        ("CHANGELOG.md", "## [Unreleased]\n", r"no '## \[1.2.0\] - YYYY-MM-DD'"),
        ("CHANGELOG.md", CHANGES.format("", ""), r"'## \[1.2.0\]' in CHANGELOG.md has no date"),
        ("CHANGELOG.md", CHANGES.format("- One.\n- Two.\n", " - 2026-01-02"), "2 changes are unreleased"),
        ("new.txt", "x", "files differ from the last commit"),
    ],
)
def test_a_text_that_does_not_fit_the_version_fails_before_an_upload(project, file, text, message):
    (project / file).write_text(text)
    with pytest.raises(StepFailed, match=message):
        texts.citation(project) and texts.changelog(project, final=True) and texts.tree(project, final=True)


def test_a_version_with_a_tag_is_not_published_again(project):
    subprocess.run(["git", "tag", "v1.2.0"], cwd=project, check=True)
    with pytest.raises(StepFailed, match=r"the tag v1.2.0 is there already"):
        texts.tree(project, final=True)


# --- files ---


def built(folder: Path, *names: str, requires: tuple[str, ...] = (), sdist: tuple[str, ...] = ()) -> Path:
    """A wheel and an sdist of version 1.2.0 with these files."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "metanp-1.2.0-py3-none-any.whl", "w") as wheel:
        for name in names:
            wheel.writestr(name, "")
        lines = "".join(f"Requires-Dist: {text}\n" for text in requires)
        wheel.writestr("metanp-1.2.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: metanp\n{lines}")
    with tarfile.open(folder / "metanp-1.2.0.tar.gz", "w:gz") as packed:
        for name in sdist:
            packed.addfile(tarfile.TarInfo(f"metanp-1.2.0/{name}"))
    return folder


SDIST = ("LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff")


def test_a_wheel_with_the_library_and_nothing_else_passes(project, tmp_path):
    dist = built(tmp_path / "dist", "metanp/__init__.py", sdist=SDIST)
    assert files.contents(project, dist) == "1 files of the library, nothing else"


@pytest.mark.parametrize(
    ("names", "sdist", "message"),
    [
        (("metanp/__init__.py", "tests/a.py"), SDIST, "the wheel holds tests/a.py"),
        ((), SDIST, r"the wheel lacks metanp/__init__.py \(1 files\)"),
        (("metanp/__init__.py",), SDIST[1:], "the sdist lacks LICENSE"),
    ],
)
def test_a_file_too_many_or_too_few_is_named(project, tmp_path, names, sdist, message):
    with pytest.raises(StepFailed, match=message):
        files.contents(project, built(tmp_path / "dist", *names, sdist=sdist))


def test_files_of_another_version_fail(project, tmp_path):
    dist = built(tmp_path / "dist", "metanp/__init__.py", sdist=SDIST)
    (project / "metanp" / "__init__.py").write_text('__version__ = "1.3.0"\n')
    with pytest.raises(StepFailed, match=r"are not of version 1\.3\.0"):
        files.contents(project, dist)


def test_the_lowest_versions_are_those_of_the_bounds_and_of_the_extras_asked_for(tmp_path):
    requires = ("torch>=2.4", "numpy<3,>=1.26", "matplotlib>=3.9; extra == 'plot'", "ray>=2; extra == 'cluster'")
    dist = built(tmp_path / "dist", requires=requires)
    assert files.lowest(files.wheel_of(dist), ("plot",)) == ["torch==2.4", "numpy==1.26", "matplotlib==3.9"]


def test_a_requirement_without_a_lower_bound_fails(tmp_path):
    dist = built(tmp_path / "dist", requires=("torch",))
    with pytest.raises(StepFailed, match="requires 'torch' without a lower bound"):
        files.lowest(files.wheel_of(dist), ())


# --- environments ---


def test_every_python_is_tried_with_what_was_tested_and_the_ends_with_both_ends():
    assert environments.wanted(["3.11", "3.13"]) == [
        Environment("3.11", TESTED),
        Environment("3.13", TESTED),
        Environment("3.11", LOWEST),
        Environment("3.13", NEWEST),
    ]


def test_a_python_that_is_not_there_is_said():
    with pytest.raises(CannotRun, match=r"no Python 3\.99 on this machine"):
        environments.interpreter("3.99")


@pytest.mark.parametrize(
    ("program", "error"),
    [
        ("print('ERROR: No matching distribution found for torch==9'); raise SystemExit(1)", CannotRun),
        ("print('ERROR: ResolutionImpossible'); raise SystemExit(1)", StepFailed),
    ],
)
def test_a_version_that_pip_does_not_find_cannot_be_tried_and_a_conflict_fails(tmp_path, program, error):
    pip = tmp_path / "python"
    pip.write_text(f"#!/usr/bin/env python3\n{program}\n")
    pip.chmod(0o755)
    with pytest.raises(error, match="ERROR: "):
        environments._pip(pip, ["torch==9"])


# --- steps ---


def test_a_step_passes_fails_or_says_why_it_could_not_run(tmp_path):
    def raising(error):
        def work():
            raise error

        return work

    ends = [attempt("s", work) for work in (lambda: "fine", raising(StepFailed("bad")), raising(CannotRun("no disk")))]
    assert [(one.state, one.said) for one in ends] == [("passed", "fine"), ("failed", "bad"), ("not run", "no disk")]


def test_a_command_that_fails_is_shown_with_its_last_lines(tmp_path):
    with pytest.raises(StepFailed, match=r"(?s)python3 -c .* ended with status 3:\nwhy"):
        call(["python3", "-c", "print('why'); raise SystemExit(3)"], tmp_path)


@pytest.mark.parametrize(("state", "status"), [("passed", 0), ("not run", 0), ("failed", 1)])
def test_the_status_is_1_only_where_a_step_failed_and_json_has_all_of_it(monkeypatch, capsys, state, status):
    monkeypatch.setattr(release_check, "run", lambda steps, only: iter([Outcome("build", state, "so", 1.5)]))
    with pytest.raises(typer.Exit) as ended:
        release_check.main(as_json=True)
    assert ended.value.exit_code == status
    said = json.loads(capsys.readouterr().out)
    assert said["steps"] == [{"step": "build", "state": state, "said": "so", "seconds": 1.5}]
    assert said["sound"] == (status == 0)


def test_a_mistyped_step_is_answered_with_the_nearest(capsys):
    with pytest.raises(SystemExit):
        release_check.main(only=["descripton"])
    assert "no step 'descripton'; nearest: description" in capsys.readouterr().err
