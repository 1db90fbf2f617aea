"""Synthesized learning curves: what the neural process of curves is meta-trained on. No measured curve is seen.

A task is one imagined training set-up: how long, which families of curves, when the learning rate falls, how noisy, in
which unit. Its configurations have traits, hidden numbers. Each parameter of a curve follows in part from these by a
random function, in part it is its own: where the curve starts and ends, how fast it rises, how much it gains when the
learning rate falls, when it overfits, how noisy it is. So parameters go together, and curves cross.

    start, end, pace -> rise -> learning-rate drops, annealing -> overfitting -> noise -> collapses -> unit -> end

An episode shows some of the curves whole, and of all others a prefix of one length.

Axes: config, epoch, trait; task, context, target as in `metanp.curves.neural`.

Source: the families of curves are power laws, stretched exponentials, MMF and logarithmic ones (Domhan et al. 2015); a
prior over curves as in Adriaensen et al. 2023 (arXiv:2310.20447). The rest is this project's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float64
from torch.utils.data import Dataset

from metanp.brief import brief
from metanp.curves.neural import CurveBatch
from metanp.curves.traits import NUMBERS, kinds, traits
from metanp.score_transform import ScoreTransform

Column = Float64[np.ndarray, " config"]
Table = Float64[np.ndarray, "config epoch"]

FEWEST_EPOCHS, MOST_EPOCHS = 8, 200
REACH = 4.0  # ends are clipped to this, in the model's units
FAMILIES: tuple[Callable[[Table, Table], Table], ...] = (
    lambda x, alpha: 1 - (1 + x) ** -alpha,
    lambda x, alpha: 1 - np.exp(-(np.minimum(x, 1e6) ** alpha)),
    lambda x, alpha: 1 - 1 / (1 + np.minimum(x, 1e6) ** alpha),
    lambda x, alpha: 1 - np.log(np.e + x) ** -alpha,
)


@dataclass
class CurveEpisodes:
    """How many whole curves and prefixes an episode has."""

    whole: list[int] = field(default_factory=lambda: [1, 150])  # log-uniform, both ends included
    prefixes: int = 64
    alike: int = 8  # so many consecutive episodes have as many whole curves
    none: float = 0.12  # share of episodes without a whole curve, which train the prior
    guessed: float = 0.6  # share of episodes in which architectures, too, say something of ends


class CurveStream(Dataset):
    """Endless episodes by number, each a pure function of it and the seed."""

    def __init__(self, config: CurveEpisodes, seed: int):
        self.config, self.seed = config, seed

    def __getitem__(self, index: int) -> CurveBatch:
        rng, config = np.random.default_rng([self.seed, index]), self.config
        sizes = np.random.default_rng([self.seed, index // config.alike, 1])
        low, high = np.log(config.whole[0]), np.log(config.whole[1] + 1)
        whole = 0 if sizes.random() < config.none else int(np.exp(sizes.uniform(low, high)))
        return episode(draw_curves(whole + config.prefixes, rng), whole, config.guessed, rng)


def episode(task: CurveTask, whole: int, guessed: float, rng: np.random.Generator) -> CurveBatch:
    """The first curves whole, of all others a prefix of a random length."""
    epochs = task.scores.shape[1]
    share = rng.random() ** 1.3 if rng.random() < 0.6 else epochs ** (rng.random() - 1)
    length = int(np.clip(round(share * epochs), 1, epochs - 1))
    xc, xt = traits(task.scores[:whole, :length], task.scores[whole:, :length], epochs)
    transform = ScoreTransform.fit(task.end[:whole] if whole else task.end)
    end = np.clip(transform.forward(task.end), -REACH, REACH)
    guess = np.zeros(len(end))
    if told := rng.random() < guessed:
        guess = draw_guess(end, np.concatenate([xc, xt])[:, NUMBERS.index("last")], whole, rng)
    xc, xt = np.column_stack([xc, guess[:whole]]), np.column_stack([xt, guess[whole:]])
    parts = (xc, end[:whole], kinds(length, epochs, whole, told), xt, end[whole:])
    return CurveBatch(*(torch.as_tensor(part, dtype=torch.float32) for part in parts))


def draw_guess(end: Column, last: Column, whole: int, rng: np.random.Generator) -> Column:
    """What a predictor that reads architectures says of ends: better the more of them it knew, or of no use at all; it
    may think too much or too little of itself, and know what the curve shows, too."""
    share = rng.beta(0.7, 1.3) * (whole + 3) / (whole + 15) * (rng.random() < 0.75)
    level = share * end + np.sqrt(share * (1 - share)) * rng.normal(size=len(end))
    level += (rng.random() < 0.3) * rng.uniform(-0.5, 0.5) * last
    if not share:
        level = rng.uniform(0, 0.7) * rng.normal(size=len(end))
    return np.clip(np.exp(0.7 * rng.normal()) * level, -REACH, REACH)


def collate(episodes: Sequence[CurveBatch]) -> CurveBatch:
    """Episodes of equal sizes as one batch."""
    return CurveBatch(*(torch.stack(parts) for parts in zip(*(vars(one).values() for one in episodes), strict=True)))


@dataclass(frozen=True)
class CurveTask:
    """Curves, higher is better, and the end that is to be predicted of each, which need not be the last value."""

    scores: Table
    end: Column

    __repr__ = brief


def draw_curves(n: int, rng: np.random.Generator) -> CurveTask:
    """One task of `n` configurations."""
    hidden = Traits(n, rng)
    epochs = int(np.exp(rng.uniform(np.log(FEWEST_EPOCHS), np.log(MOST_EPOCHS))))
    time = np.arange(1, epochs + 1)[None, :]
    spread = np.exp(rng.uniform(np.log(0.03), np.log(0.6)))
    end = hidden.parameter(1.0, spread)
    start = hidden.parameter(0.0, np.exp(rng.uniform(np.log(0.01), np.log(0.3))))
    risen = _rise(hidden, time, rng)
    calm = np.ones_like(risen)
    if rng.random() < 0.4:
        risen, calm = _dropped(hidden, time, risen, calm, rng)
    if rng.random() < 0.3:
        risen, calm = _annealed(hidden, time, risen, calm, rng)
    scores = start[:, None] + (end - start)[:, None] * risen
    if rng.random() < 0.3:
        scores = scores - _overfit(hidden, time, spread, rng)
    scores = scores + calm * _noise(hidden, risen, spread, rng)
    if rng.random() < 0.35:
        scores = _collapsed(hidden, time, scores, start.mean(), spread, rng)
    scores = _in_some_unit(scores, rng)
    return CurveTask(scores, _end_that_counts(scores, rng))


class Traits:
    """Hidden numbers of configurations, and parameters that follow from them."""

    def __init__(self, n: int, rng: np.random.Generator):
        self.n, self.rng = n, rng
        self.values = rng.normal(size=(n, int(rng.integers(1, 6))))
        self.common = self.function()

    def function(self) -> Column:
        """A random function of the traits, mean 0 and variance 1 over the configurations."""
        x, rng = self.values, self.rng
        straight = x @ (rng.normal(size=x.shape[1]) * rng.exponential(size=x.shape[1]))
        hidden = np.tanh(x @ rng.normal(size=(x.shape[1], 8)) * rng.uniform(0.3, 1.5) + rng.normal(size=8))
        mixed = _unit(straight) * rng.random() + _unit(hidden @ rng.normal(size=8)) * rng.random()
        return _unit(mixed)

    def parameter(self, mean: float, spread: float) -> Column:
        """One number a configuration: partly of the traits, partly its own, often going with one common function."""
        rng = self.rng
        known, together = rng.random(), (rng.random() < 0.6) * rng.uniform(-1, 1)
        own = self.function() * np.sqrt(known) + rng.normal(size=self.n) * np.sqrt(1 - known)
        if rng.random() < 0.15:
            own = np.sign(own) * np.abs(own) ** 1.8  # heavy tails
        return mean + spread * (np.sqrt(1 - together**2) * own + together * self.common)

    def share(self, low: float, high: float) -> Float64[np.ndarray, "config 1"]:
        """A parameter between 0 and 1, whose mean lies between those of `low` and `high` on the logit's scale."""
        logit = self.parameter(self.rng.uniform(low, high), self.rng.uniform(0.1, 0.8))
        return (1 / (1 + np.exp(-logit)))[:, None]


