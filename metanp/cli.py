"""The command line: `metanp rank`, `info`, `convert`, `search`. A table for people, `--json` for programs.

The commands of `search` are in `metanp.search.command_line.commands`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from metanp.search.command_line import commands as search_commands

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(search_commands.app, name="search")
FORMS = "json, naslib, or a search space, whose own text is meant."
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def _form(name: str) -> str:
    """A way of writing a cell that `convert` knows."""
    from metanp.spaces import get_space

    if name not in ("json", "naslib"):
        try:
            get_space(name)
        except ValueError as error:
            raise ValueError(f"{error}, json, naslib") from None
    return name


@app.command()
def rank(
    context: Annotated[Path, typer.Option(help="Evaluated cells, JSON lines with 'cell' and 'score'.")],
    candidates: Annotated[Path, typer.Option(help="Cells to rank, JSON lines with 'cell'.")],
    k: Annotated[int, typer.Option("-k", help="How many to print.")] = 10,
    checkpoint: Annotated[str, typer.Option(help="Name of a shipped checkpoint, or a path.")] = "default",
    minimize: Annotated[bool, typer.Option("--minimize", help="Lower scores are better.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rank candidate cells from a few evaluated ones."""
    from metanp import json_lines
    from metanp.predictor import MetaNP

    evaluated, pool = json_lines.read(context), json_lines.read(candidates)
    scores = evaluated.scored()
    model = MetaNP.from_pretrained(checkpoint)
    model.fit(evaluated.cells, scores, features=evaluated.features or None, maximize=not minimize)
    known = {name: column for name, column in pool.features.items() if name in evaluated.features}
    ranking = model.rank(pool.cells, k=k, features=known or None)
    rows = [
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
    if as_json:
        print(json.dumps({"ranking": rows, "context": len(evaluated.cells), "checkpoint": checkpoint}))
        return
    table = Table("rank", "id", "mean", "std", f"p(top {k})", "cell")
    for row in rows:
        name = row["id"] if row["id"] is not None else f"line {pool.lines[row['index']]}"
        numbers = (f"{row['mean']:.4g}", f"{row['std']:.2g}", f"{row['p_top']:.2f}")
        table.add_row(str(row["rank"]), name, *numbers, " ".join(row["cell"]["operations"][1:-1]))
    Console().print(table)


@app.command()
def info(
    checkpoint: Annotated[str | None, typer.Argument(help="One checkpoint; all shipped ones without.")] = None,
    as_json: AsJson = False,
) -> None:
    """What a checkpoint is: kind of meta-training, what it saw, cost, validation."""
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
        table = Table(title=f"{name} = {card['is']}" if "is" in card else name, show_header=False)
        for key, value in card.items():
            if key != "is":
                table.add_row(key, _short(value))
        Console().print(table)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A file with one cell a line; - for standard input.")],
    to: Annotated[str, typer.Option("--to", help=FORMS, callback=_form)],
    frm: Annotated[str, typer.Option("--from", help=FORMS, callback=_form)] = "json",
    output: Annotated[Path | None, typer.Option(help="Where to write; standard output without.")] = None,
) -> None:
    """Convert cells between encodings, one a line."""
    text = sys.stdin.read() if str(source) == "-" else source.read_text(encoding="utf-8")
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                lines.append(_write(_read(line.strip(), frm), to))
            except ValueError as error:
                raise ValueError(f"{source}, line {number}: {error}") from None
    result = "".join(line + "\n" for line in lines)
    if output is None:
        sys.stdout.write(result)
    else:
        output.write_text(result, encoding="utf-8")


def main() -> None:
    """Run a command; what a user did wrong is one line on standard error and exit status 2."""
    try:
        app()
    except (ValueError, OSError) as error:
        Console(stderr=True).print(f"metanp: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(2) from None


def _read(line: str, form: str) -> Any:
    from metanp.cell import Cell
    from metanp.spaces import read_text

    if form == "json":
        data = json.loads(line)
        return Cell.from_json(data.get("cell", data) if isinstance(data, dict) else data)
    if form == "naslib":
        return Cell.from_naslib([int(digit) for digit in line.strip("()[] ").split(",")])
    return read_text(form, line)


def _write(cell: Any, form: str) -> str:
    from metanp.spaces import get_space

    if form == "json":
        return json.dumps(cell.to_json())
    if form == "naslib":
        return str(cell.to_naslib())
    return get_space(form).write_text(cell)


def _short(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return text if len(text) < 300 else text[:297] + "..."
