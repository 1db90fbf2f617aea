"""NAS-Bench-201's `NAS-Bench-201-v1_1-096897.pth` as a `Table`, entry by entry.

`torch.save` of {"meta_archs", "total_archs", "arch2infos": {index: {"full": ..., "less": ...}}, "evaluated_indexes"},
with states of `ArchResults`: "less" is 12 epochs, "full" is 200. Loaded whole, it takes well over 20 GB. Here the
pickle is streamed (`data.archives.pickle_stream`): the dictionary of a training is reduced to a few numbers as soon as
it is complete, and an architecture to nothing. Both of torch's containers are read: one pickle after another (until
torch 1.5, as the official file), and a zip with the pickle as `data.pkl`. The former has no checksum: a truncated file
is noticed, a flipped bit within a number is not. Trained weights are refused. Rows are architecture indices.

Tested on archives that this project wrote with `torch.save`, and that the package `nas-bench-201` read.

Source: D-X-Y/NAS-Bench-201, nas_201_api/api_201.py; D-X-Y/AutoDL-Projects, exps/NAS-Bench-201/statistics-v2.py, which
wrote it (Dong and Yang 2020, arXiv:2001.00326); torch/serialization.py.
"""

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, BinaryIO, cast

from data.archives import nasbench201_results as results
from data.archives.archive import ArchiveError, Progress, silent
from data.archives.columns import Columns
from data.archives.pickle_stream import distant_references, load
from data.fetch import sha256_of
from data.table import Table
from data.unpickle import HARMLESS, ForbiddenGlobal, Restricted
from metanp.spaces.nasbench201 import SPACE

# How torch began a file until 1.5: the number 0x1950a86a20f9469cfc6c as a pickle.
LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
ZIP_MAGIC = b"PK\x03\x04"
EPOCHS = {"less": 12, "full": 200}
EXPECTED = "NAS-Bench-201-v1_1-096897.pth as torch.save wrote it"
REMEDY = "download it again and compare its size and its md5, whose last digits are in its name"
_TAKEN = object()  # placeholder of an architecture that was read


class _Architectures:
    """Reads the numbers of each architecture as its dictionaries fill, and replaces them by a placeholder."""

    def __init__(self) -> None:
        self.columns, self.texts = Columns(), dict[int, str]()

    def __call__(self, filled: Any) -> Any:
        if not isinstance(filled, dict):
            return filled
        taken: Any
        if results.is_trial(filled):
            taken = results.read_trial(filled)
        elif results.is_results(filled):
            taken = results.read_results(filled)
        elif filled.keys() == EPOCHS.keys():
            taken = self._store({EPOCHS[name]: found for name, found in filled.items()})
        else:
            return filled
        filled.clear()  # the memo still knows the dictionary
        return taken

    def _store(self, schedules: dict[int, results.Results]) -> object:
        (index, text), *others = {(found.architecture, found.text) for found in schedules.values()}
        if others or index in self.texts or index not in range(len(SPACE)):
            raise ValueError(f"architecture {index} is given twice, as two cells, or beyond the {len(SPACE)} there are")
        self.texts[index] = text
        results.put(self.columns, index, schedules)
        return _TAKEN


def convert(path: str | os.PathLike[str], progress: Progress = silent) -> Table:
    """The table of every architecture in the file. `progress` counts bytes, each twice.

    Raises:
        ArchiveError: cut short, damaged or foreign.
        ForbiddenGlobal: the pickle names a function or class that data does not need.
    """
    architectures = _Architectures()
    try:
        with _pickle(path) as (file, size):
            distant = distant_references(file, lambda at: progress(at, 2 * size))
        with _pickle(path) as (file, size):

            def replace(filled: Any) -> Any:
                left = architectures(filled)
                if left is _TAKEN:
                    progress(size + file.tell(), 2 * size)
                return left

            whole = load(file, path, distant, replace)
            progress(2 * size, 2 * size)
        texts = _checked(whole, architectures.texts)
        return results.table(texts, architectures.columns, os.path.basename(path), sha256_of(path))
    except (ArchiveError, ForbiddenGlobal):
        raise
    except Exception as error:  # a broken pickle can raise anything
        raise ArchiveError(path, f"{type(error).__name__}: {error}", EXPECTED, REMEDY) from error


def _checked(whole: Any, texts: dict[int, str]) -> list[str]:
    """The list of cells, after checking that the numbers of each of them were read."""
    cells, left = whole["meta_archs"], whole["arch2infos"]
    if any(value is not _TAKEN for value in left.values()) or set(left) != set(texts):
        raise ValueError("arch2infos holds something else than the results of architectures")
    if set(texts) != set(range(len(cells))) or not cells:
        missing = next((i for i in range(len(cells)) if i not in texts), None)
        raise ValueError(f"{len(texts)} of {len(cells)} architectures have results; the first without: {missing}")
    for index, text in texts.items():
        if cells[index] != text:
            raise ValueError(f"architecture {index} is {text} in its results, {cells[index]} in the list")
    return list(cells)


@contextmanager
def _pickle(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, int]]:
    """The file at the start of the pickle, and roughly the number of bytes until its end."""
    with open(path, "rb") as file:
        head = file.read(len(LEGACY_MAGIC))
        file.seek(0)
        if head.startswith(ZIP_MAGIC):
            with zipfile.ZipFile(file) as archive, archive.open(_member(archive)) as member:
                # ZipExtFile reads single bytes slowly, and a pickle is mostly single bytes
                buffered = BufferedReader(cast(Any, member), 1 << 20)
                yield cast(BinaryIO, buffered), archive.getinfo(_member(archive)).file_size
        elif head == LEGACY_MAGIC:
            for _ in range(3):  # magic number, version of the format, the machine's byte order
                Restricted(file, str(path), HARMLESS).load()
            yield file, os.path.getsize(path)
        else:
            raise ValueError("neither of torch's containers")


def _member(archive: zipfile.ZipFile) -> str:
    names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    if len(names) != 1:
        raise ValueError(f"{len(names)} members called data.pkl")
    return names[0]
