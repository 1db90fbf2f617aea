"""What SWAP orders, beside parameters: `python -m scripts.swap_table darts --table FILE --images FILE.npz`.

    darts        the authors' 1,000 cells (darts_cifar10_200ep.csv.gz), in their toy network: one reduction cell of 3
                 channels without a stem, 16 images. In all of them normal and reduction cell are equal
    nasbench201  cells of NAS-Bench-201 against CIFAR-10 and CIFAR-100, in a network of one cell a stage
    bert         500 FlexiBERT models (nas_bench_bert_glue.csv.gz) against GLUE. Tokens are random, not texts

Spearman's and Kendall's correlation with what was measured; Spearman's for given parameters (partial), which is what a
score adds to counting them; and saturation, the share of all possible patterns that occurs.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from jaxtyping import Float
from rich.console import Console
from rich.progress import track
from scipy.stats import kendalltau, spearmanr
from torch import nn

from data import load_benchmark
from metanp.networks import DARTS, network
from metanp.proxies import Batch, nwot, params, saturation, size_factor, swap, swap_standard
from metanp.proxies.image_file import draw_batch, read_images
from scripts.command import one_line
from scripts.results.table import Table

Images = Annotated[Path, typer.Option(help=".npz with CIFAR-10 images x and labels y")]
Rows = Annotated[Path, typer.Option(help="the .csv.gz")]
Number = Annotated[int | None, typer.Option(help="architectures, drawn by the seed; all without")]
Draws = Annotated[int, typer.Option(help="of the weights, averaged")]
Seed = Annotated[int, typer.Option(help="of images, weights and architectures")]
AsJson = Annotated[bool, typer.Option("--json")]
SIZES = ((0.9, 0.9), (1.2, 1.2), (1.5, 1.5), (2.0, 5.0))  # mu and sigma: the authors' three, and one that fits better
Column = Float[np.ndarray, " architecture"]
Score = Callable[[nn.Module], float]

app = typer.Typer(no_args_is_help=True)


class Toy(DARTS):
    """The authors' network: cells read the image itself."""

    def build(self, architecture: Any, classes: int, image_channels: int, prune: bool) -> nn.Module:
        built: Any = super().build(architecture, classes, image_channels, prune)
        built.body.stem = nn.Identity()
        return built


@app.command()
def darts(
    table: Rows, images: Images, number: Number = None, draws: Draws = 2, seed: Seed = 0, as_json: AsJson = False
) -> None:
    """The authors' cells, in their toy network."""
    with one_line("swap_table"):
        rows = _read(table, number, seed)
        batch = draw_batch(*read_images(images), 16, seed)
        noise = Batch(torch.randn(batch.images.shape, generator=torch.Generator().manual_seed(seed)), batch.labels)
        genotypes = [[(name, int(i)) for name, i in (p.split("~") for p in row["cell"].split())] for row in rows]
        toy = Toy(channels=3, cells=1, stem=1)
        nets = (network((g, g), toy, 10, rng=seed) for g in track(genotypes, console=Console(stderr=True)))
        scores: dict[str, Score] = {
            "SWAP": lambda net: swap(net, batch, seed, draws),
            "parameters": params,
            "NWOT": lambda net: nwot(net, batch, seed),
            "SWAP, noise as images": lambda net: swap(net, noise, seed, draws),
            "standard patterns": lambda net: swap_standard(net, batch, seed),
            "saturation": lambda net: saturation(net, batch, seed),
        }
        columns = measured(nets, scores)
        for mu, sigma in SIZES:
            factor = [size_factor(1e3 * millions, mu, sigma) for millions in columns["parameters"]]
            columns[f"SWAP, mu {mu}, sigma {sigma}"] = columns["SWAP"] * factor
        _show({"accuracy": np.array([float(row["val_acc"]) for row in rows])}, columns, as_json)


