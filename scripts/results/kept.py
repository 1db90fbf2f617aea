"""Rows behind published tables, kept in the repository: a later table runs only what is not there.

One Parquet file a study, `results/rows/<study>.parquet`, written with `publish=true`; of rivals alone, as MetaNP is run
again. A row has all that a fit's row says but for the predictions of single cells, which are only drawn. They are read
as if they stood in the row files of a run (`scripts.results.rows.RowFile`): their marks decide whether they count, and
rows of older code are adopted as any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq

from scripts.results.provenance import ROOT
from scripts.results.rows import DRAWN, KEY, Row, write_parquet

FOLDER = ROOT / "results" / "rows"
FILE = "file"  # column: the row file of a run, under its folder


def path_of(study: str) -> Path:
    """Where the rows of a study are kept."""
    return FOLDER / f"{study.replace('/', '-')}.parquet"


@lru_cache(maxsize=1)
def kept_rows(study: str) -> dict[str, list[Row]]:
    """Rows by the row file that they belong to; none where nothing was kept."""
    path = path_of(study)
    found: dict[str, list[Row]] = {}
    for row in pq.read_table(path).to_pylist() if path.is_file() else []:
        file = row.pop(FILE)
        found.setdefault(file, []).append({name: value for name, value in row.items() if value is not None})
    return found


def keep(study: str, rows: Mapping[str, Iterable[Row]]) -> Path:
    """Keep rows beside those that are kept; of one fit and column in a file, the new row takes the old one's place."""
    found: dict[tuple, Row] = {}
    for file, mine in [*kept_rows(study).items(), *rows.items()]:
        for row in mine:
            plain = {name: value for name, value in row.items() if name not in DRAWN}
            found[file, *(row[name] for name in KEY), row.get("scored")] = {FILE: file, **plain}
    kept_rows.cache_clear()
    path = path_of(study)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_parquet(path, [found[key] for key in sorted(found, key=str)])
    return path
