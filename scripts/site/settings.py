"""The reference's page of configuration keys: each hydra command's, with defaults and the comments on them.

A key's meaning is the comment beside it, or what its class's docstring says of it as `key: meaning`.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import io
import re
import textwrap
import tokenize
import typing
from collections.abc import Iterator
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from scripts.command import CONFIGS

HEAD = """# Configuration keys

Every command of a clone, `python -m scripts.<name>`, reads `configs/<name>.yaml` and takes keys as `key=value`,
nested ones with dots: `python -m scripts.meta_train experiment=label_free training.steps=200`. Values are written as in
YAML: `true`, `3`, `[20,50]`, `{a: 1}`. A key that is not listed here is refused, with the nearest one in the message.
`-m` runs a command once for each of several values: `seed=0,1,2 -m`.

"""
LONG = 60  # letters of a default; a longer one is cut


@dataclasses.dataclass(frozen=True)
class Key:
    """One line of a table."""

    name: str
    kind: str
    default: str
    meaning: str


def page() -> str:
    """Markdown."""
    parts = [_command(path.stem) for path in sorted(CONFIGS.glob("*.yaml"))]
    return HEAD + "\n".join([*parts, "## Files to choose from", "", _choices()]) + "\n"


def _command(name: str) -> str:
    """The section of one command."""
    module = importlib.import_module(f"scripts.{name}")
    schema = ConfigStore.instance().load(f"schema_of_{name}.yaml").node._metadata.object_type
    about = (inspect.getdoc(module) or "").split("\n\n")[0].replace("\n", " ")
    rows = [f"| `{key.name}` | {key.kind} | {key.default} | {key.meaning} |" for key in keys(schema)]
    head = [f"## scripts.{name}", "", about, "", "| key | type | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def keys(schema: type, before: str = "") -> Iterator[Key]:
    """Every key of a dataclass, those of dataclasses in it with dots."""
    hints, meanings = typing.get_type_hints(schema), _meanings(schema)
    for field in dataclasses.fields(schema):
        kind = hints[field.name]
        if dataclasses.is_dataclass(kind):
            yield from keys(typing.cast(type, kind), f"{before}{field.name}.")
        else:
            meaning = meanings.get(field.name, "")
            yield Key(before + field.name, _cell(_kind(kind)), _default(field), _cell(meaning))


def _meanings(schema: type) -> dict[str, str]:
    """What is said of each key, in the class itself and in those that it builds on."""
    found: dict[str, str] = {}
    for kind in reversed(schema.__mro__):
        if dataclasses.is_dataclass(kind):
            doc = inspect.getdoc(kind) or ""  # dataclasses without one get their signature
            found |= _told(
                "" if doc.startswith(f"{kind.__name__}(") else doc, [field.name for field in dataclasses.fields(kind)]
            )
            found |= _comments(textwrap.dedent(inspect.getsource(kind)))
    return found


def _told(doc: str, names: list[str]) -> dict[str, str]:
    """Of a docstring: `key: meaning.`, or `key, other: meaning.`, up to the next one."""
    known = "|".join(map(re.escape, names))
    heads = [*re.finditer(rf"(?:^|(?<=\.)\s+|\n\s*)((?:{known})(?:, (?:{known}))*): ", doc)] if names else []
    ends = [*(head.start() for head in heads[1:]), len(doc)] if heads else []
    told: dict[str, str] = {}
    for head, end in zip(heads, ends, strict=True):
        meaning = " ".join(doc[head.end() : end].split("\n\n")[0].split()).rstrip(".")
        told |= dict.fromkeys(head[1].split(", "), meaning)
    return told


def _comments(source: str) -> dict[str, str]:
    """The comment on the lines of each field, or on those just above it."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    said = {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}
    lines, found = source.splitlines(), {}
    for node in ast.parse(source).body[0].body:  # type: ignore[attr-defined]
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        last = node.end_lineno or node.lineno
        first = node.lineno
        while lines[first - 2].strip().startswith("#"):
            first -= 1
        own = [said[line] for line in range(node.lineno, last + 1) if line in said]
        above = [said[line] for line in range(first, node.lineno)]
        if own or above:
            found[node.target.id] = " ".join(own or above)
    return found


def _kind(kind: Any) -> str:
    """A type as people read it: `int`, `list[str]`, `str | None`."""
    text = kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)
    return re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text)


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is MISSING:
        return "required"
    value = field.default
    if field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    text = str(value).lower() if isinstance(value, bool) or value is None else str(value)
    return f"`{_cell(text if len(text) <= LONG else text[: LONG - 1] + '…')}`" if text else "empty"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _choices() -> str:
    """The groups of files under configs/, and what `group=` may name."""
    lines = ["| key | files |", "|---|---|"]
    for folder in sorted(path for path in CONFIGS.iterdir() if path.is_dir()):
        files = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))
        lines.append(f"| `{folder.name}=` | {', '.join(f'`{name}`' for name in files)} |")
    return "\n".join(lines)
