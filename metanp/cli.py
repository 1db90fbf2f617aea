"""The command line: `metanp rank`, `info`, `convert`, `proxies`, `search`. A table for people, `--json` for programs.

The commands of `search` are in `metanp.search.command_line.commands`.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from metanp import __version__
from metanp.nearest import nearest
from metanp.search.command_line import commands as search_commands

if TYPE_CHECKING:
    from metanp.json_lines import Records, Row
    from metanp.ranking import Ranking

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(search_commands.app, name="search")
FORMS = "json, naslib, or a search space (its name, or your own as module:NAME) for its own text."
MOST = 10  # candidates that `rank` prints without -k
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _version(asked: bool) -> None:
    if asked:
        print(f"metanp {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)]


@app.callback()
def metanp(version: Version = False) -> None:
    """Rank neural architectures from a few evaluated ones, and search for the best. Nothing is trained."""


def _form(name: str) -> str:
    """Check that `convert` supports this form."""
    from metanp.spaces import get_space

    if name not in ("json", "naslib"):
        try:
            get_space(name)
        except ValueError as error:
            raise ValueError(f"{error}, json, naslib") from None
    return name


@app.command()
def rank(
    candidates: Annotated[Path, typer.Option(help="Cells to rank, JSON lines with 'cell'; - for stdin.")],
    context: Annotated[
        Path | None,
        typer.Option(
            help="Evaluated cells, JSON lines with 'cell', 'score' or 'failed'; - for stdin; none before any was."
        ),
    ] = None,
    k: Annotated[int | None, typer.Option("-k", help=f"How many to print; {MOST} by default, or all if fewer.")] = None,
    checkpoint: Annotated[str, typer.Option(help="Name of a shipped checkpoint, or a path.")] = "default",
    minimize: Annotated[bool, typer.Option("--minimize", help="Lower scores are better.")] = False,
    role: Annotated[
        list[str] | None,
        typer.Option(help="What is known of a side feature, as flops=size: score, loss, size or cost."),
    ] = None,
    by: Annotated[
        str, typer.Option(help="The set to train next: best, expected_best, top or thompson; or mean, to sort by it.")
    ] = "best",
    as_json: AsJson = False,
) -> None:
    """Choose the candidate cells to train next from a few evaluated ones, or rank them by predicted mean."""
    from metanp import json_lines
    from metanp.predictor import MetaNP
    from metanp.shortlist import RULES

    if by not in (*RULES, "mean"):
        raise ValueError(f"--by {by!r:.80}; {nearest(by, (*RULES, 'mean'))}")

    if str(context) == str(candidates) == "-":
        raise ValueError("standard input can be the context or the candidates, not both; give a file for one")
    roles = _roles(role or [])
    evaluated, pool = None if context is None else json_lines.read(context), json_lines.read(candidates)
    told: dict[str, Any] = evaluated.evaluated() if evaluated else {"cells": [], "score": []}
    model = MetaNP.from_pretrained(checkpoint)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(**told, maximize=not minimize, roles=roles)
    for warning in said:
        _say(str(warning.message))
    encoded = model.encode(pool.cells, features=pool.features or None, curves=pool.curves_or_none())
    most = max(1, min(MOST, model.left(encoded))) if k is None else k
    ranking = model.rank(encoded, k=most) if by == "mean" else model.shortlist(encoded, k=most, by=by)
    rows = _ranked(ranking, pool)
    if as_json:
        context_size = len(evaluated.cells) if evaluated else 0
        print(json.dumps({"ranking": rows, "context": context_size, "checkpoint": checkpoint}))
        return
    table = Table("rank", "id", "mean", "std", f"p(top {most})", "cell")
    for row in rows:
        name = row["id"] if row["id"] is not None else f"line {pool.lines[row['index']]}"
        numbers = (f"{row['mean']:.4g}", f"{row['std']:.2g}", f"{row['p_top']:.2f}")
        table.add_row(str(row["rank"]), Text(name), *numbers, Text(_written(row["cell"])))
    Console().print(table)


def _written(cell: dict[str, Any]) -> str:
    """Operations between input and output, as words, and parameters as name=value."""
    words = [one if isinstance(one, str) else one["name"] for one in cell["operations"][1:-1]]
    return " ".join([*words, *(f"{name}={value}" for name, value in cell.get("parameters", {}).items())])


def _ranked(ranking: Ranking, pool: Records) -> list[dict[str, Any]]:
    """Rows for programs, best first."""
    return [
        {
            "rank": place,
            "id": pool.ids[index],
            "index": int(index),
            "cell": cell.to_json(),
            "mean": float(ranking.mean[place - 1]),
            "std": float(ranking.std[place - 1]),
            "p_top": float(ranking.p_top[place - 1]),
        }
        for place, (index, cell) in enumerate(zip(ranking.index, ranking.cells, strict=True), start=1)
    ]


@app.command()
def info(
    checkpoint: Annotated[str | None, typer.Argument(help="One checkpoint; all shipped ones by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the card of a checkpoint: kind of meta-training, sources, cost, validation."""
    from metanp.checkpoint import ALIASES, find, read_tensors, shipped_names

    cards = {}
    for name in [checkpoint] if checkpoint else [*ALIASES, *shipped_names()]:
        path = find(name)
        tensors, card = read_tensors(path)
        size = {"parameters": sum(t.numel() for t in tensors.values()), "bytes": path.stat().st_size}
        cards[name] = {**({"is": ALIASES[name]} if name in ALIASES else {}), **size, **card}
    if as_json:
        print(json.dumps(cards))
        return
    for name, card in cards.items():
        table = Table(title=Text(f"{name} = {card['is']}" if "is" in card else name), show_header=False)
        for key, value in card.items():
            if key != "is":
                table.add_row(Text(key), Text(_short(value)))
        Console().print(table)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A file with one cell a line; - for standard input.")],
    to: Annotated[str, typer.Option("--to", help=FORMS, callback=_form)],
    frm: Annotated[str, typer.Option("--from", help=FORMS, callback=_form)] = "json",
    output: Annotated[Path | None, typer.Option(help="Where to write; standard output by default.")] = None,
) -> None:
    """Convert cells between encodings, one a line. Between JSON lines, ids, scores and features are kept."""
    from metanp import json_lines

    name, data = json_lines.source(source)
    converted = []
    for number, line in json_lines.lines(name, data):
        try:
            converted.append(_write(_read(line, frm), to))
        except ValueError as error:
            raise ValueError(f"{name}, line {number}: {error}") from None
    result = "".join(line + "\n" for line in converted)
    if output is None:
        sys.stdout.write(result)
    else:
        output.write_text(result, encoding="utf-8")


