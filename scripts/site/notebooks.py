"""Notebooks as pages: text as it is, code in blocks, and below each the outputs that are stored with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat


def page(path: Path) -> str:
    """Markdown, with pictures and tables as HTML."""
    notebook = nbformat.read(path, as_version=4)
    title, _, rest = "\n\n".join(part for cell in notebook.cells for part in _parts(cell)).partition("\n")
    return f"{title}\n\n*The notebook `notebooks/{path.name}`, as it ran.*\n{rest}\n"


def _parts(cell: Any) -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield cell.source
        return
    yield f"```python\n{cell.source}\n```"
    for output in cell.outputs:
        yield _output(output)


def _output(output: Any) -> str:
    """What a notebook shows of it: a picture or a table where there is one, else the text."""
    data = output.get("data", {"text/plain": output.get("text", "")})
    for kind in ("text/html", "image/svg+xml"):
        if kind in data:
            whole = re.sub(r"\s*\n\s*", " ", data[kind])  # a blank line would end the block of HTML
            return f'<div class="output">{whole}</div>'
    return f"```text\n{data['text/plain'].rstrip()}\n```"
