"""The pictures of docs/gallery.md, made by the page's own code: `python -m scripts.gallery [NAME ...]`.

The Python blocks of the page run one after another in one namespace, as a reader would run them. A block that is
followed by a picture leaves a figure of matplotlib, which becomes that file. Text and frames take the colour of the
page's reader, dark or light; fonts are those of the reader too, so that files are small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

import matplotlib
import typer
from matplotlib import pyplot, rc_context
from matplotlib.figure import Figure

from metanp.atomic import write_whole
from metanp.nearest import nearest
from scripts.command import ROOT, one_line

PAGE = ROOT / "docs" / "gallery.md"
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\s*!\[[^\]]*\]\((?P<picture>[^)]+\.svg)\))?", re.M | re.S)
INK = "#1f2328"  # stands for the reader's text colour until the file is written
SHEET = f"<style>svg{{color:{INK}}}@media(prefers-color-scheme:dark){{svg{{color:#e6edf3}}}}</style>"
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "metanp",
    "savefig.transparent": True,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    "grid.color": "#858585",
}


@dataclass(frozen=True)
class Block:
    """Code of the page, and the file of the picture behind it, relative to the page; None where there is none."""

    code: str
    picture: str | None


def blocks(page: str) -> list[Block]:
    """The Python blocks of a page, in order."""
    return [Block(found["code"], found["picture"]) for found in BLOCK.finditer(page)]


def run(page: str) -> Iterator[tuple[str, Figure]]:
    """Run all blocks; gives the figure of each that is followed by a picture, with the picture's file.

    Raises:
        ValueError: such a block drew nothing; names the file.
    """
    names: dict[str, Any] = {}
    for number, block in enumerate(blocks(page), start=1):
        pyplot.close("all")
        exec(compile(block.code, f"{PAGE.name}, block {number}", "exec"), names)
        if block.picture:
            if not pyplot.get_fignums():
                raise ValueError(f"block {number} of {PAGE.name} drew nothing for {block.picture}")
            yield block.picture, pyplot.gcf()
    pyplot.close("all")


def as_svg(figure: Figure) -> str:
    """A whole file, the same for the same figure."""
    stream = StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", stream.getvalue(), flags=re.S).replace(INK, "currentColor")
    text = re.sub(r"(font(?:-family)?: [^;\"]*?)(?:'DejaVu Sans'[^;\"]*)", rf"\g<1>{FONT}", text)
    return re.sub(r"(<svg [^>]*>)", rf"\g<1>{SHEET}", text, count=1)


def main(wanted: Annotated[list[str] | None, typer.Argument(metavar="NAME")] = None) -> None:
    """Write the pictures; all, or those of these names, such as `ranking`."""
    matplotlib.use("agg")
    page = PAGE.read_text(encoding="utf-8")
    known = [Path(block.picture).stem for block in blocks(page) if block.picture]
    with one_line("gallery"), rc_context(SETTINGS):
        if unknown := [name for name in wanted or [] if name not in known]:
            raise ValueError(f"no picture {unknown[0]!r}; {nearest(unknown[0], known)}")
        for picture, figure in run(page):
            if not wanted or Path(picture).stem in wanted:
                write_whole(PAGE.parent / picture, as_svg(figure).encode())
                print(f"docs/{picture}")


if __name__ == "__main__":
    typer.run(main)
