"""Empty lines before lists and tables: the site's reader of Markdown wants one, others find them without.

Text in fences is left as it is, and so are lines that go on with a list or a table.
"""

from __future__ import annotations

import re

ITEM = re.compile(r"(?:[-*]|\d+\.) ")
FENCE = re.compile(r" *```")


def spaced(markdown: str) -> str:
    """The same page, with an empty line wherever a list or a table begins."""
    lines: list[str] = []
    inside = False
    for line in markdown.split("\n"):
        before = lines[-1] if lines else ""
        if not inside and before.strip() and _begins(line, before):
            lines.append("")
        inside ^= FENCE.match(line) is not None
        lines.append(line)
    return "\n".join(lines)


def _begins(line: str, before: str) -> bool:
    if line.startswith("|"):
        return not before.startswith("|")
    if ITEM.match(line):
        return not (ITEM.match(before) or before.startswith("  "))
    return False
