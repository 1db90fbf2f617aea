"""Official archives that users already have, as tables: one function recognises each and converts it.

    nasbench101      nasbench_only108.tfrecord, nasbench_full.tfrecord
    nats_bench       the folder NATS-tss-v1_0-3ffb9-simple
    nasbench201_pth  NAS-Bench-201-v1_1-096897.pth

Neither TensorFlow nor torch is needed, no pickle runs unrestricted, and memory does not grow with an archive beyond the
numbers that are kept. Command: `python -m scripts.convert_archive PATH`.
"""

import os
from collections.abc import Callable
from pathlib import Path

from data.archives import nasbench101, nasbench201_pth, nats_bench, tfrecord
from data.archives.archive import ArchiveError, Progress, silent
from data.table import Table

CONVERTERS: dict[str, Callable[[str | os.PathLike[str], Progress], Table]] = {
    "nasbench101": nasbench101.convert,
    "nats_bench": nats_bench.convert,
    "nasbench201_pth": nasbench201_pth.convert,
}
KNOWN = "nasbench_*.tfrecord, the folder NATS-tss-v1_0-3ffb9-simple, or NAS-Bench-201-v1_1-096897.pth"
_TAR = (257, b"ustar")  # position and text of a tar file's magic

__all__ = ["CONVERTERS", "ArchiveError", "Progress", "convert", "recognise"]


def recognise(path: str | os.PathLike[str]) -> str:
    """Which of `CONVERTERS` reads the archive at `path`, by its content, or by its name where that is damaged.

    Raises:
        ArchiveError: absent, or of no known kind; says what to give instead.
    """
    path = Path(path)
    if path.is_dir():
        if (path / nats_bench.META).is_file():
            return "nats_bench"
        raise ArchiveError(path, f"a folder without {nats_bench.META}", KNOWN, "give the unpacked folder itself")
    if not path.is_file():
        raise ArchiveError(path, "no such file or folder", KNOWN, "check the path")
    with open(path, "rb") as file:
        head = file.read(512)
    if tfrecord.starts_as_tfrecord(head) or path.suffix == ".tfrecord":
        return "nasbench101"
    if head.startswith((nasbench201_pth.ZIP_MAGIC, nasbench201_pth.LEGACY_MAGIC)) or path.suffix == ".pth":
        return "nasbench201_pth"
    remedy = "check that this is the file you meant"
    if path.name.endswith(".tar") or head[_TAR[0] :].startswith(_TAR[1]):
        remedy = "unpack it (tar xf) and give the folder"
    elif head.startswith(b"BZh"):
        remedy = "of NATS-Bench, give the folder whose name ends in -simple, not a single file"
    raise ArchiveError(path, f"begins with {head[:8]!r}", KNOWN, remedy)


def convert(path: str | os.PathLike[str], progress: Progress = silent) -> Table:
    """The archive at `path` as a table.

    Args:
        progress: called from time to time with (done, total).

    Raises:
        ArchiveError: absent, cut short, damaged or foreign; names the file, what was expected and the remedy.
        ForbiddenGlobal: a pickle names a function or class that data does not need; nothing of it was called.
    """
    return CONVERTERS[recognise(path)](path, progress)
