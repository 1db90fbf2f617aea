"""Tables of learning curves: read, checked, with where they come from. No models.

    from data.curves import load_curves

    table = load_curves("metaqnn_cifar10")
    table.curves, table.ids, table.curves.ends()

A source is one file here with a list `SOURCES`, and one line below; a table is one `CurveSource` in such a list.
"""

from __future__ import annotations

from data.curves import baker, mini, nasbench_nlp, nats_bench, surrogates, taskset
from data.curves.table import CurveSource, CurveTable
from metanp.nearest import nearest

__all__ = ["CURVES", "CurveSource", "CurveTable", "load_curves"]

CURVES: dict[str, CurveSource] = {
    source.name: source
    for file in (baker, nasbench_nlp, taskset, surrogates, nats_bench, mini)
    for source in file.SOURCES
}


def load_curves(name: str, download: bool = False) -> CurveTable:
    """A table of learning curves.

    Its files are taken from METANP_MIRROR or from the cache; the network is asked only with `download=True`.

    Args:
        name: a key of `CURVES`.
        download: whether files that are not at hand may be downloaded.

    Raises:
        ValueError: no such table, or a source file with other bytes than it should have.
        FileUnavailable: a file without which there is no table; says what to do.
    """
    if name not in CURVES:
        raise ValueError(f"unknown table of curves {name!r}; {nearest(name, CURVES)}")
    return CURVES[name].load(download)
