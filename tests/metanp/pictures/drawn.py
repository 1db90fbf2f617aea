"""What is drawn in a picture: its texts and boxes, with their places, for tests that look for overlaps."""

import re
from collections.abc import Iterator
from itertools import combinations
from xml.etree import ElementTree as XML

from metanp.pictures import Picture

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]
NARROW = 0.5  # mean width of a letter over the font's size, of a narrow font: what overlaps so, overlaps in any


def texts(picture: Picture) -> list[str]:
    return [text for text, _ in placed_texts(picture)]


def placed_texts(picture: Picture) -> list[tuple[str, Box]]:
    """Each text and the box it takes."""
    found = []
    for element, dx, dy in _walk(XML.fromstring(picture.svg), 0.0, 0.0):
        if element.tag == f"{SVG}text":
            size = float(element.get("font-size", 12))
            x, y, width = float(element.get("x")) + dx, float(element.get("y")) + dy, NARROW * size * len(element.text)
            left = x - {"start": 0, "middle": 0.5, "end": 1}[element.get("text-anchor", "start")] * width
            found.append((element.text, (left, y - 0.75 * size, left + width, y + 0.2 * size)))
    return found


def rectangles(picture: Picture) -> list[Box]:
    found = []
    for element, dx, dy in _walk(XML.fromstring(picture.svg), 0.0, 0.0):
        if element.tag == f"{SVG}rect":
            x, y, w, h = (float(element.get(name)) for name in ("x", "y", "width", "height"))
            found.append((x + dx, y + dy, x + dx + w, y + dy + h))
    return found


def size(picture: Picture) -> tuple[float, float]:
    _, _, width, height = map(float, XML.fromstring(picture.svg).get("viewBox").split())
    return width, height


def overlaps(boxes: list[tuple[str, Box]]) -> list[tuple[str, str]]:
    return [(a, b) for (a, p), (b, q) in combinations(boxes, 2) if _meet(p, q)]


def outside(picture: Picture) -> list[str]:
    """Texts that begin or end beyond the picture."""
    width, height = size(picture)
    return [text for text, (a, b, c, d) in placed_texts(picture) if a < 0 or b < 0 or c > width or d > height]


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _walk(element: XML.Element, dx: float, dy: float) -> Iterator[tuple[XML.Element, float, float]]:
    if moved := re.fullmatch(r"translate\((\S+) (\S+)\)", element.get("transform", "")):
        dx, dy = dx + float(moved[1]), dy + float(moved[2])
    yield element, dx, dy
    for child in element:
        yield from _walk(child, dx, dy)
