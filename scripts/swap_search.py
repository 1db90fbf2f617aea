"""SWAP-NAS, without one evaluation: `python -m scripts.swap_search nasbench201 --images FILE.npz`, or `darts`.

    nasbench201  the first picks of several searches, with the accuracy that the benchmark has of them, beside random
                 cells and the cell with the most parameters, which costs no score at all
    darts        the genotype that it ends with, in the authors' toy network; nobody has trained it

Regularised SWAP (--mu, --sigma) prefers networks of about `mu` thousand parameters, of the network that is scored.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from data import load_benchmark
from metanp.genotypes import DARTS_NAMES
from metanp.networks import network
from metanp.proxies import Batch, params, swap
from metanp.proxies.image_file import draw_batch, read_images
from metanp.search import History, Open, make
from metanp.search.scored_evolution import Moves, Sizes, evolve
from metanp.spaces import get_space
from scripts.command import one_line
from scripts.results.table import Table
from scripts.swap_table import Toy

Images = Annotated[Path, typer.Option(help=".npz with CIFAR-10 images x and labels y")]
Mu = Annotated[float | None, typer.Option(help="thousands of parameters that are preferred")]
Sigma = Annotated[float | None, typer.Option(help="thousands squared, that cost a factor e")]
PICKS = 10
NODES = 4

app = typer.Typer(no_args_is_help=True)
Genotype = tuple[tuple[str, int], ...]


@app.command()
def nasbench201(
    images: Images,
    searches: Annotated[int, typer.Option(help="with seeds from 0 on")] = 5,
    mu: Mu = None,
    sigma: Sigma = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Test accuracy on CIFAR-10 of the first pick and of the best, by validation, of the first ten."""
    with one_line("swap_search"):
        space, table = get_space("nasbench201"), load_benchmark("nasbench201")
        validation, test = (table.mean(f"cifar10_{kind}_accuracy_200") for kind in ("validation", "test"))
        report: dict[str, list[list[float]]] = {"SWAP-NAS": [], "random": []}
        for seed in track(range(searches), "searches", console=Console(stderr=True)):
            strategy = make("swap_nas", images=str(images), mu=mu, sigma=sigma)
            picks = strategy.propose(History(), Open(space), PICKS, np.random.default_rng(seed))
            found = [space.find(pick.cell) for pick in picks]
            report["SWAP-NAS"].append(_accuracies(found, validation, test))
            drawn = np.random.default_rng(seed).integers(len(space), size=PICKS).tolist()
            report["random"].append(_accuracies(drawn, validation, test))
        largest = int(np.argmax(table.features["cifar10_parameters"]))
    report["most parameters"] = [_accuracies([largest], validation, test)]
    if as_json:
        print(json.dumps(report | {"best": [float(np.nanmax(validation)), float(np.nanmax(test))]}))
        return
    lines = [[name, *(f"{mean:.2f}" for mean in np.mean(rows, axis=0))] for name, rows in report.items()]
    lines.append(["best of the space", f"{np.nanmax(test):.2f}", ""])
    columns = ["", "test, first pick", f"test, best of {PICKS} by validation"]
    Table(columns, lines, f"mean over {searches} searches, mu {mu}, sigma {sigma}").print()


def _accuracies(cells: list[int], validation: np.ndarray, test: np.ndarray) -> list[float]:
    """Test accuracy in percent, of the first cell and of the one with the best validation accuracy."""
    return [float(test[cells[0]]), float(test[max(cells, key=lambda i: validation[i])])]


@app.command()
def darts(images: Images, seed: int = 0, mu: Mu = None, sigma: Sigma = None, cycles: int = 40) -> None:
    """The genotype with the highest SWAP that an evolution meets, normal and reduction cell alike."""
    with one_line("swap_search"):
        batch = draw_batch(*read_images(images), 16, seed)
        met = evolve(Genotypes(batch, mu, sigma).moves(), Sizes(cycles=cycles), np.random.default_rng(seed))
    best, score = met[0]
    said = {"genotype": best, "swap": score, "thousands": 1e3 * params(toy(best)), "scored": len(met)}
    print(json.dumps(said))


def toy(genotype: Genotype) -> Any:
    """The authors' network of a thousand parameters."""
    return network((genotype, genotype), Toy(channels=3, cells=1, stem=1), 10, rng=0)


@dataclass(frozen=True)
class Genotypes:
    """The authors' space: eight pairs of an operation and an input, `none` and an input twice allowed."""

    batch: Batch
    mu: float | None = None
    sigma: float | None = None

    __repr__ = object.__repr__

    def moves(self) -> Moves[Genotype]:
        return Moves(lambda one: one, draw, mutate, crossover, self.score)

    def score(self, genotype: Genotype) -> float:
        return swap(toy(genotype), self.batch, mu=self.mu, sigma=self.sigma)


def draw(rng: np.random.Generator) -> Genotype:
    """All equally likely."""
    return tuple(_pair(place, rng) for place in range(2 * NODES))


def mutate(genotype: Genotype, rng: np.random.Generator) -> Genotype:
    """Another operation or another input at one place."""
    place = int(rng.integers(2 * NODES))
    (operation, read), (other, elsewhere) = genotype[place], _pair(place, rng)
    changed = (other, read) if rng.random() < 0.5 else (operation, elsewhere)
    return (*genotype[:place], changed, *genotype[place + 1 :])


def crossover(a: Genotype, b: Genotype, rng: np.random.Generator) -> Genotype:
    """Each pair from either."""
    return tuple(pair if left else other for pair, other, left in zip(a, b, rng.random(len(a)) < 0.5, strict=True))


def _pair(place: int, rng: np.random.Generator) -> tuple[str, int]:
    return DARTS_NAMES[rng.integers(len(DARTS_NAMES))], int(rng.integers(2 + place // 2))


if __name__ == "__main__":
    app()
