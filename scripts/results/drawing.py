"""Matplotlib figures as part of a page: two axes with room for names, and SVG that the page's style sheet formats.

Only artists whose gid is `class@predictor` or `class@` become part of the page. Those of one predictor become one group
with its id, which the page's script highlights together with its row. Colours, widths and fonts come from the classes
of `page.css`, so that a drawing follows light and dark. Lengths are about a pixel; y increases upwards.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import product
from textwrap import wrap
from typing import Any, cast
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.isotonic import isotonic_regression

from scripts.results.axes import Axis

LETTER, PITCH, GAP = 6.0, 12.5, 3.0  # width of a letter, rounded up; distance of lines; space between names
BESIDE = 132  # width of names beside marks
REACHES = (13, 24, 36, 50, 66, 84)  # distances of a name from its mark, the nearest first
TURNS = (0, 4, 2, 6, 1, 7, 3, 5)  # directions of a name from its mark in eighths of a circle, the best first
Point = tuple[float, float]
Place = tuple[float, float, str]  # x, y (the middle of the height) and alignment of a text
LEADER = 15  # from the end of a line to its name
INCH = 72  # points; a point of matplotlib is a pixel
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 500, 330, 44, 345, 30, 42  # of a drawing, of its axes, and margins
SETTINGS: Any = {"svg.fonttype": "none", "svg.hashsalt": "metanp", "path.simplify": False}
SIDES = {"left": "", "right": " end", "center": " mid"}  # classes
SVG, HREF = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"


@dataclass(frozen=True)
class Look:
    """Title and colour of a predictor in drawings; `colour` is a class of the style sheet."""

    title: str
    colour: str


Looks = Mapping[str, Look]


def plane(
    x: Axis, y: Axis, names: Iterable[str] = (), *, left: float = LEFT, right: float = RIGHT, height: float = HEIGHT
) -> Axes:
    """A drawing with two axes of at least this height, and with room for names on the right."""
    height = max(height, sum(tall(names, WIDTH - right - LEADER)) - BOTTOM)
    whole = height + TOP + BOTTOM
    place = (left / WIDTH, BOTTOM / whole, (right - left) / WIDTH, height / whole)
    axes = Figure((WIDTH / INCH, whole / INCH), dpi=INCH).add_axes(place, xlim=(x.low, x.high), ylim=(y.low, y.high))
    axes.set_xscale("function", functions=x.warp)
    axes.set_yscale("function", functions=y.warp)
    axes.grid(True)
    for axis, spec, side in ((axes.xaxis, x, "mid"), (axes.yaxis, y, "end")):
        ticks = [tick for tick in spec.ticks if spec.low <= tick <= spec.high]
        axis.set_ticks(ticks, labels=[spec.form(tick) for tick in ticks])
        _marked(f"tick {side}@", axis.get_ticklabels())
    _marked("grid@", (axes.yaxis if len(y.ticks) else axes.xaxis).get_gridlines())
    _marked("axis@", [axes.spines["bottom"], *axes.xaxis.get_ticklines()[::2]])
    write(axes, "label@", ((left + right) / 2, 9), [x.title], "center")
    write(axes, "label@", (4, whole - 10), [y.title])
    return axes


def _marked(gid: str, artists: Iterable[Artist]) -> None:
    for artist in artists:
        artist.set_gid(gid)


def write(axes: Axes, gid: str, at: Point, lines: Sequence[str], side: str = "left") -> None:
    """Write lines of text with this alignment; the middle of their height is at a point of the drawing."""
    kind, _, name = gid.partition("@")
    gid = f"{kind}{SIDES[side]}@{name}"
    for i, line in enumerate(lines):
        y = at[1] - 4 - PITCH * (i - (len(lines) - 1) / 2)
        axes.text(at[0], y, line, ha=side, transform=None, parse_math=False, gid=gid)


def at(axes: Axes, point: Point) -> Point:
    """A point in the units of the axes, in those of the drawing."""
    x, y = axes.transData.transform(point)
    return float(x), float(y)


def names_at(axes: Axes, ends: Mapping[str, Point], titles: Mapping[str, str]) -> None:
    """Write the names of lines on the right, each near the end of its line (`ends`, in the units of the axes)."""
    right, top = axes.transAxes.transform((1, 1))
    points, room = [at(axes, end) for end in ends.values()], WIDTH - right - LEADER
    places = spread([y for _, y in points], tall([titles[name] for name in ends], room), 2, top + 12)
    for name, (x, y), place in zip(ends, points, places, strict=True):
        axes.plot([x, right + 3, right + LEADER - 3], [y, y, place], transform=None, gid=f"leader@{name}")
        write(axes, f"name@{name}", (right + LEADER, place), folded(titles[name], room))


def embedded(axes: Axes, label: str, looks: Looks, notes: Mapping[str, str]) -> str:
    """The SVG element of a page. Screen readers read `label` and the notes; the pointer shows a note."""
    notes = {name: f"{looks[name].title}: {note}" for name, note in notes.items()}
    label = "; ".join([label, *notes.values()])
    stream, figure = StringIO(), cast(Figure, axes.figure)
    with rc_context(SETTINGS):
        figure.savefig(stream, format="svg", metadata={"Date": None})
    root = fromstring(stream.getvalue())
    page = Element("svg", {"viewBox": root.get("viewBox", ""), "role": "img", "aria-label": label})
    marks = {path.get("id"): path.get("d", "") for path in root.iter(f"{SVG}path")}
    owned: dict[str, Element] = {}
    for group in root.iter(f"{SVG}g"):
        kind, known, name = group.get("id", "").partition("@")
        if name and name not in owned:
            owned[name] = Element("g", {"class": f"item {looks[name].colour}", "data-p": name})
            SubElement(owned[name], "title").text = notes[name]
        if known:
            (owned[name] if name else page).extend(_plain(group, kind, marks))
    page.extend(owned[name] for name in sorted(owned, key=lambda name: looks[name].colour == "ours"))  # ours on top
    return tostring(page, encoding="unicode")


def _plain(group: Element, kind: str, marks: Mapping[str | None, str]) -> Iterator[Element]:
    """Paths, circles, ticks and text, with only their class and geometry."""
    for element in group.iter():
        x, y, d = (_short(element.get(key)) for key in ("x", "y", "d"))
        match element.tag.removeprefix(SVG):
            case "path" if not element.get("id"):
                yield Element("path", {"class": kind, "d": d})
            case "use" if "C" in (mark := marks[element.get(HREF, "")[1:]]):
                yield Element("circle", {"class": kind, "cx": x, "cy": y, "r": _short(mark.split()[2])})
            case "use":
                yield Element("path", {"class": kind, "d": f"M{x} {y}v4"})
            case "text":
                text = Element("text", {"class": kind, "x": x, "y": y})
                text.text = element.text
                yield text


def _short(numbers: str | None) -> str:
    """Numbers rounded to a tenth, without unnecessary spaces."""
    rounded = re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), numbers or "")
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", rounded)


# --- places of names: complete, in short lines, near what they name, without overlaps ---------------------------------


def folded(text: str, width: float) -> list[str]:
    """The complete name in lines of this width."""
    return wrap(text, int(width / LETTER), break_on_hyphens=False) or [""]


def tall(texts: Iterable[str], width: float) -> list[float]:
    """Heights of names."""
    return [PITCH * len(folded(text, width)) + GAP for text in texts]


def spread(ideal: Sequence[float], heights: Sequence[float], low: float, high: float) -> np.ndarray:
    """Middles of names near `ideal`, in the same order and without overlap; within [low, high] if they fit."""
    order = np.lexsort([-np.arange(len(ideal)), np.asarray(ideal)])  # of equal ones, the first is the highest
    sizes = np.asarray(heights)[order]
    packed = np.cumsum(sizes) - sizes / 2
    nearest = isotonic_regression(np.asarray(ideal)[order] - packed) if len(order) else packed
    return (np.clip(nearest, low, max(high - sizes.sum(), low)) + packed)[np.argsort(order)]


def beside(points: Sequence[Point], texts: Sequence[str], ends: Sequence[float]) -> Iterator[Place | None]:
    """The place of each point's name; None where earlier names occupy all places near it.

    ends: left, lower, right and upper end of the area for names.
    """
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in points]
    for (x, y), text in zip(points, texts, strict=True):
        lines = folded(text, BESIDE)
        wide, high = LETTER * max(map(len, lines)), PITCH * len(lines)
        for reach, turn in product(REACHES, TURNS):
            right, up = (round(f(turn * math.pi / 4), 9) for f in (math.cos, math.sin))
            at, middle = x + reach * right, y + (reach + high / 2 - 4) * up
            side, share = ("left", 0.0) if right > 0 else ("right", 1.0) if right < 0 else ("center", 0.5)
            box = (at - wide * share, middle - high / 2, at + wide * (1 - share), middle + high / 2)
            inside = ends[0] <= box[0] and ends[1] <= box[1] and box[2] <= ends[2] and box[3] <= ends[3]
            if inside and not any(_meet(box, other) for other in taken):
                taken.append(box)
                yield at, middle, side
                break
        else:
            yield None


def _meet(a: Sequence[float], b: Sequence[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
