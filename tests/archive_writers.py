"""Writers of the official archives, in the layouts that the benchmarks' own code writes, for as many cells as wanted.

The layouts are those of google-research/nasbench (api.py, model_metrics.proto), of D-X-Y/AutoDL-Projects
(exps/NATS-Bench/tss-collect.py, exps/NAS-Bench-201/statistics-v2.py) and of torch.save; numbers are random. Everything
here is written independently of `data.archives`, so that a shared misunderstanding is unlikely, and the benchmarks'
own reader packages are asked to read the results in the tests.
"""

import base64
import bz2
import json
import pickle
import struct
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from metanp.cell import Cell
from metanp.spaces.nasbench101 import graph_hash, write
from metanp.spaces.nasbench201 import SPACE

# --- NAS-Bench-101 ------------------------------------------------------------------------------------------------


def crc32c(data: bytes) -> int:
    """Castagnoli's polynomial, bit by bit; the reader uses a library."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _crc_of_byte(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


_CRC_TABLE = [_crc_of_byte(value) for value in range(256)]


def tfrecord(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + _masked(length) + data + _masked(data)


def _masked(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def evaluation_data(epoch, time, train, validation, test, checkpoint="") -> bytes:
    numbers = enumerate((epoch, time, train, validation, test), start=1)
    text = checkpoint.encode()
    return b"".join(bytes([n << 3 | 1]) + struct.pack("<d", x) for n, x in numbers) + b"\x32" + varint(len(text)) + text


def model_metrics(evaluations: list[bytes], parameters: int, total_time: float) -> bytes:
    parts = [b"\x0a" + varint(len(e)) + e for e in evaluations]
    return b"".join(parts) + b"\x10" + varint(parameters) + b"\x19" + struct.pack("<d", total_time)


def varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def random_nasbench101_cells(n: int, rng: np.random.Generator) -> dict[str, Cell]:
    """Distinct cells of the space by md5."""
    cells: dict[str, Cell] = {}
    while len(cells) < n:
        size = int(rng.integers(4, 8))
        edges = [(u, v) for u in range(size) for v in range(u + 1, size) if rng.random() < 0.4]
        names = rng.choice(["conv1x1", "conv3x3", "maxpool3x3"], size - 2).tolist()
        cell = Cell(["input", *names, "output"], edges).pruned
        if cell.edges and len(cell.edges) <= 9:
            cells.setdefault(graph_hash(cell), cell)
    return cells


def write_nasbench101(path: Path, n: int, budgets=(108,), seed=0) -> dict:
    """{(md5, epochs): [numbers of a repeat, ...]} as written; repeats of a cell stand apart in the file."""
    rng = np.random.default_rng(seed)
    cells = random_nasbench101_cells(n, rng)
    todo = [(md5, epochs) for md5 in cells for epochs in budgets for _ in range(3)]
    truth: dict = {}
    with open(path, "wb") as file:
        for i in rng.permutation(len(todo)):
            md5, epochs = todo[i]
            matrix, operations = write(cells[md5])
            numbers = [[e * epochs / 2, *rng.random(4).tolist()] for e in range(3)]
            packed = model_metrics([evaluation_data(*e) for e in numbers], 1_000_000 + int(md5[:4], 16), 9.5)
            text = base64.encodebytes(packed).decode()  # with line breaks, as the published file has them
            record = [md5, epochs, "".join(str(x) for row in matrix for x in row), ",".join(operations), text]
            file.write(tfrecord(json.dumps(record).encode()))
            truth.setdefault((md5, epochs), []).append(numbers)
    return truth


# --- NAS-Bench-201 and NATS-Bench -----------------------------------------------------------------------------------

SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("ori-test", "x-valid", "x-test"),
    "ImageNet16-120": ("ori-test", "x-valid", "x-test"),
}


def results_count(dataset: str, text: str, seed: int, epochs: int, rng: np.random.Generator) -> dict:
    """The state of a `ResultsCount`: one training. A seed of 999 is of the first collection, whose validation and
    proposed test sets were evaluated after the last epoch only, and without times."""

    def curve(scale=100.0):
        return dict(enumerate((scale * rng.random(epochs)).tolist()))

    sets = SETS[dataset]
    keys = [f"{name}@{e}" for name in sets for e in range(epochs)]
    old = seed == 999 and len(sets) == 3
    evaluated = [key for key in keys if not old or key[:8] == "ori-test" or key.endswith(f"@{epochs - 1}")]
    accuracies, losses = 100 * rng.random(len(evaluated)), 3 * rng.random(len(evaluated))
    return {
        "name": dataset,
        "net_state_dict": None,
        "train_acc1es": curve(),
        "train_acc5es": curve(),
        "train_losses": curve(3.0),
        "train_times": OrderedDict(curve(20.0)),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": text, "class_num": 10},
        "params": np.float64(0.073306 + len(text) / 1e3),
        "flop": 7.78 + len(text) / 10,
        "seed": str(seed),
        "epochs": epochs,
        "latency": [float(rng.random() / 50)],
        "eval_names": list(sets),
        "eval_acc1es": dict(zip(evaluated, accuracies.tolist(), strict=True)),
        "eval_times": dict(zip(keys, rng.random(len(keys)).tolist(), strict=True)),
        "eval_losses": dict(zip(evaluated, losses.tolist(), strict=True)),
    }


def arch_results(index: int, text: str, seeds: dict[str, list[int]], epochs: int, rng: np.random.Generator) -> dict:
    """The state of an `ArchResults`: all trainings of one architecture with one schedule."""
    runs = [(dataset, seed) for dataset, each in seeds.items() for seed in each]
    return {
        "arch_index": index,
        "arch_str": text,
        "all_results": {run: results_count(run[0], text, run[1], epochs, rng) for run in runs},
        "dataset_seed": seeds,
        "clear_net_done": True,
    }


def architectures(
    n: int, seed: int, epochs=(12, 200), runs=3, datasets=tuple(SETS), alike=False
) -> Iterator[tuple[dict, dict]]:
    """States after the short and after the long schedule.

    Args:
        epochs: of the two schedules.
        runs: with the long schedule, at most.
        alike: all get the numbers of the first, which is fast.
    """
    rng = np.random.default_rng(seed)
    short = {dataset: [111, 777] if dataset == "cifar10-valid" else [777] for dataset in datasets}
    for i, text in enumerate(nasbench201_strings(n)):
        if i == 0 or not alike:
            long = {dataset: [777, 888, 999][: int(rng.integers(1, runs + 1))] for dataset in datasets}
            both = [arch_results(i, text, *each, rng) for each in ((short, epochs[0]), (long, epochs[1]))]
            template = pickle.dumps(both)
        both = pickle.loads(template)
        for state in both:
            state |= {"arch_index": i, "arch_str": text}
        yield both[0], both[1]


def nasbench201_strings(n: int) -> list[str]:
    """The first architectures of the official order."""
    return [SPACE.write_text(SPACE.cell(row)) for row in SPACE.digit_rows()[:n].tolist()]


def write_nats_bench(folder: Path, n: int, seed=0, **shape) -> None:
    """The folder of tss-collect.py: pickle protocol 4 in bz2. `shape`: as `architectures` takes it."""
    folder.mkdir()
    meta = {"meta_archs": nasbench201_strings(n), "total_archs": n, "arch2infos": None, "evaluated_indexes": set()}
    write_pbz2(folder / "meta.pickle.pbz2", meta)
    for i, (short, long) in enumerate(architectures(n, seed, **shape)):
        write_pbz2(folder / f"{i:06d}.pickle.pbz2", OrderedDict({"12": short, "200": long}))


def write_pbz2(path: Path, thing: object) -> None:
    path.write_bytes(bz2.compress(pickle.dumps(thing, protocol=4), 1))


def write_nasbench201_pth(path: Path, n: int, legacy=True, seed=0, **shape) -> None:
    """The file of statistics-v2.py; architectures arrive out of order, as they do from its sets."""
    found = {i: {"full": long, "less": short} for i, (short, long) in enumerate(architectures(n, seed, **shape))}
    shuffled = {i: found[i] for i in np.random.default_rng(seed).permutation(n).tolist()}
    save_pth(path, nasbench201_strings(n), shuffled, legacy)


def save_pth(path: Path, texts: list[str], found: dict, legacy=True) -> None:
    whole = {"meta_archs": texts, "total_archs": len(texts), "arch2infos": found, "evaluated_indexes": sorted(found)}
    torch.save(whole, path, _use_new_zipfile_serialization=not legacy)
