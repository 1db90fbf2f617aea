"""Columns and a description of them on disk: one Parquet file that opens in a fraction of a second.

A column is a list of texts, an array of one number a row, or a matrix of some numbers a row, stored as lists of fixed
size. The description is anything that JSON can express; it is in the file's schema. Pages have checksums and the
description a digest, so a damaged file is an error and never a wrong number; a file is written whole or not at all.

Knows no table: `data.table` defines what columns mean.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from metanp.atomic import replacing

FORMAT = 1  # raise it when the layout changes, so that caches are built anew
_METADATA, _DIGEST = b"metanp.table", b"metanp.sha256"
Column = Any  # a list of texts or an array of one or two axes
T = TypeVar("T")


def write(path: Path, columns: Mapping[str, Column], description: Mapping[str, Any]) -> None:
    """Write the file whole or not at all; creates its folder."""
    metadata = json.dumps({"format": FORMAT, **description}).encode()
    arrow = pa.table({name: _to_arrow(column) for name, column in columns.items()})
    arrow = arrow.replace_schema_metadata({_METADATA: metadata, _DIGEST: _digest(metadata)})
    with replacing(path) as file:
        pq.write_table(arrow, file, compression="zstd", write_page_checksum=True)


def read(path: Path, made: Callable[[dict[str, Column], dict[str, Any]], T]) -> T:
    """The result of `made`, given the columns and the description that `write` wrote.

    Raises:
        FileNotFoundError: no such file.
        ValueError: truncated, damaged, foreign, of another format, or refused by `made`; names the file.
    """
    try:
        return made(*_from_arrow(pq.read_table(path, page_checksum_verification=True)))
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"{path}: not a whole benchmark table of format {FORMAT}; delete it ({error})") from error


def _from_arrow(arrow: pa.Table) -> tuple[dict[str, Column], dict[str, Any]]:
    metadata = arrow.schema.metadata or {}
    if metadata[_DIGEST] != _digest(metadata[_METADATA]):
        raise ValueError("its descriptions are damaged")
    description = json.loads(metadata[_METADATA])
    if description["format"] != FORMAT:
        raise ValueError(f"format {description['format']}")
    return {name: _column(arrow[name]) for name in arrow.column_names}, description


def _digest(metadata: bytes) -> bytes:
    return hashlib.sha256(metadata).hexdigest().encode()


def _to_arrow(column: Column) -> pa.Array:
    if isinstance(column, list):
        return pa.array(column, pa.string())
    if column.ndim == 1:
        return pa.array(column)
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(column).reshape(-1)), column.shape[1])


def _column(column: pa.ChunkedArray) -> Column:
    if pa.types.is_string(column.type):
        return column.to_pylist()
    if not pa.types.is_fixed_size_list(column.type):
        return column.to_numpy()
    width = column.type.list_size
    return column.combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(column), width)
