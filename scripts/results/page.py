"""The pages of all studies: self-contained HTML that opens from disk, asks no network, is useful without JavaScript.

described, figures, tables -> a study's template, which fills the blocks of page.html.j2 -> one file

The same rows make the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scripts.results.entrants import OURS, Described
from scripts.results.plots import looks
from scripts.results.published import FAMILIES, GRADES, Block
from scripts.results.table import Cell, Table
from scripts.results.wording import listed, number

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Figure:
    """A drawing, or small ones beside one another by entrant."""

    title: str
    caption: str
    drawing: str = ""
    panels: Mapping[str, str] = field(default_factory=dict)


def families(described: Mapping[str, Described]) -> dict[str, Cell]:
    """A cell of a table for each, with the colour of its family."""
    looked = looks(described)
    return {name: Cell(one.family, colour=looked[name].colour) for name, one in described.items()}


def write_page(
    path: Path, template: Path, described: Mapping[str, Described], blocks: Sequence[Block], failed: Table, **more: Any
) -> None:
    """Write a page.

    Args:
        template: of the study, beside its code. Its blocks are filled with `more`.
        described: who took part, in the order of the page; "metanp" is ours.
        blocks: of published numbers. failed: fits that came to nothing.
        more: what the template asks for; `facts` always are kind, about, date, machine, commit and downloads ({title:
            path beside the page}).
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, HERE]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"listed": listed, "number": number, "drawn": Markup}
    environment.globals["source"] = lambda name: Markup((HERE / name).read_text(encoding="utf-8"))
    looked, cells = looks(described), families(described)
    more |= {"described": described, "blocks": blocks, "failed": failed, "looks": looked}
    more |= {"families": dict.fromkeys((cell.text, cell.colour) for name, cell in cells.items() if name != OURS)}
    more |= {"protocol_families": FAMILIES, "grades": GRADES, "ours": OURS if OURS in described else None}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(environment.get_template(template.name).render(more), encoding="utf-8")
