"""NATS-Bench's topology archive, the folder `NATS-tss-v1_0-3ffb9-simple`, as a `Table`.

`meta.pickle.pbz2` lists the architectures; `000000.pickle.pbz2` and so on hold one each, as bz2-compressed pickles:
schedule ("12", "200") -> state of `ArchResults`. One file is open at a time. Rows are architecture indices.

What was evaluated on what, and which metrics result: `data.archives.nasbench201_results`. The sha256 in the
descriptions is that of the sha256s of the files, one after the other in the order read. Tested on archives that this
project wrote and the package `nats_bench` read.

Source: D-X-Y/NATS-Bench, nats_bench/api_topology.py (Dong et al. 2021, arXiv:2009.00437).
"""

import bz2
import hashlib
import io
import os
from pathlib import Path
from typing import Any

from data.archives import nasbench201_results as results
from data.archives.archive import ArchiveError, Progress, silent
from data.archives.columns import Columns
from data.table import Table
from data.unpickle import HARMLESS, ForbiddenGlobal, Restricted

META = "meta.pickle.pbz2"
REMEDY = "unpack NATS-tss-v1_0-3ffb9-simple.tar again"


def convert(path: str | os.PathLike[str], progress: Progress = silent) -> Table:
    """The table of every architecture in the folder. `progress` counts files.

    Raises:
        ArchiveError: a file is absent, cut short or not of NATS-Bench's topology space; names it.
        ForbiddenGlobal: a pickle names a function or class that data does not need; names the file.
    """
    folder, digest, columns = Path(path), hashlib.sha256(), Columns()
    meta = _load(folder / META, digest)
    texts = meta.get("meta_archs") if isinstance(meta, dict) else None
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ArchiveError(folder / META, "no list 'meta_archs' of strings", "NATS-Bench's list of cells", REMEDY)
    for index, text in enumerate(texts):
        file = _file(folder, index, len(texts))
        try:
            _put(columns, index, text, _load(file, digest))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            if isinstance(error, ArchiveError | ForbiddenGlobal):
                raise
            found = f"not the results of architecture {index}, {text} ({type(error).__name__}: {error})"
            raise ArchiveError(file, found, "the states of ArchResults by schedule", REMEDY) from error
        progress(index + 1, len(texts))
    try:
        return results.table(texts, columns, folder.resolve().name, digest.hexdigest())
    except ValueError as error:
        remedy = "the size space (sss) does not convert; give the folder of the topology space (tss)"
        raise ArchiveError(folder / META, f"a cell is not of NAS-Bench-201 ({error})", "NATS-tss", remedy) from error


def _file(folder: Path, index: int, total: int) -> Path:
    """The file of one architecture: six digits, or as many as there are, as the official API allows."""
    for name in (f"{index:06d}.pickle.pbz2", f"{index}.pickle.pbz2"):
        if (file := folder / name).is_file():
            return file
    raise ArchiveError(folder, f"{index:06d}.pickle.pbz2 is absent", f"{total} such files", REMEDY)


def _put(columns: Columns, index: int, text: str, schedules: Any) -> None:
    by_epochs = {int(name): results.read_results(state) for name, state in schedules.items()}
    for found in by_epochs.values():
        if (found.architecture, found.text) != (index, text):
            raise ValueError(f"it is of architecture {found.architecture}, {found.text}")
    results.put(columns, index, by_epochs)


def _load(file: Path, digest: Any) -> Any:
    try:
        packed = file.read_bytes()
        digest.update(hashlib.sha256(packed).digest())
        return Restricted(io.BytesIO(bz2.decompress(packed)), str(file), HARMLESS).load()
    except ForbiddenGlobal:
        raise
    except Exception as error:  # a broken pickle can raise anything
        raise ArchiveError(file, f"{type(error).__name__}: {error}", "a whole bz2-compressed pickle", REMEDY) from error
