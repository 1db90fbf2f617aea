"""Is this a release? `python -m scripts.release_check [--final] [--only build] [--json]`

Checks the texts (version, citation, changes), builds sdist and wheel, checks both, and installs the wheel in bare
environments: each supported Python with the versions of constraints.txt; the lowest versions that it accepts, PyTorch's
among them; the newest that pip finds. There it does what a user does first. At both ends it runs tests as well.

A step that this machine cannot run says why. The status is 1 where a step failed. Nothing is uploaded: CONTRIBUTING.md
says how. Pythons are looked for on the path and among pyenv's. PyTorch's builds for GPUs need about 6 GB of disk an
environment, each of which is removed after use.
"""

from __future__ import annotations

import json
import re
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from metanp.nearest import nearest
from scripts.command import ROOT, one_line
from scripts.release import environments, files, texts
from scripts.release.steps import FAILED, NOT_RUN, PASSED, Outcome, attempt

PLAIN = Console(highlight=False, markup=False, soft_wrap=True)
MARKS = {PASSED: "ok", FAILED: "FAILED", NOT_RUN: "not run"}


def pythons(root: Path) -> list[str]:
    """The versions of Python that pyproject.toml says are supported, the lowest first."""
    lines = tomllib.loads((root / "pyproject.toml").read_text())["project"]["classifiers"]
    found = [match[1] for line in lines if (match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", line))]
    return sorted(found, key=lambda version: int(version.partition(".")[2]))


def steps(root: Path, work: Path, final: bool) -> dict[str, Callable[[], str]]:
    """By name, in order; later ones use what earlier ones built."""
    dist = work / "dist"
    found: dict[str, Callable[[], str]] = {
        "citation": partial(texts.citation, root),
        "changelog": partial(texts.changelog, root, final),
        "tree": partial(texts.tree, root, final),
        "build": partial(files.build, root, dist),
        "description": partial(files.describe, root, dist),
        "contents": partial(files.contents, root, dist),
    }
    for one in environments.wanted(pythons(root)):
        found[f"{one.python}-{one.versions}"] = partial(environments.check, one, root, dist, work)
    return found


def run(work: dict[str, Callable[[], str]], only: list[str]) -> Iterator[Outcome]:
    """Run steps, all without `only`; the build always, as others need it.

    Raises:
        ValueError: no such step; names the nearest.
    """
    for name in only:
        if name not in work:
            raise ValueError(f"no step {name!r}; {nearest(name, work)}")
    for name, step in work.items():
        if not only or name in only or name == "build":
            yield attempt(name, step)


def main(
    final: Annotated[bool, typer.Option(help="as before an upload: nothing unreleased, nothing uncommitted")] = False,
    only: Annotated[list[str] | None, typer.Option(help="a step; may be repeated")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    keep: Annotated[Path | None, typer.Option(help="folder for the built files; else they are removed")] = None,
) -> None:
    """Check everything that a release needs."""
    with one_line("release_check"), tempfile.TemporaryDirectory(prefix="metanp-release-") as folder:
        outcomes = []
        for outcome in run(steps(ROOT, Path(folder), final), only or []):
            outcomes.append(outcome)
            if not as_json:
                PLAIN.print(f"{MARKS[outcome.state]:8}{outcome.step:15}{outcome.seconds:7.1f} s  {outcome.said}")
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            for path in (Path(folder) / "dist").glob("*"):
                (keep / path.name).write_bytes(path.read_bytes())
    failed = any(outcome.state == FAILED for outcome in outcomes)
    if as_json:
        print(json.dumps({"version": texts.version_of(ROOT), "sound": not failed, "steps": [*map(asdict, outcomes)]}))
    raise typer.Exit(int(failed))


if __name__ == "__main__":
    typer.run(main)
