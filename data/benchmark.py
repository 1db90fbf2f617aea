"""From a benchmark's name to its table: gather the source files, then open the cache or build it anew.

Knows no benchmark: each defines in a `Benchmark` which files it reads and how they become a `Table`. Source files are
of three kinds: those inside installed packages (found through the package's metadata, never by importing the package,
because importing may unpickle), those of the manifest (`data.fetch`), and those of this repository.

A cached table has a key made of everything that determines it: the sha256 of every available source, the loader's own
code and the file format. So a changed or new source means another cache file; a damaged one is built again.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path

import metanp.blocks
import metanp.genotypes
import metanp.spaces
from data.fetch import FileUnavailable, cache_folder, fetch, manifest, sha256_of
from data.parquet import FORMAT
from data.table import Source, Table

KEPT = 4  # cached tables of one benchmark: with and without mirror, and a few older ones


@dataclass(frozen=True)
class Input:
    """One available source file: its path, its name in the descriptions of columns, and the sha256 of its bytes."""

    path: Path
    source: str
    sha256: str

    def column(self, name: str) -> Source:
        """The column `name` of this file, as a metric's last three fields."""
        return Source(self.source, self.sha256, name)


Inputs = Mapping[str, Input]


@dataclass(frozen=True)
class Benchmark:
    """How a benchmark is read.

    Args:
        name: as given to `data.load_benchmark`.
        build: available source files -> table.
        packaged: own name of a file -> (distribution, path inside it).
        own: own name of a file -> where it lies in this repository.
        needed: files of the manifest without which there is no table.
        wanted: files of the manifest that only add columns -> names of these.
    """

    name: str
    build: Callable[[Inputs], Table]
    packaged: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    own: Mapping[str, Path] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def load(benchmark: Benchmark, download: bool = False) -> Table:
    """The benchmark's table, from the cache where it is current. Arguments and errors as `data.load_benchmark`."""
    inputs, missing = gather(benchmark, download)
    path = cache_path(benchmark, inputs)
    absent = {column: file for file in missing for column in benchmark.wanted[file]}
    try:
        return replace(Table.open(path), missing=missing, absent=absent)
    except FileNotFoundError:
        pass
    except ValueError:  # damaged: never trusted
        path.unlink(missing_ok=True)
    table = replace(benchmark.build(inputs), missing=missing, absent=absent)
    try:
        table.save(path)
        _forget_old(benchmark.name, path.parent)
    except OSError as error:
        warnings.warn(f"{path}: the table could not be cached ({error}); set METANP_CACHE", stacklevel=2)
    return table


def gather(benchmark: Benchmark, download: bool = False) -> tuple[dict[str, Input], dict[str, str]]:
    """Available source files, and for the others, why they are missing."""
    inputs = {name: _packaged(*where) for name, where in benchmark.packaged.items()}
    inputs |= {name: _own(benchmark.name, name, path) for name, path in benchmark.own.items()}
    missing: dict[str, str] = {}
    for name in (*benchmark.needed, *benchmark.wanted):
        file = manifest()[name]
        try:
            inputs[name] = Input(fetch(file, download), name, file.sha256)
        except FileUnavailable as error:
            missing[name] = str(error)
    if needed := [why for name, why in missing.items() if name in benchmark.needed]:
        raise FileUnavailable(f"{benchmark.name} cannot be read without {'; '.join(needed)}")
    return inputs, missing


def cache_path(benchmark: Benchmark, inputs: Inputs) -> Path:
    """The path of the table made of exactly these inputs by exactly this code."""
    digest = hashlib.sha256(f"{FORMAT}".encode())
    for name, source in sorted(inputs.items()):
        digest.update(f"{name} {source.source} {source.sha256}\n".encode())
    for code in _code():
        digest.update(code.read_bytes())
    return cache_folder() / "tables" / f"{benchmark.name}-{digest.hexdigest()[:16]}.parquet"


def _forget_old(name: str, folder: Path) -> None:
    """Keep the newest few tables of a benchmark, so that the cache does not grow as sources and code change."""
    with contextlib.suppress(FileNotFoundError):  # another process is tidying up too
        newest_first = sorted(folder.glob(f"{name}-*.parquet"), key=lambda path: -path.stat().st_mtime_ns)
        for path in newest_first[KEPT:]:
            path.unlink()


def _code() -> Iterator[Path]:
    """The Python files that determine the table: how sources and cells are read."""
    yield from sorted(Path(__file__).parent.glob("*.py"))
    yield from sorted(Path(inspect.getfile(metanp.spaces)).parent.glob("*.py"))
    yield from (Path(inspect.getfile(form)) for form in (metanp.blocks, metanp.genotypes))


def _own(benchmark: str, name: str, path: Path) -> Input:
    if not path.is_file():
        raise FileUnavailable(f"{path}: {benchmark} has no table yet; make it with python -m scripts.make_{benchmark}")
    return Input(path, name, sha256_of(path))


def _packaged(distribution: str, path: str) -> Input:
    try:
        package = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        raise FileUnavailable(f"the package {distribution} is not installed; pip install 'metanp[research]'") from None
    file = Path(str(package.locate_file(path)))
    if not file.is_file():
        raise FileUnavailable(f"{file}: {distribution} {package.version} does not bring this file; reinstall it")
    return Input(file, f"{distribution}=={package.version}", sha256_of(file))
