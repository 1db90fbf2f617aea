"""Files outside docs/ that pages link: the site has a copy of each under repository/, and links lead to it.

A page that is read in the repository links `../CONTRIBUTING.md`; in the site that file is `repository/CONTRIBUTING.md`,
and a link from there to `docs/using.md` leads back to `using.md`. A link to a folder, or into a file of code, becomes
the text alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\[]+)\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")
COPIES = "repository/"
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "metanp/checkpoints/README.md")


def linked(root: Path) -> list[str]:
    """The files outside docs/ that a page of the site links, and those that these link in turn."""
    found, todo = dict.fromkeys(PAGES[1:]), [*PAGES[1:]]
    for path in sorted((root / "docs").rglob("*.md")):
        todo.append(path.relative_to(root).as_posix())
    while todo:
        page = todo.pop()
        for target in _targets((root / page).read_text(encoding="utf-8"), page):
            if not target.startswith("docs/") and (root / target).is_file() and target not in found:
                found[target] = None
                todo += [target] if target.endswith(".md") else []
    return [path for path in found if not path.endswith(".ipynb")]


def place(path: str) -> str:
    """Where the site has this file of the repository."""
    if path.endswith(".ipynb"):
        return f"notebooks/{posixpath.basename(path).removesuffix('.ipynb')}.md"
    return path.removeprefix("docs/") if path.startswith("docs/") else COPIES + path


def mended(markdown: str, page: str) -> str:
    """The text of a page of the site, its links to files of the repository leading to the site's copies."""
    here = page.removeprefix(COPIES) if page.startswith(COPIES) else f"docs/{page}"

    def link(found: re.Match[str]) -> str:
        target = _resolved(found["target"], here)
        if not target.startswith("docs/") and not posixpath.splitext(target)[1]:
            return found["text"]  # a folder
        relative = posixpath.relpath(place(target), posixpath.dirname(page) or ".")
        return f"[{found['text']}]({relative}{found['anchor'] or ''})"

    return LINK.sub(link, markdown)


def _targets(text: str, page: str) -> Iterator[str]:
    for found in LINK.finditer(text):
        yield _resolved(found["target"], page)


def _resolved(target: str, page: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), target))
