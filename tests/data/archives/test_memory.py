"""Peak memory of a conversion: with ten times the cells it grows by what the table holds of them, and by no more."""

import sys
import tracemalloc

import pytest

from data.archives import convert
from data.table import Table
from tests.archive_writers import write_nasbench101, write_nasbench201_pth, write_nats_bench

NAMES = 500  # bytes a cell; its string and its row number while the archive is being read
# One data set and short curves, for speed: 10 kB a cell as Python objects (in truth 2 MB), 350 bytes in the table.
SMALL = {"epochs": (1, 4), "runs": 1, "datasets": ("cifar10",), "alike": True}


def peak_and_size(path) -> tuple[int, int]:
    """Bytes that Python and numpy held at once during a conversion, and bytes of the table that came of it."""
    tracemalloc.start()
    table = convert(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak, size(table)


def size(table: Table) -> int:
    arrays = [table.cells.operation, table.cells.adjacency, *table.scores.values(), *table.features.values()]
    return sum(array.nbytes for array in arrays) + sum(map(sys.getsizeof, table.ids))


@pytest.mark.parametrize(
    ("write", "few", "many"),
    [
        pytest.param(lambda folder, n: write_nasbench101(folder / "x.tfrecord", n), 200, 2000, id="nasbench101"),
        pytest.param(lambda folder, n: write_nats_bench(folder / "x", n, **SMALL), 200, 2000, id="nats_bench"),
        pytest.param(lambda folder, n: write_nasbench201_pth(folder / "x.pth", n, True, **SMALL), 200, 2000, id="pth"),
        pytest.param(lambda folder, n: write_nasbench201_pth(folder / "x.pth", n, False, **SMALL), 200, 500, id="zip"),
    ],
)
def test_more_cells_cost_no_more_memory_than_their_rows_in_the_table(tmp_path, write, few, many):
    measured = []
    for n in (few, many):
        folder = tmp_path / str(n)
        folder.mkdir()
        write(folder, n)
        measured.append(peak_and_size(next(folder.iterdir())))
    (peak_few, size_few), (peak_many, size_many) = measured
    assert peak_many - peak_few < 1.2 * (size_many - size_few) + NAMES * (many - few)