def _unit(values: Column) -> Column:
    return (values - values.mean()) / (values.std() + 1e-9)


def _rise(hidden: Traits, time: np.ndarray, rng: np.random.Generator) -> Table:
    """From 0 towards 1, each configuration by one of one or two families."""
    epochs, n = time.shape[1], hidden.n
    spread = rng.uniform(0.1, 1.2) if rng.random() < 0.7 else rng.uniform(1.2, 3.5)  # some hardly begin to learn
    pace = np.exp(hidden.parameter(np.log(epochs) * rng.random() - 1, spread))[:, None]
    alpha = np.exp(hidden.parameter(rng.uniform(-0.7, 0.4), rng.uniform(0.02, 0.4)))[:, None]
    some = rng.choice(len(FAMILIES), size=int(rng.integers(1, 3)), replace=False)
    by_chance = rng.random() < 0.5
    which = rng.choice(some, size=n) if by_chance else some[(hidden.function() > 0).astype(int) % len(some)]
    risen = np.zeros((n, epochs))
    for family in some:
        rows = which == family
        risen[rows] = FAMILIES[family](time / pace[rows], alpha[rows])
    return risen


def _dropped(
    hidden: Traits, time: np.ndarray, risen: Table, calm: Table, rng: np.random.Generator
) -> tuple[Table, Table]:
    """The learning rate falls up to three times: curves jump part of the way, and are calmer after it."""
    epochs, own = time.shape[1], rng.random() < 0.3
    for share in np.sort(rng.uniform(0.2, 0.95, size=int(rng.integers(1, 4)))):
        moment = share * epochs * (np.exp(0.2 * rng.normal(size=(hidden.n, 1))) if own else np.ones((hidden.n, 1)))
        since = np.clip(time - moment, 0, None)
        jumped = hidden.share(-2, 1) * (1 - np.exp(-since / max(1, 0.02 * epochs)))
        risen = risen + (1 - risen) * jumped
        calm = calm * np.where(since > 0, rng.uniform(0.2, 1), 1)
    return risen, calm


