"""The texts of a release agree: the version in the package, the citation and the list of changes.

The version is written once, in `metanp/__init__.py`; the build reads it there.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import yaml

from scripts.release.steps import StepFailed

HEAD = re.compile(r"^## \[(?P<name>.+?)\](?: - (?P<date>\d{4}-\d\d-\d\d))?\n(?P<text>.*?)(?=^## \[|\Z)", re.M | re.S)


def version_of(root: Path) -> str:
    """The version as the package has it."""
    found = re.findall(r'^__version__ = "(.+)"$', (root / "metanp" / "__init__.py").read_text(), re.M)
    if len(found) != 1:
        raise StepFailed(f"metanp/__init__.py has {len(found)} lines of __version__; one is needed")
    return str(found[0])


def citation(root: Path) -> str:
    """Check CITATION.cff."""
    cited, version = yaml.safe_load((root / "CITATION.cff").read_text())["version"], version_of(root)
    if str(cited) != version:
        raise StepFailed(f"CITATION.cff is of version {cited}, the package of {version}; write {version} there")
    return f"CITATION.cff is of {version}"


def changelog(root: Path, final: bool) -> str:
    """Check CHANGELOG.md.

    Args:
        final: nothing may be unreleased any more.
    """
    version = version_of(root)
    sections = {found["name"]: found for found in HEAD.finditer((root / "CHANGELOG.md").read_text())}
    if "Unreleased" not in sections:
        raise StepFailed("CHANGELOG.md has no '## [Unreleased]'; later changes need it, empty or not")
    if version not in sections:
        raise StepFailed(f"CHANGELOG.md has no '## [{version}] - YYYY-MM-DD'; move what is unreleased there")
    if not sections[version]["date"]:
        raise StepFailed(f"'## [{version}]' in CHANGELOG.md has no date; write ' - YYYY-MM-DD' behind it")
    waiting = len(re.findall(r"^- ", sections["Unreleased"]["text"], re.M))
    if waiting and final:
        raise StepFailed(f"{waiting} changes are unreleased: raise the version, and move them below its head")
    said = f"CHANGELOG.md has {version} of {sections[version]['date']}"
    return said + (f"; {waiting} changes are unreleased, which --final refuses" if waiting else "")


def tree(root: Path, final: bool) -> str:
    """Check that what is built is what is committed, and that the version has no tag yet."""
    changed = _git(root, "status", "--porcelain")
    if changed and final:
        raise StepFailed(f"files differ from the last commit:\n{changed}\ncommit them first")
    version = version_of(root)
    if final and _git(root, "tag", "--list", f"v{version}"):
        raise StepFailed(f"the tag v{version} is there already: a version is published once; raise it")
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    return f"commit {commit}" + (", with changes that are not committed, which --final refuses" if changed else "")


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise StepFailed(f"git {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout.strip()
