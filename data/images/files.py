"""Files of images: those to download, by `data/images/manifest.json`, and subsets that lie beside the mirror."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from data.fetch import File, FileUnavailable, fetch, sha256_of


@cache
def manifest() -> dict[str, File]:
    """Every file of images, by name; one without an address is a subset."""
    entries = json.loads((Path(__file__).parent / "manifest.json").read_text(encoding="utf-8"))
    return {entry["name"]: File(**entry) for entry in entries}


def image_file(name: str, download: bool = False) -> Path:
    """Path of a checked copy of a file of the manifest.

    Raises:
        FileUnavailable: not to be had; says what to do.
        ValueError: other bytes than the manifest promises.
    """
    file = manifest()[name]
    return fetch(file, download) if file.url else _subset(file)


def _subset(file: File) -> Path:
    """In `more/images/` beside the folder that METANP_MIRROR names."""
    mirror = os.environ.get("METANP_MIRROR")
    path = Path(mirror) / ".." / "more" / "images" / file.name if mirror else None
    if path is None or not path.is_file():
        official = "fashion_mnist" if "fashion" in file.name else "cifar10"
        raise FileUnavailable(
            f"{file.name}: a subset, expected in more/images/ beside the folder METANP_MIRROR; or take the whole data "
            f"set, {official}, with download=True"
        )
    if (found := sha256_of(path)) != file.sha256:
        raise ValueError(f"{path}: wrong sha256; expected {file.sha256}, found {found}; replace it by a fresh copy")
    return path
