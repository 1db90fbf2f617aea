"""The reference's page of the command line: what `metanp --help` and the help of every command say."""

from __future__ import annotations

import typer
from typer.cli import get_docs_for_click

from metanp.cli import app

HEAD = """# Command line

What each command's `--help` says. Commands read and write [JSON lines](file-formats.md#json-lines-of-cells); an error
is one line on standard error, and exit status 2. Commands of a clone, `python -m scripts.<name>`, take
[configuration keys](configuration.md).

"""


def page() -> str:
    """Markdown."""
    command = typer.main.get_command(app)
    said = get_docs_for_click(obj=command, ctx=typer.Context(command), name="metanp")
    lines = said.splitlines()[2:]  # the page has a title of its own
    return HEAD + "\n".join(lines) + "\n"