def _annealed(
    hidden: Traits, time: np.ndarray, risen: Table, calm: Table, rng: np.random.Generator
) -> tuple[Table, Table]:
    """The learning rate falls smoothly to 0: curves rise once more towards the end, and noise vanishes."""
    gone = time / time.shape[1]
    risen = risen + (1 - risen) * hidden.share(-2, 1) * gone ** rng.uniform(2, 6)
    return risen, calm * (1 - 0.9 * gone**2)


def _overfit(hidden: Traits, time: np.ndarray, spread: float, rng: np.random.Generator) -> Table:
    """What is lost from some epoch on, by those configurations that lose anything."""
    epochs = time.shape[1]
    rate = np.clip(hidden.parameter(rng.uniform(-0.5, 0.5), rng.uniform(0.2, 1)), 0, None)[:, None]
    when = np.exp(hidden.parameter(np.log(epochs * rng.uniform(0.2, 0.8)), rng.uniform(0.05, 0.6)))[:, None]
    return 3 * spread * rng.uniform(0.02, 0.4) * rate * np.clip(time - when, 0, None) / epochs


def _noise(hidden: Traits, risen: Table, spread: float, rng: np.random.Generator) -> Table:
    """Falls as curves rise; its size is a parameter; sometimes correlated over epochs, sometimes with heavy tails."""
    size = np.exp(hidden.parameter(np.log(spread) + rng.uniform(-4.5, 0.2), rng.uniform(0.05, 0.8)))[:, None]
    normal = rng.normal(size=risen.shape)
    if rng.random() < 0.3:
        kept = rng.uniform(0.2, 0.9)
        for j in range(1, normal.shape[1]):
            normal[:, j] = kept * normal[:, j - 1] + np.sqrt(1 - kept**2) * normal[:, j]
    if rng.random() < 0.2:
        normal *= rng.standard_gamma(1.5, size=normal.shape) ** -0.5
    return size * (0.15 + np.abs(1 - np.clip(risen, 0, 1))) ** rng.uniform(0, 1.5) * normal


def _collapsed(
    hidden: Traits, time: np.ndarray, scores: Table, start: float, spread: float, rng: np.random.Generator
) -> Table:
    """Some configurations never learn, or diverge at some epoch; which, chance or traits decide. What they would have
    learned may still show, hardly."""
    share = rng.uniform(0.01, 0.3) if rng.random() < 0.6 else rng.uniform(0.3, 0.7)
    fate = rng.random(hidden.n) if rng.random() < 0.5 else hidden.function() + 0.5 * rng.normal(size=hidden.n)
    at_once = rng.random(hidden.n) < rng.random()
    when = np.where(at_once, 0, rng.random(hidden.n) * time.shape[1])[:, None]
    low = start - (rng.random() < 1 / 3) * rng.random()
    gone = (fate < np.quantile(fate, share))[:, None] & (time >= when)
    left = 10 ** rng.uniform(-4, -1) * (scores - start) if rng.random() < 0.5 else 0.0
    size = 10 ** (rng.uniform(-6, -1.5) + rng.uniform(0, 1.5) * hidden.function())[:, None]
    noise = size * spread * rng.normal(size=scores.shape)
    return np.where(gone, low + left + (noise if rng.random() < 0.5 else -np.abs(noise)), scores)


def _in_some_unit(scores: Table, rng: np.random.Generator) -> Table:
    """As they are, as accuracies below a ceiling, or losses with a long tail; sometimes rounded, as of few images."""
    standard = (scores - scores[:, -1].mean()) / (scores[:, -1].std() + 1e-9)
    kind = rng.random()
    if kind < 0.25:
        scores = 1 / (1 + np.exp(-np.clip(rng.uniform(0.3, 2) * standard + rng.normal(), -30, 30)))
    elif kind < 0.5:
        scores = -np.exp(np.clip(-rng.uniform(0.2, 3) * standard, -30, 20))
    elif kind < 0.6:
        scores = np.exp(np.clip(rng.uniform(0.1, 0.7) * standard, -30, 8))
    if rng.random() < 0.15:
        step = np.quantile(np.abs(scores), 0.9) / rng.integers(50, 1000)
        scores = np.round(scores / step) * step
    return scores


def _end_that_counts(scores: Table, rng: np.random.Generator) -> Column:
    """Mostly the last value; or that of other images, the best, or an average of the last."""
    kind, last = rng.random(), scores[:, -1].copy()
    if kind < 0.1:
        return last + rng.uniform(0.02, 0.4) * last.std() * rng.normal(size=len(last))
    if kind < 0.17:
        return scores.max(1)
    if kind < 0.24:
        return scores[:, -max(1, scores.shape[1] // 10) :].mean(1)
    return last
