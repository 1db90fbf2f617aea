"""Files of the manifest: found in a mirror or the cache, or downloaded, and never used before their sha256 is checked.

Knows no benchmark. `data/manifest.json` names each file with its url, sha256, size, licence and citation. A file is
searched in this order:

1. in the folder that the environment variable METANP_MIRROR names, laid out as host/path (`https://` cut off); a file
   there is used in place. Derived tables, which have no url, are expected in `derived/` beside that folder, or in
   another folder there that the manifest names;
2. in the cache folder (METANP_CACHE, else the user's cache folder), laid out alike;
3. at its url, only when the caller asks for a download (pooch, with retries and a progress bar).
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import platformdirs
from requests import RequestException
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

with warnings.catch_warnings():
    # of pooch's progress bar, in a notebook without ipywidgets; another one is used here
    warnings.filterwarnings("ignore", message="IProgress not found")
    import pooch

RETRIES = 3


@dataclass(frozen=True)
class File:
    """One file of the manifest. `url` is None for a derived table, which cannot be downloaded.

    beside: a folder beside the mirror where the file may stand as `name`, whether it has a url or not.
    """

    name: str
    url: str | None
    sha256: str
    bytes: int
    licence: str
    citation: str
    beside: str = ""

    @property
    def place(self) -> Path:
        """Its path below a mirror: host/path, or ../derived/name."""
        return Path(self.url.split("://", 1)[1]) if self.url else self.place_beside

    @property
    def place_beside(self) -> Path:
        """Where it stands beside a mirror."""
        return Path("..", self.beside or "derived", self.name)


class FileUnavailable(FileNotFoundError):
    """A file of the manifest is in neither mirror nor cache, and was not, or could not be, downloaded."""


@cache
def manifest() -> dict[str, File]:
    """Every file that this project reads beyond those of its packages, by name."""
    entries = json.loads((Path(__file__).parent / "manifest.json").read_text(encoding="utf-8"))
    return {entry["name"]: File(**entry) for entry in entries}


def cache_folder() -> Path:
    """METANP_CACHE, else the user's cache folder."""
    return Path(os.environ.get("METANP_CACHE") or platformdirs.user_cache_dir("metanp"))


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Hexadecimal sha256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch(file: File, download: bool = False, retries: int = RETRIES) -> Path:
    """Path of a checked copy of `file`.

    Args:
        download: whether the network may be used.
        retries: further attempts after a failed one.

    Raises:
        FileUnavailable: not found; says where it was searched and the remedy.
        ValueError: a mirror or the server has bytes other than the manifest's sha256; nothing of them is kept.
    """
    if (path := _in_mirror(file)) or (path := _in_cache(file)):
        return path
    if file.url is None:
        folder = file.beside or "derived"
        raise FileUnavailable(f"{file.name}: a derived table, expected in {folder}/ beside the folder METANP_MIRROR")
    if not download:
        raise FileUnavailable(
            f"{file.name}: not in METANP_MIRROR ({os.environ.get('METANP_MIRROR') or 'not set'}) nor in "
            f"{cache_folder()}; allow its download ({file.bytes / 1e6:.1f} MB) with download=True"
        )
    return _download(file, file.url, retries)


def _in_mirror(file: File) -> Path | None:
    mirror = os.environ.get("METANP_MIRROR")
    places = (file.place, file.place_beside) if file.beside else (file.place,)
    path = next((path for place in places if mirror and (path := Path(mirror) / place).is_file()), None)
    if path is None:
        return None
    _check(file, path, f"replace it by a fresh copy of {file.url or 'the derived table'}")
    return path


def _in_cache(file: File) -> Path | None:
    path = _downloads() / file.place
    if file.url is None or not path.is_file():
        return None
    if sha256_of(path) != file.sha256:  # damaged on disk: never trusted, never kept
        path.unlink()
        return None
    return path


def _downloads() -> Path:
    return cache_folder() / "downloads"


def _check(file: File, path: Path, remedy: str) -> None:
    if (found := sha256_of(path)) != file.sha256:
        raise ValueError(f"{path}: wrong sha256; expected {file.sha256}, found {found}; {remedy}")


def _download(file: File, url: str, retries: int) -> Path:
    name = file.place.as_posix()
    store = pooch.create(_downloads(), base_url="", registry={name: f"sha256:{file.sha256}"}, urls={name: url})
    store.retry_if_failed = retries
    try:
        return Path(store.fetch(name, downloader=_Checked(file)))
    except (RequestException, OSError) as error:
        remedy = f"check the network, or put the file into METANP_MIRROR as {name}"
        raise FileUnavailable(f"{file.name}: could not download {url} ({error}); {remedy}") from error


class _Checked:
    """A pooch downloader with a progress bar that checks the bytes before pooch moves the file into place."""

    def __init__(self, file: File):
        self.file = file

    def __call__(self, url: str, output: str, store: pooch.Pooch) -> None:
        with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()) as bars:
            bar = _Bar(bars, self.file)
            pooch.HTTPDownloader(progressbar=bar, chunk_size=65_536)(url, output, store)
        found = sha256_of(output)
        if found != self.file.sha256:
            raise ValueError(
                f"{self.file.name}: {url} gave other bytes: expected sha256 {self.file.sha256}, found {found}; nothing "
                f"was kept; try again, or put a good copy into METANP_MIRROR as {self.file.place.as_posix()}"
            )


class _Bar:
    """A progress bar of rich with the interface that pooch expects."""

    def __init__(self, bars: Progress, file: File):
        self.bars, self.total = bars, file.bytes
        self.task: Any = bars.add_task(file.name, total=file.bytes)

    def update(self, n: int) -> None:
        self.bars.update(self.task, advance=n)

    def reset(self) -> None:
        self.bars.reset(self.task, total=self.total or None)

    def close(self) -> None:
        self.bars.refresh()
