"""The pictures of docs/how-it-works.md, from the shipped model and the library's example: `python -m scripts.explain`.

encoder.svg: one cell, what it computes, and what the encoder makes of it. heads.svg: what the heads say of one
candidate, and their mixture, after 5, 20 and 60 evaluated cells. shortlist.svg: mean and spread of all candidates, the
first ten by mean and the shortlist.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from metanp import Cell, CellArray, MetaNP, examples
from metanp.features import FEATURE_NAMES, graph_features
from metanp.graphs import Graphs
from metanp.pictures import Picture
from metanp.pictures.axes import Scale, legend, x_axis, y_axis
from metanp.pictures.cell import draw_cell
from metanp.pictures.colours import BLUE, GREY, ORANGE
from metanp.pictures.svg import dot, line, picture, plain, tag, words
from metanp.predicted import MixtureQuantiles
from scripts.command import ROOT

FOLDER = ROOT / "docs" / "pictures"
MODEL = MetaNP.from_pretrained("label-free")
EXAMPLE = examples.load()
SHOWN = Cell.from_nasbench201("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|")
CONTEXTS = (5, 20, 60)
NUMBERS = ("depth", "nodes", "width", "receptive_max", "all_conv3x3", "all_conv1x1", "skipless_depth")


def main(folder: Path = FOLDER) -> None:
    """Write all three."""
    for name, drawn in {"encoder": encoder(), "heads": heads(), "shortlist": shortlist()}.items():
        drawn.save(folder / f"{name}.svg")


def encoder() -> Picture:
    """As written, as computed, as numbers."""
    array = CellArray.from_cells([SHOWN])
    features = dict(zip(FEATURE_NAMES, graph_features(array.pruned())[0].tolist(), strict=True))
    embedding = MODEL.model.encoder(Graphs.of(array.pruned()).to_batch()).embedding[0].tolist()
    parts = [words(40, 18, "as written"), words(250, 18, "what it computes"), words(420, 18, "what the heads read")]
    parts += [_inside(draw_cell(SHOWN), 0, 30), _inside(draw_cell(SHOWN.canonical), 240, 30)]
    parts += [words(205, 130, "→", font_size=24), words(385, 130, "→", font_size=24)]
    parts.append(words(420, 46, f"{len(features)} graph features, such as", opacity=0.8))
    for i, name in enumerate(NUMBERS):
        parts += [words(432, 66 + 17 * i, name), words(610, 66 + 17 * i, f"{features[name]:g}", text_anchor="end")]
    parts.append(words(420, 200, "Weisfeiler-Lehman patterns", opacity=0.8))
    parts.append(words(432, 218, "conv3x3 after the input, ..."))
    parts.append(words(420, 248, f"a learned embedding of {len(embedding)} numbers", opacity=0.8))
    parts += [_pixel(432 + 11 * (i % 16), 258 + 11 * (i // 16), value) for i, value in enumerate(embedding)]
    return picture(640, 310, "".join(parts), "a cell, its pruned form, and the numbers that the encoder makes of it")


def heads() -> Picture:
    """A panel for each number of evaluated cells."""
    candidate = [EXAMPLE.candidates[0]]
    parts = [_panel(i, n, candidate) for i, n in enumerate(CONTEXTS)]
    marks = [(line(-9, 0, 9, 0, GREY), "a head, by its weight"), (line(-9, 0, 9, 0, BLUE, stroke_width=2.5), "mixture")]
    drawn, height = legend(marks, 190, 4, 640)
    return picture(640, 184 + height, "".join(parts) + drawn, "densities of heads and of their mixture")


def shortlist(k: int = 10) -> Picture:
    """Mean and standard deviation of every candidate."""
    model = MODEL.fit(EXAMPLE.cells[:20], EXAMPLE.accuracy[:20])
    mean, std = model.predict(EXAMPLE.candidates, return_std=True, noise=False)
    chosen, ranked = model.shortlist(EXAMPLE.candidates, k), model.rank(EXAMPLE.candidates, k)
    short, first = set(chosen.index.tolist()), set(ranked.index.tolist())
    likely = np.flatnonzero(mean > np.quantile(mean, 0.85))
    x = Scale(float(mean[likely].min()) - 0.1, float(mean.max()) + 0.3, 50, 620)
    y = Scale(0, float(std[likely].max()) * 1.05, 300, 30)
    parts = [y_axis(y, 50, 620, "standard deviation"), x_axis(x, 30, 300, "predicted mean, percent")]
    for row in sorted(likely.tolist(), key=lambda row: row in short or row in first):
        at = x(mean[row]), y(std[row])
        parts.append(dot(*at, 4 if row in short else 2.5, BLUE if row in short else GREY, fill_opacity=0.9))
        parts += [dot(*at, 7, "none", stroke=ORANGE, stroke_width=2)] if row in first else []
    marks = [
        (dot(0, 0, 4, BLUE), f"shortlist of {k}"),
        (dot(0, 0, 7, "none", stroke=ORANGE, stroke_width=2), "by mean"),
    ]
    marks.append((dot(0, 0, 2.5, GREY), "others of the best 15 % by mean"))
    drawn, height = legend(marks, 356, 4, 640)
    return picture(640, 350 + height, "".join(parts) + drawn, "mean and spread of candidates, and which are chosen")


def _panel(place: int, n: int, candidate: list[Cell]) -> str:
    predicted = MODEL.fit(EXAMPLE.cells[:n], EXAMPLE.accuracy[:n]).predict_distribution(candidate)
    assert isinstance(predicted.quantile, MixtureQuantiles)
    (mixture,) = predicted.quantile.mixtures
    log_weight, mean, std = (vars(mixture)[name][0].double().numpy().ravel() for name in ("log_weight", "mean", "std"))
    weight, at = np.exp(log_weight), np.linspace(-3, 3, 61)
    each = weight * np.exp(-(((at[:, None] - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))
    x = Scale(-3, 3, 210 * place + 6, 210 * place + 200)
    y = Scale(0, float(each.sum(1).max()) * 1.1, 140, 30)
    parts = [words(x(-3), 18, f"{n} evaluated cells", font_weight=600), line(x(-3), 140, x(3), 140)]
    parts += [_curve(x, y, at, density, GREY, 1.0) for density in each.T[weight > 0.01]]
    parts += [_curve(x, y, at, each.sum(1), BLUE, 2.5), words(x(0), 158, "score", text_anchor="middle", opacity=0.8)]
    return "".join(parts)


def _curve(x: Scale, y: Scale, at: Iterable[float], density: Iterable[float], colour: str, width: float) -> str:
    points = " ".join(f"{plain(x(u))},{plain(y(v))}" for u, v in zip(at, density, strict=True))
    return tag("polyline", points=points, fill="none", stroke=colour, stroke_width=width)


def _inside(drawn: Picture, x: float, y: float) -> str:
    """A picture within another, without what it says to be alone."""
    svg = re.sub(r"<style>.*?</style>", "", drawn.svg)
    return svg.replace("<svg ", f'<svg x="{x:g}" y="{y:g}" ', 1)


def _pixel(x: float, y: float, value: float) -> str:
    colour = BLUE if value > 0 else ORANGE
    return tag("rect", x=x, y=y, width=10, height=10, fill=colour, fill_opacity=round(min(1.0, abs(value) / 2), 2))


if __name__ == "__main__":
    main()
