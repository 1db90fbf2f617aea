"""Files that are written whole or not at all: whoever reads one sees the old file or the new one, never a part.

The data goes to a hidden file in the same folder, named after the target, which is moved into place once it is complete
and on the disk. A process that is killed meanwhile leaves that hidden file behind.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that replaces `path` when the block ends; creates its folder. An error leaves `path` as it was."""
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
    """Make `data` the whole content of `path`, as `replacing` does."""
    with replacing(path) as file:
        file.write(data)
