"""The files of a release: an sdist, a wheel built from it, and what is in them."""

from __future__ import annotations

import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement

from scripts.release.steps import CannotRun, StepFailed, call
from scripts.release.texts import version_of

LARGEST = 10_000_000  # bytes of either file


def build(root: Path, folder: Path) -> str:
    """Build both into a folder, the wheel from the sdist, in an environment that has what the build asks for."""
    _needs("build", root)
    call([sys.executable, "-m", "build", "--outdir", folder, root], root)
    sizes = [f"{path.name}, {path.stat().st_size / 1e6:.1f} MB" for path in sorted(folder.iterdir())]
    if large := [path.name for path in folder.iterdir() if path.stat().st_size > LARGEST]:
        raise StepFailed(f"{large[0]} has more than {LARGEST / 1e6:g} MB: {sizes}; what got into it?")
    return "; ".join(sizes)


def describe(root: Path, folder: Path) -> str:
    """Check that the description can be shown by a package index."""
    _needs("twine", root)
    call([sys.executable, "-m", "twine", "check", "--strict", *_built(folder)], root)
    return "twine check --strict"


def contents(root: Path, folder: Path) -> str:
    """Check names, version and what both files hold."""
    version, (sdist, wheel) = version_of(root), _built(folder)
    if wheel.name != f"metanp-{version}-py3-none-any.whl" or sdist.name != f"metanp-{version}.tar.gz":
        raise StepFailed(f"{wheel.name} and {sdist.name} are not of version {version}")
    with zipfile.ZipFile(wheel) as file:
        inside = {name for name in file.namelist() if ".dist-info/" not in name}
    if foreign := sorted(name for name in inside if not name.startswith("metanp/")):
        raise StepFailed(f"the wheel holds {foreign[0]}, which is not of the library")
    ours = {path.relative_to(root).as_posix() for path in (root / "metanp").rglob("*") if path.is_file()}
    ours = {name for name in ours if "__pycache__" not in name}
    if missing := sorted(ours - inside):
        raise StepFailed(
            f"the wheel lacks {missing[0]} ({len(missing)} files); see [tool.hatch.build] of pyproject.toml"
        )
    with tarfile.open(sdist) as packed:
        texts = {Path(name).name for name in packed.getnames()}
    if absent := {"LICENSE", "README.md", "CHANGELOG.md", "CITATION.cff"} - texts:
        raise StepFailed(f"the sdist lacks {sorted(absent)[0]}")
    return f"{len(inside)} files of the library, nothing else"


def wheel_of(folder: Path) -> Path:
    """The wheel that was built."""
    return _built(folder)[1]


def lowest(wheel: Path, extras: tuple[str, ...]) -> list[str]:
    """What the wheel requires, at the lowest version that it accepts: `name==version`.

    Raises:
        StepFailed: a requirement without a lower bound.
    """
    with zipfile.ZipFile(wheel) as file:
        name = next(name for name in file.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(file.read(name).decode())
    pins = []
    for text in metadata.get_all("Requires-Dist", []):
        one = Requirement(text)
        if one.name == "metanp" or not _is_wanted(one, extras):
            continue
        bounds = [spec.version for spec in one.specifier if spec.operator in (">=", "==", "~=")]
        if not bounds:
            raise StepFailed(f"pyproject.toml requires {text!r} without a lower bound; give the lowest that works")
        pins.append(f"{one.name}=={bounds[0]}")
    return pins


def _is_wanted(one: Requirement, extras: tuple[str, ...]) -> bool:
    return one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)


def _built(folder: Path) -> tuple[Path, Path]:
    sdists, wheels = sorted(folder.glob("*.tar.gz")), sorted(folder.glob("*.whl"))
    if not sdists or not wheels:
        raise CannotRun("nothing was built")
    return sdists[-1], wheels[-1]


def _needs(module: str, root: Path) -> None:
    try:
        call([sys.executable, "-m", module, "--version"], root)
    except StepFailed:
        raise CannotRun(f"{module} is not installed: pip install -e '.[release]'") from None