@app.command()
def nasbench201(
    images: Images,
    number: Number = 200,
    size: Annotated[int, typer.Option(help="images in the batch")] = 32,
    skeleton: Annotated[str, typer.Option(help="small, or nasbench201")] = "small",
    draws: Draws = 2,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Random cells against the validation accuracy of two data sets; images are CIFAR-10's for both."""
    with one_line("swap_table"):
        found = load_benchmark("nasbench201")
        drawn = np.random.default_rng(seed).choice(len(found.cells), number or len(found.cells), replace=False)
        batch = draw_batch(*read_images(images), size, seed)
        cells = track(found.cells[drawn].to_cells(), console=Console(stderr=True))
        nets = (network(cell, skeleton, 10, prune=False, rng=seed) for cell in cells)
        scores: dict[str, Score] = {
            "SWAP": lambda net: swap(net, batch, seed, draws),
            "parameters": params,
            "NWOT": lambda net: nwot(net, batch, seed),
            "saturation": lambda net: saturation(net, batch, seed),
        }
        targets = {name: found.mean(f"{name}_validation_accuracy_200")[drawn] for name in ("cifar10", "cifar100")}
        _show(targets, measured(nets, scores), as_json)


@app.command()
def bert(
    table: Rows,
    number: Number = None,
    texts: Annotated[int, typer.Option(help="in the batch")] = 32,
    length: Annotated[int, typer.Option(help="tokens of a text")] = 32,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """FlexiBERT models against GLUE, on random tokens."""
    with one_line("swap_table"):
        rows = _read(table, number, seed)
        tokens = torch.randint(1000, 30_000, (texts, length), generator=torch.Generator().manual_seed(seed))
        batch = Batch(tokens, torch.zeros(texts, dtype=torch.int64))
        layers = track([row["layers"].split() for row in rows], console=Console(stderr=True))
        nets = (network(one, "transformer", 2, rng=seed) for one in layers)
        scores: dict[str, Score] = {
            "SWAP": lambda net: swap(net, batch, seed),
            "parameters": params,
            "saturation": lambda net: saturation(net, batch, seed),
        }
        _show({"GLUE": np.array([float(row["glue"]) for row in rows])}, measured(nets, scores), as_json)


def measured(nets: Iterable[nn.Module], scores: dict[str, Score]) -> dict[str, Column]:
    """Each score of each network, NaN where it cannot be had."""
    rows = [[_value(score, net) for score in scores.values()] for net in nets]
    return dict(zip(scores, np.array(rows, dtype=float).T, strict=True))


def _value(score: Score, net: nn.Module) -> float:
    try:
        return score(net)
    except ValueError:
        return float("nan")


def partial_spearman(one: Column, other: Column, given: Column) -> float:
    """Of two columns, with what a third explains of either taken out: their ranks' partial correlation."""
    both, first, second = (float(spearmanr(*pair).statistic) for pair in ((one, other), (one, given), (other, given)))
    return (both - first * second) / np.sqrt((1 - first**2) * (1 - second**2))


def correlations(score: Column, target: Column, parameters: Column) -> dict[str, float]:
    """With what was measured, over the architectures that have a score; partial where it is not parameters itself."""
    known = np.isfinite(score)
    score, target, parameters = score[known], target[known], parameters[known]
    if len(np.unique(score)) < 2:
        return {"architectures": len(score)}
    found = {"spearman": spearmanr(score, target).statistic, "kendall": kendalltau(score, target).statistic}
    partial = (
        {}
        if score is parameters or (score == parameters).all()
        else {"partial": partial_spearman(score, target, parameters)}
    )
    return {name: float(value) for name, value in (found | partial).items()} | {"architectures": len(score)}


def _show(targets: dict[str, Column], columns: dict[str, Column], as_json: bool) -> None:
    saturated = columns.pop("saturation")
    report: dict[str, Any] = {
        target: {name: correlations(score, values, columns["parameters"]) for name, score in columns.items()}
        for target, values in targets.items()
    }
    if as_json:
        print(
            json.dumps(report | {"saturation": dict(zip(("median", "highest"), _saturation(saturated), strict=True))})
        )
        return
    lines = [
        [target, name, *(f"{row[key]:.3f}" if key in row else "" for key in ("spearman", "kendall", "partial"))]
        for target, rows in report.items()
        for name, row in rows.items()
    ]
    said = "saturation: median {:.3f}, highest {:.3f}".format(*_saturation(saturated))
    Table(
        ["against", "score", "Spearman", "Kendall", "partial"], lines, f"{len(saturated)} architectures; {said}"
    ).print()


def _saturation(values: Column) -> tuple[float, float]:
    return float(np.nanmedian(values)), float(np.nanmax(values))


def _read(path: Path, number: int | None, seed: int) -> Sequence[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if number is None or number >= len(rows):
        return rows
    return [rows[i] for i in np.random.default_rng(seed).choice(len(rows), number, replace=False)]


if __name__ == "__main__":
    app()
