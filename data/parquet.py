"""A `Table` on disk: one Parquet file, descriptions as JSON in its schema, that opens in a fraction of a second.

Pages carry checksums and descriptions a digest, so a damaged file is an error and never a wrong number; a file is
written whole or not at all.
Cells are stored as their arrays, adjacency as bits; a column over (cell, seed) as lists of fixed size.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data.table import Metric, Table
from metanp.atomic import replacing
from metanp.cell_array import CellArray

FORMAT = 1  # raise it when the layout changes, and caches are built anew
_METADATA, _DIGEST = b"metanp.table", b"metanp.sha256"


def write(table: Table, path: Path) -> None:
    """Write the file whole or not at all; makes its folder."""
    with replacing(path) as file:
        pq.write_table(_to_arrow(table), file, compression="zstd", write_page_checksum=True)


def read(path: Path) -> Table:
    """Read what `write` wrote. Errors: see `Table.open`."""
    try:
        return _from_arrow(pq.read_table(path, page_checksum_verification=True))
    except FileNotFoundError:
        raise
    except Exception as error:  # a damaged file can raise anything
        raise ValueError(f"{path}: not a whole benchmark table of format {FORMAT}; delete it ({error})") from error


def _to_arrow(table: Table) -> pa.Table:
    bits = np.packbits(table.cells.adjacency.reshape(len(table), -1), axis=1)
    columns: dict[str, pa.Array] = {
        "id": pa.array(table.ids, pa.string()),
        "operation": _rows(table.cells.operation),
        "adjacency": _rows(bits),
    }
    if table.classes is not None:
        columns["class"] = pa.array(table.classes, pa.int64())
    columns |= {f"metric/{name}": _rows(runs) for name, runs in table.scores.items()}
    columns |= {f"feature/{name}": pa.array(column) for name, column in table.features.items()}
    text = {
        "format": FORMAT,
        "name": table.name,
        "space": table.space,
        "metrics": [asdict(m) for m in table.metrics.values()],
        "features": [asdict(m) for m in table.feature_metrics.values()],
        "missing": table.missing,
        "absent": table.absent,
        "classes": table.classes is not None,
    }
    metadata = json.dumps(text).encode()
    return pa.table(columns).replace_schema_metadata({_METADATA: metadata, _DIGEST: _digest(metadata)})


def _from_arrow(arrow: pa.Table) -> Table:
    metadata = arrow.schema.metadata or {}
    if metadata[_DIGEST] != _digest(metadata[_METADATA]):
        raise ValueError("its descriptions are damaged")
    text = json.loads(metadata[_METADATA])
    if text["format"] != FORMAT:
        raise ValueError(f"format {text['format']}")
    operation = _matrix(arrow["operation"])
    n, node = operation.shape
    adjacency = np.unpackbits(_matrix(arrow["adjacency"]), axis=1, count=node * node).reshape(n, node, node)
    metrics, features = _metrics(text["metrics"]), _metrics(text["features"])
    return Table(
        name=text["name"],
        space=text["space"],
        cells=CellArray(operation=operation, adjacency=adjacency.astype(bool)),
        ids=arrow["id"].to_pylist(),
        metrics=metrics,
        scores={name: _matrix(arrow[f"metric/{name}"]) for name in metrics},
        features={name: arrow[f"feature/{name}"].to_numpy() for name in features},
        feature_metrics=features,
        classes=arrow["class"].to_numpy() if text["classes"] else None,
        missing=text["missing"],
        absent=text.get("absent", {}),
    )


def _digest(metadata: bytes) -> bytes:
    return hashlib.sha256(metadata).hexdigest().encode()


def _metrics(described: Sequence[Mapping[str, Any]]) -> dict[str, Metric]:
    return {m["name"]: Metric(**m) for m in described}


def _rows(matrix: np.ndarray) -> pa.Array:
    """A matrix as one Parquet column of fixed-size lists."""
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(matrix).reshape(-1)), matrix.shape[1])


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    width = column.type.list_size
    return column.combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(len(column), width)
