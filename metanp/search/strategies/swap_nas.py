"""SWAP-NAS: evolution by the SWAP of untrained networks, and not one evaluation.

The first ask runs the whole evolution; every ask gives the best cells that it met and that were not asked for yet. What
is told changes nothing. Its random seed is written beside the picks, so that a search that is made again goes on with
the same evolution.

SWAP is that of a small network around the cell. Without `images` the batch is noise, which orders worse (Spearman .63
instead of .89 in the authors' cells of DARTS). `mu` and `sigma` regularise it towards a size, in thousands of
parameters of the small network; the authors chose theirs on the accuracies they then compared with, and there are none
here.

Needs a space, for neighbours, and modules for its operations.

Source: Peng et al., "SWAP-NAS", ICLR 2024 (arXiv:2403.04161).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from metanp.cell import Cell
from metanp.search.candidates import Candidates
from metanp.search.history import History
from metanp.search.scored_evolution import Moves, Sizes, evolve
from metanp.search.strategy import Pick, Strategy

SIDE = 16  # pixels of noise that stands for an image
IMAGES = 32  # enough that patterns do not saturate
CLASSES = 10
TRIES = 20  # crossovers and mutants that are no candidates, before there is none


class SwapNAS(Strategy):
    """Args: images: an .npz of images x and labels y; noise without. skeleton: the network around a cell, of
    `metanp.networks.SKELETONS`. mu, sigma: as `metanp.proxies.size_factor`; both or neither. sizes: of the evolution.
    """

    needs_neighbours = True
    title = "SWAP-NAS, no evaluation"
    source = "Peng et al. 2024, arXiv:2403.04161"

    def __init__(
        self,
        images: str | None = None,
        skeleton: str = "small",
        mu: float | None = None,
        sigma: float | None = None,
        sizes: Sizes | dict[str, Any] | None = None,
        batch: int = 1,
    ):
        if (mu is None) != (sigma is None):
            raise ValueError(f"mu is {mu} and sigma {sigma}; give both, in thousands of parameters, or neither")
        self.images, self.skeleton, self.mu, self.sigma, self.batch = images, skeleton, mu, sigma, batch
        self.sizes = sizes if isinstance(sizes, Sizes) else Sizes(**(sizes or {}))
        self._ran: tuple[Candidates, int, list[tuple[Cell, float]]] | None = None

    def propose(self, history: History, candidates: Candidates, n: int, rng: np.random.Generator) -> list[Pick]:
        seed = next((one.note["evolution"] for one in history.evaluated if "evolution" in one.note), None)
        seed = int(rng.integers(2**31)) if seed is None else int(seed)
        met = self._evolved(candidates, seed)
        scores = {cell.key: score for cell, score in met}
        fresh = candidates.fresh((cell for cell, _ in met), history.taken, n)
        picks = [Pick(cell, {"swap": scores[cell.key], "evolution": seed}) for cell in fresh]
        taken = history.taken | {cell.key: cell for cell in fresh}
        return [*picks, *(Pick(cell) for cell in candidates.random(taken, n - len(picks), rng))]

    def _evolved(self, candidates: Candidates, seed: int) -> list[tuple[Cell, float]]:
        if self._ran is None or self._ran[0] is not candidates or self._ran[1] != seed:
            rng = np.random.default_rng(seed)
            there = candidates.random({}, 1, np.random.default_rng(seed))
            self._ran = candidates, seed, evolve(self._moves(candidates), self.sizes, rng) if there else []
        return self._ran[2]

    def _moves(self, candidates: Candidates) -> Moves[Cell]:
        space, batch = candidates.space, self._batch()

        def mutate(cell: Cell, rng: np.random.Generator) -> Cell | None:
            near = candidates.neighbours(cell)
            for i in rng.permutation(len(near))[:TRIES]:
                if candidates.feasible(near[i]):
                    return near[i]
            return None

        def crossover(a: Cell, b: Cell, rng: np.random.Generator) -> Cell:
            child = a if space is None else space.crossover(a, b, rng)
            return candidates.find(child) if candidates.has(child) else a

        return Moves(
            key=lambda cell: cell.key,
            sample=lambda rng: candidates.random({}, 1, rng)[0],
            mutate=mutate,
            crossover=crossover,
            score=lambda cell: self._score(cell, batch),
        )

    def _score(self, cell: Cell, batch: Any) -> float:
        from metanp.networks import network
        from metanp.proxies import swap

        built = network(cell, self.skeleton, CLASSES, batch.images.shape[1], rng=0)
        return swap(built, batch, rng=0, mu=self.mu, sigma=self.sigma)

    def _batch(self) -> Any:
        from metanp.proxies.image_file import draw_batch, read_images

        if self.images is not None:
            return draw_batch(*read_images(Path(self.images)), IMAGES, 0)
        rng = np.random.default_rng(0)
        return draw_batch(rng.normal(size=(IMAGES, 3, SIDE, SIDE)), np.arange(IMAGES) % CLASSES, IMAGES, 0)
