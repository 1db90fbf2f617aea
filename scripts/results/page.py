"""The pages of all studies: self-contained HTML that opens from disk, without network, and works without JavaScript.

    described, figures, tables -> a study's template, which fills the blocks of page.html.j2 -> one file

The same rows give the same bytes.
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
    """A drawing, or small panels by entrant."""

    title: str
    caption: str
    drawing: str = ""
    panels: Mapping[str, str] = field(default_factory=dict)


def families(described: Mapping[str, Described]) -> dict[str, Cell]:
    """Table cells of the families, with their colours, by entrant."""
    looked = looks(described)
    return {name: Cell(one.family, colour=looked[name].colour) for name, one in described.items()}


def write_page(
    path: Path, template: Path, described: Mapping[str, Described], blocks: Sequence[Block], failed: Table, **more: Any
) -> None:
    """Write a page.

    Args:
        template: the study's template, beside its code; `more` fills its blocks.
        described: the entrants, in the order of the page; "metanp" is ours.
        blocks: published numbers. failed: failed fits.
        more: variables of the template; `facts` always has kind, about, date, machine, commit and downloads ({title:
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
