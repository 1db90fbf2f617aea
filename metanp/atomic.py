"""Files that are written whole or not at all: whoever reads one sees the old file or the new one, never a part.

What is written stands beside its place until it is complete and on the disk, in a hidden file that names its target.
A process that is killed meanwhile leaves that file behind.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write into, which takes the place of `path` at the end; makes its folder. An error leaves nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(part, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_whole(path: Path, data: bytes) -> None:
    """As `replacing`, of what is at hand already."""
    with replacing(path) as file:
        file.write(data)
