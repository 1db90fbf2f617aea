"""Bare environments: a Python, the wheel, what it requires and nothing else; then the first things that a user does.

Versions of what it requires are those that were tested (constraints.txt), the lowest that the wheel accepts, or the
newest that pip finds. PyTorch is installed first and alone, so that no other requirement chooses its build.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.release.files import lowest, wheel_of
from scripts.release.steps import CannotRun, StepFailed, call

TESTED, LOWEST, NEWEST = "tested", "lowest", "newest"
EXTRAS = ("plot", "curves", "optuna")  # tried at both ends; those of a clone are for those who develop it
# what the tests of both ends need beside the library
TESTERS = ("beartype", "hypothesis", "pandas", "pyarrow", "pytest", "pytest-timeout")
TESTS = (
    "tests/metanp/neural_process",
    "tests/metanp/test_checkpoint.py",
    "tests/metanp/test_predictor.py",
    "tests/metanp/plot",
    "tests/test_compatibility.py",
)
ABSENT = ("No matching distribution found", "Could not find a version", "Failed to establish a new connection")
SMOKE = Path(__file__).with_name("smoke.py")


@dataclass(frozen=True)
class Environment:
    """A version of Python, such as 3.12, and which versions of everything else."""

    python: str
    versions: str

    @property
    def title(self) -> str:
        return f"Python {self.python}, {self.versions} versions"


def wanted(pythons: Sequence[str]) -> list[Environment]:
    """Each Python with what was tested; the lowest versions on the first, the newest on the last."""
    tested = [Environment(python, TESTED) for python in pythons]
    return [*tested, Environment(pythons[0], LOWEST), Environment(pythons[-1], NEWEST)]


def interpreter(version: str) -> Path:
    """A Python of this version.

    Raises:
        CannotRun: there is none.
    """
    for path in _candidates(version):
        program = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
        try:
            done = subprocess.run([path, "-c", program], capture_output=True, text=True, timeout=60)
        except OSError:
            continue
        if done.returncode == 0 and done.stdout.strip() == version:
            return path
    raise CannotRun(f"no Python {version} on this machine")


def _candidates(version: str) -> Iterator[Path]:
    if ".".join(map(str, sys.version_info[:2])) == version:
        yield Path(sys.executable)
    if found := shutil.which(f"python{version}"):
        yield Path(found)
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(kept.glob(f"{version}.*/bin/python"), reverse=True)


def check(one: Environment, root: Path, dist: Path, folder: Path) -> str:
    """Install the wheel in an environment of its own, and use it; the environment is removed afterwards.

    Raises:
        StepFailed: it does not install, or does not do what it should.
        CannotRun: no such Python, or pip does not find a version that is asked for.
    """
    python, wheel = interpreter(one.python), wheel_of(dist)
    home = folder / f"{one.python}-{one.versions}"
    try:
        call([python, "-m", "venv", home / "venv"], folder)
        inside = home / "venv" / "bin" / "python"
        _install(one, inside, root, wheel)
        said = _use(inside, home)
        if one.versions != TESTED:
            said += f"; {_test(inside, root)}"
        return said
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _install(one: Environment, python: Path, root: Path, wheel: Path) -> None:
    if one.versions == TESTED:
        _pip(python, ["--constraint", root / "constraints.txt", "torch"])
        _pip(python, ["--constraint", root / "constraints.txt", wheel])
        return
    pins = lowest(wheel, EXTRAS) if one.versions == LOWEST else []
    torch = next((pin for pin in pins if pin.startswith("torch==")), "torch")
    numpy = [pin for pin in pins if pin.startswith("numpy==")]
    _pip(python, [torch, *numpy])
    _pip(python, [f"{wheel}[{','.join(EXTRAS)}]", *pins, *TESTERS])


def _pip(python: Path, what: Sequence[str | Path]) -> None:
    try:
        call([python, "-m", "pip", "install", "--quiet", "--no-compile", *what], python.parent)
    except StepFailed as error:
        if missing := next((line for line in str(error).splitlines() if any(text in line for text in ABSENT)), None):
            raise CannotRun(missing.strip()) from None
        raise


def _use(python: Path, home: Path) -> str:
    """Run the smoke test in an empty folder; say which versions were used."""
    empty = home / "empty"
    empty.mkdir()
    env = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    env.pop("PYTHONPATH", None)
    found = json.loads(call([python, SMOKE], empty, env).splitlines()[-1])
    if not Path(found.pop("file")).is_relative_to(home):
        raise StepFailed(f"metanp was not imported from {home}")
    return ", ".join(f"{name} {version}" for name, version in found.items())


def _test(python: Path, root: Path) -> str:
    """Run some tests of the library, with the files of the repository."""
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    # pyproject.toml has -q already: with another one there is no last line that counts
    options = ("-p", "no:cacheprovider", "-m", "not slow and not gpu")
    return call([python, "-m", "pytest", *options, *TESTS], root, env).strip().splitlines()[-1]