@app.command()
def proxies(
    pool: Annotated[Path, typer.Option(help="Cells, JSON lines with 'cell'; - for stdin.")],
    images: Annotated[Path, typer.Option(help=".npz with arrays x, images, and y, class numbers.")],
    names: Annotated[str | None, typer.Option("--proxies", help="Names joined by commas; thirteen without.")] = None,
    skeleton: Annotated[str, typer.Option(help="The network around a cell.")] = "nasbench201",
    classes: Annotated[int, typer.Option(help="Classes that the network tells apart.")] = 10,
    batch: Annotated[int, typer.Option(help="Images that a network is shown.")] = 32,
    seed: Annotated[int, typer.Option(help="Of the images drawn, of weights and of noise.")] = 0,
    workers: Annotated[int, typer.Option(help="Processes, of one core each.")] = 2,
    journal: Annotated[Path | None, typer.Option(help="Where to go on from; in the user's cache without.")] = None,
) -> None:
    """Score untrained networks of cells by zero-cost proxies, as side features. Start again to go on."""
    from metanp.proxies.command_line import Settings, run
    from metanp.proxies.image_file import read_images
    from metanp.proxies.measure import SUITE_ZERO
    from metanp.proxies.pool import Plan

    wanted = SUITE_ZERO if names is None else tuple(name.strip() for name in names.split(","))
    plan = Plan(skeleton, classes, seed=seed)
    for line in run(Settings(pool, wanted, plan, batch, workers, journal), *read_images(images)):
        print(line)


def main() -> None:
    """Run a command; an error of the user is one line on standard error and exit status 2.

    Spaces and strategies of one's own, `module:NAME`, may be in the current folder, which only their look-up adds to
    the folders that Python imports from (`metanp.spaces.own.current_folder`).
    """
    try:
        app()
    except (ValueError, OSError) as error:
        _say(" ".join(str(error).split()), style="red")
        raise SystemExit(2) from None


def _roles(given: list[str]) -> dict[str, str]:
    """From texts such as flops=size.

    Raises:
        ValueError: one without an equals sign; shows it.
    """
    if bad := next((text for text in given if "=" not in text), None):
        raise ValueError(f"--role {bad!r:.80}; expected the name of a side feature and its role, as flops=size")
    return {name: role for name, _, role in (text.rpartition("=") for text in given)}


def _say(text: str, style: str | None = None) -> None:
    Console(stderr=True).print(f"metanp: {text}", style=style, markup=False, highlight=False, soft_wrap=True)


def _read(line: str, form: str) -> Row:
    from metanp.cell import Cell
    from metanp.json_lines import Row, read_row
    from metanp.spaces import get_space

    if form == "json":
        return read_row(line)
    if form == "naslib":
        return Row(None, Cell.from_naslib([_digit(part) for part in line.strip("()[] ").split(",")]))
    return Row(None, get_space(form).parse_text(line))


def _digit(written: str) -> int:
    try:
        return int(written)
    except ValueError:
        raise ValueError(f"{written.strip()!r:.40} is no digit of NASLib's code, such as (0, 1, 2, 3, 4, 0)") from None


def _write(row: Row, form: str) -> str:
    from metanp.spaces import write_text

    if form == "json":
        return row.written()
    if form == "naslib":
        return str(row.cell.to_naslib())
    return write_text(form, row.cell)


def _short(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return text if len(text) < 300 else text[:297] + "..."
