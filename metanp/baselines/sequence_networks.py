"""NAO and SemiNAS: a cell is read as a sequence, a recurrent encoder embeds it, a perceptron predicts its score.

A decoder that reconstructs the sequence regularises the embedding: its likelihood is a fifth of the loss. SemiNAS then
labels unevaluated cells with its own predictions and trains on both.

The sequence: node by node, whether an edge comes from each earlier node, then the node's operation.

Axes: cell; step of the sequence, padded; word, of those: no edge, an edge, operations.

Sources: Luo et al. 2018 (NAO, arXiv:1808.07233), Luo et al. 2020 (SemiNAS, arXiv:2002.10389); sizes and training of
White et al. 2021 (arXiv:2104.01177) as in NASLib.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import rnn

from metanp.baselines.graph_inputs import GraphInputs, written, written_with_side
from metanp.baselines.networks import Network, Training, train
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.contract import About
from metanp.operations import VOCABULARY

PADDING, NO_EDGE, EDGE, FIRST_OPERATION = range(4)
WORDS = FIRST_OPERATION + len(VOCABULARY)
PARTS = 9  # of the range of a side feature
OF_SCORES = 0.8  # share of the loss; the rest is the decoder's


@dataclass(frozen=True)
class Sizes:
    """Of the recurrent networks: `width` of words and states, `d_hidden` of the perceptron."""

    width: int = 64
    d_hidden: int = 16
    dropout: float = 0.1


class NAO(Network):
    """One bidirectional recurrent layer of 64; 50 epochs."""

    about = About("NAO", "Luo et al. 2018, arXiv:1808.07233; as in arXiv:2104.01177", needs=("cells",))
    training = Training(epochs=50, batch=100, rate=1e-3, weight_decay=1e-4, clip=5.0)
    fewest_labels = 2
    read: Any = staticmethod(written)

    def build(self, context: Any) -> nn.Module:
        return Recurrent(Sizes())

    def tensors(self, inputs: Any) -> list[Tensor]:
        return [sequence(inputs.cells)]

    def loss(self, net: Any, read: list[Tensor], value: Float[Tensor, " cell"], batch: Int[Tensor, " item"]) -> Tensor:
        words = read[0][batch]
        score, likelihood = net.score_and_likelihood(words)
        return OF_SCORES * functional.mse_loss(score, value[batch]) - (1 - OF_SCORES) * likelihood


class SemiNAS(NAO):
    """NAO, then 50 epochs on the evaluated cells, ten times each, and on as many others with predicted scores.

    `fit(cells, score, unlabelled=pool)` takes the others from an encoded pool.
    """

    about = About(
        "SemiNAS", "Luo et al. 2020, arXiv:2002.10389; as in arXiv:2104.01177", needs=("cells", "unlabelled cells")
    )
    repeats = 10

    def fit(
        self,
        cells: Iterable[Cell] | CellArray = (),
        score: Any = (),
        features: Any = None,
        unlabelled: GraphInputs | None = None,
    ) -> Self:
        """As any baseline; `unlabelled`: a pool from which as many cells are drawn as were evaluated.

        These may be the candidates themselves, as no scores of them are used.
        """
        self._unlabelled = unlabelled
        return super().fit(cells, score, features)

    def _learn(self, read: list[Tensor], value: Float[Tensor, " cell"]) -> None:
        super()._learn(read, value)
        if self._unlabelled is None or not len(self._unlabelled):
            return
        rows = np.random.default_rng(self.seed).permutation(len(self._unlabelled.cells))[: len(value)]
        others = self.tensors(self._unlabelled.take(np.sort(rows)))[0].to(self.device)
        with torch.no_grad():
            predicted = self._net(others)
        words = _stacked(read[0].repeat(self.repeats, 1), others)
        values = torch.cat([value.repeat(self.repeats), predicted])
        train(self._net, lambda batch: self.loss(self._net, [words], values, batch), len(values), self.training)
        del self._unlabelled


class SemiNASWithTokens(SemiNAS):
    """SemiNAS whose sequence begins with a word for each side feature: which of at most nine parts it is in.

    The parts hold equally many of the evaluated and unlabelled cells; a missing number has a word of its own.
    """

    read = staticmethod(written_with_side)
    _cuts: list[Float[np.ndarray, " cut"]]

    def build(self, context: Any) -> nn.Module:
        known = [context.side.values]
        if self._unlabelled is not None:
            known.append(self._unlabelled.side.like(context.side))
        self._cuts = [_cuts(column) for column in np.concatenate(known).T]
        return Recurrent(Sizes(), WORDS + (PARTS + 1) * len(self._cuts))

    def tensors(self, inputs: Any) -> list[Tensor]:
        values = inputs.side.like(self._context.side)
        words = np.zeros((inputs.n_rows, len(self._cuts)), dtype=np.int64)
        for j, cuts in enumerate(self._cuts):
            column = values[:, j]
            part = np.where(np.isfinite(column), np.searchsorted(cuts, column), PARTS)
            words[:, j] = WORDS + (PARTS + 1) * j + part
        return [torch.cat([torch.from_numpy(words), sequence(inputs.cells)], dim=1)]


def _cuts(column: Float[np.ndarray, " cell"]) -> Float[np.ndarray, " cut"]:
    """Between parts of equally many numbers."""
    known = column[np.isfinite(column)]
    return np.unique(np.quantile(known, np.arange(1, PARTS) / PARTS)) if len(known) else np.zeros(0)


class Recurrent(nn.Module):
    """(cell, step) words -> a score each; each step's state is a unit vector, the embedding their normalised sum."""

    def __init__(self, sizes: Sizes, words: int = WORDS):
        super().__init__()
        width, drop = sizes.width, nn.Dropout(sizes.dropout)
        self.words = nn.Embedding(words, width, padding_idx=PADDING)
        self.dropout = drop
        self.encoder = nn.LSTM(width, width, batch_first=True, bidirectional=True)
        self.join = nn.Linear(2 * width, width)
        self.refine = nn.Sequential(
            nn.Linear(width, sizes.d_hidden), nn.ReLU(), drop, nn.Linear(sizes.d_hidden, width), nn.ReLU(), drop
        )
        self.readout = nn.Linear(width, 1)
        self.decoder = nn.LSTM(width, width, batch_first=True)
        self.query, self.write = nn.Linear(width, width, bias=False), nn.Linear(2 * width, width, bias=False)
        self.spell = nn.Linear(width, words)

    def forward(self, words: Int[Tensor, "cell step"]) -> Float[Tensor, " cell"]:
        return self._score(self.encode(words)[1])

    def score_and_likelihood(self, words: Int[Tensor, "cell step"]) -> tuple[Float[Tensor, " cell"], Float[Tensor, ""]]:
        """Scores, and the mean log-probability of each word under the decoder, given the words before it."""
        states, embedding = self.encode(words)
        before = functional.pad(words[:, :-1], (1, 0), value=PADDING)
        start = embedding[None].contiguous()
        h, _ = self.decoder(self.dropout(self.words(before)), (start, start))
        real = (words != PADDING)[:, None, :]
        attended = functional.scaled_dot_product_attention(self.query(h), states, states, attn_mask=real, scale=1.0)
        spelled = self.spell(torch.tanh(self.write(torch.cat([h, attended], dim=-1))))
        error = functional.cross_entropy(spelled.flatten(0, 1), words.flatten(), ignore_index=PADDING)
        return self._score(embedding), -error

    def encode(self, words: Int[Tensor, "cell step"]) -> tuple[Float[Tensor, "cell step d"], Float[Tensor, "cell d"]]:
        embedded = self.dropout(self.words(words))
        lengths = (words != PADDING).sum(1).cpu()  # read backwards from the last real word, however wide the array is
        packed = rnn.pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        states, _ = rnn.pad_packed_sequence(self.encoder(packed)[0], batch_first=True, total_length=words.shape[1])
        states = functional.normalize(self.join(states) + embedded, dim=-1)
        return states, functional.normalize((states * (words != PADDING)[..., None]).sum(1), dim=-1)

    def _score(self, embedding: Float[Tensor, "cell d"]) -> Float[Tensor, " cell"]:
        return self.readout((self.refine(embedding) + embedding) * 0.5**0.5)[:, 0]


def _stacked(*parts: Int[Tensor, "cell _"]) -> Int[Tensor, "all step"]:
    """Concatenated, padded to the longest."""
    steps = max(part.shape[1] for part in parts)
    return torch.cat([functional.pad(part, (0, steps - part.shape[1]), value=PADDING) for part in parts])


def sequence(cells: CellArray) -> Int[Tensor, "cell step"]:
    """Words of each cell, without those of the input."""
    operation = torch.tensor(cells.in_words().operation, dtype=torch.long)
    edge = torch.tensor(cells.adjacency, dtype=torch.long)
    steps = []
    for node in range(1, operation.shape[1]):
        real = operation[:, node] >= 0
        words = torch.cat([NO_EDGE + edge[:, :node, node], FIRST_OPERATION + operation[:, node, None]], dim=1)
        steps.append(torch.where(real[:, None], words, PADDING))
    return torch.cat(steps, dim=1)
