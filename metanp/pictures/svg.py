"""A picture, and the elements that it consists of. All text is escaped here, whatever characters it holds.

Lengths are in units of the picture, about a pixel; y grows downwards. Looks are attributes of elements, not a style
sheet, so that a notebook that is shown elsewhere (and a page with several pictures) keeps them.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

LETTER = 6.7  # generous mean width of a letter of `TEXT` size
TEXT = 12  # font size
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

# Colours of a picture in its own file; within a page, the root is the page, whose colour the text takes.
_ALONE = "svg:root{color:#1f2328}@media(prefers-color-scheme:dark){svg:root{color:#e6edf3}}"


@dataclass(frozen=True)
class Picture:
    """An SVG picture, which a notebook shows.

    svg: the whole text.
    alternative: text that a screen reader reads instead.
    """

    svg: str
    alternative: str

    def __repr__(self) -> str:
        return f"<Picture: {self.alternative[:200]}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        # inside the page, where it takes the colour of the page's text
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write an SVG file.

        Raises:
            ValueError: a suffix other than `.svg`.
        """
        if Path(path).suffix.lower() != ".svg":
            raise ValueError(f"{path}: pictures are written as .svg")
        Path(path).write_text(self.svg + "\n", encoding="utf-8")


def picture(width: float, height: float, content: str, alternative: str) -> Picture:
    """A whole picture of this size at most, narrower where the page is."""
    sheet = tag("style", _ALONE)
    svg = tag(
        "svg",
        note(alternative) + sheet + content,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        style="max-width:100%;height:auto",
        font_family=FONT,
        font_size=TEXT,
        fill="currentColor",
    )
    return Picture(svg, alternative)


def tag(name: str, content: str = "", **attributes: object) -> str:
    """An element; `font_size` is its font-size, `class_` its class. Content is SVG already."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{plain(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def words(x: float, y: float, text: str, **attributes: object) -> str:
    """Text at a point."""
    return tag("text", escape(text), x=float(x), y=float(y), **attributes)


def note(text: str) -> str:
    """The text that the browser shows when the pointer rests on an element."""
    return tag("title", escape(text))


def line(x1: float, y1: float, x2: float, y2: float, colour: str = "currentColor", **attributes: object) -> str:
    """A straight line."""
    return tag("line", "", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), stroke=colour, **attributes)


def dot(x: float, y: float, radius: float, colour: str, title: str = "", **attributes: object) -> str:
    """A filled circle, with a note."""
    return tag("circle", note(title) if title else "", cx=float(x), cy=float(y), r=radius, fill=colour, **attributes)


def cut(text: str, letters: int) -> str:
    """The text, its end cut off where it is longer."""
    return text if len(text) <= letters else text[: letters - 1] + "…"


def plain(value: object) -> str:
    """A value of an attribute."""
    return f"{round(value, 2):g}" if isinstance(value, float) else escape(str(value))
