"""The blocks of a page of Markdown, and what a reader does with each.

```python                       is run, after those before it on the page, in one namespace and one folder
```python title="train.py"      is a file of that folder, as is any other language with a name of a file
```python title="not run: why"  is shown alone, and says why
```bash                         is run by bash; what `pip install` would install is there already
```text                         is what the block above it printed; numbers may differ a little
```text title="on our machine"  is shown alone
```                             is no block: how a command is written, in short
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BLOCK = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
LANGUAGES = {"python", "bash", "text", "json", "toml", "yaml"}
CLOSE = 0.03  # of a printed number: processors differ in the last bits, and rankings in what follows from these


@dataclass(frozen=True)
class Block:
    """language, title: of the fence. line: where it begins."""

    language: str
    title: str
    text: str
    line: int

    @property
    def is_run(self) -> bool:
        return self.language in ("python", "bash") and not self.title

    @property
    def is_file(self) -> bool:
        return re.fullmatch(r"[\w-]+\.\w+", self.title) is not None


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = BLOCK.finditer(text)
    return [Block(one[1], one[2] or "", one[3], text[: one.start()].count("\n") + 1) for one in found]


def follow(page: Path, given: dict[str, Any]) -> dict[str, Any]:
    """What a reader has who does all that a page says in the current folder; `given` are names of the reader's own."""
    names = {"__name__": "page", **given}
    printed = ""
    for block in blocks(page):
        if block.is_file:
            Path(block.title).write_text(block.text)
        elif block.is_run:
            printed = _python(block, page, names) if block.language == "python" else _bash(block)
        elif block.language == "text" and not block.title:
            assert alike(printed, block.text), f"{page.name}:{block.line} shows\n{block.text}but it is\n{printed}"
    return names


def alike(printed: str, shown: str) -> bool:
    """The same words, and numbers that are nearly the same."""
    numbers = [[float(number) for number in NUMBER.findall(text)] for text in (printed, shown)]
    words = [NUMBER.sub("#", text).split() for text in (printed, shown)]
    close = (abs(a - b) <= CLOSE * max(1, abs(b)) for a, b in zip(*numbers, strict=True))
    return words[0] == words[1] and len(numbers[0]) == len(numbers[1]) and all(close)


def _python(block: Block, page: Path, names: dict[str, Any]) -> str:
    lines = "\n" * block.line + block.text  # so that a traceback names the line of the page
    with contextlib.redirect_stdout(io.StringIO()) as heard:
        exec(compile(lines, str(page), "exec"), names)
    return heard.getvalue()


def _bash(block: Block) -> str:
    lines = [line for line in block.text.splitlines() if not line.startswith("pip install ")]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        env={**os.environ, "PATH": path, "COLUMNS": "120"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
    return done.stdout
