"""What the pages of all studies share: templates with what they may use, the style and the script."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from scripts.results.wording import listed, number

HERE = Path(__file__).parent


def environment(folder: Path) -> Environment:
    """Templates of a study's folder; `source` puts the style or the script of this one into a page."""
    environment = Environment(
        loader=FileSystemLoader([folder, HERE]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"listed": listed, "number": number, "drawn": Markup}
    environment.globals["source"] = lambda name: Markup((HERE / name).read_text(encoding="utf-8"))
    return environment
