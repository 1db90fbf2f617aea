"""The commands of `metanp search`; their work is done in the modules beside this one and in `metanp.search`."""

from __future__ import annotations

import json
import sys
import warnings
from contextlib import closing
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from metanp.search.command_line.opening import Names, Options, read_limits
from metanp.search.search import Suggestion

# a paragraph of help is one line: the terminal wraps it
HELP = (
    "Find the best cell from few evaluations: ask for cells, evaluate them, tell their scores.\n\n"
    "The first command states what is searched, as in: metanp search --space nasbench201 --journal run.sqlite ask. "
    "The journal stores it with everything that is asked and told: later commands need --journal FILE alone."
)
RUN_HELP = (
    "Drive your own training command until a budget is spent.\n\n"
    "Placeholders: {cell} (the benchmark's string, or JSON), {json}, {id}, {worker} (from 0). No shell reads it; the "
    "cell is in METANP_CELL (JSON) and METANP_ID as well. The last line that it prints is the score: a number, or "
    'JSON with "score". Lines before it may be epochs, {"epoch": 3, "score": 71.5}: they are recorded, and --stop ends '
    "what is hopeless. Ctrl-C waits for what runs, a second one kills it. Start again with the same journal to go on."
)
app = typer.Typer(no_args_is_help=True, help=HELP)
Ids = Annotated[list[str], typer.Argument(metavar="ID", help="Cells, by the id that ask printed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Strategy = Annotated[str | None, typer.Option(help="How cells are chosen: metanp, random, ..., my.module:Mine")]
Checkpoint = Annotated[str | None, typer.Option(help="Name of a shipped checkpoint, or a path.")]
Number = Annotated[int, typer.Option("-n", help="How many cells.")]


class Form(StrEnum):
    """How `ask` prints a cell."""

    json = "json"
    text = "text"


@app.callback()
def search(
    context: typer.Context,
    journal: Annotated[Path | None, typer.Option(help="File that stores the search; created if missing.")] = None,
    space: Annotated[
        str | None, typer.Option(help="Search space, such as nasbench201 or darts, or your own, my_module:SPACE.")
    ] = None,
    pool: Annotated[Path | None, typer.Option(help="Candidates instead: JSON lines with 'cell'.")] = None,
    minimize: Annotated[bool | None, typer.Option("--minimize/--maximize", help="Which scores are better.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed and scores give the same search.")] = None,
    strategy: Strategy = None,
    checkpoint: Checkpoint = None,
    limit: Annotated[list[str] | None, typer.Option(help="Highest number beside a pool's cell: latency=5.2.")] = None,
    cost: Annotated[str | None, typer.Option(help="Number beside a pool's cells: search score against it.")] = None,
) -> None:
    limits = read_limits(limit) if limit else None
    context.obj = Options(journal, space, pool, minimize, seed, strategy, checkpoint, limits, cost)


@app.command()
def ask(
    context: typer.Context,
    n: Number = 1,
    form: Annotated[Form, typer.Option("--as", help="JSON lines, or the benchmark's own strings.")] = Form.json,
    strategy: Strategy = None,
    checkpoint: Checkpoint = None,
) -> None:
    """Give out cells to evaluate, one a line."""
    opened = _options(context, strategy, checkpoint).open()
    if form is Form.text and opened.names.space is None:
        raise ValueError("only a search with --space has cells as text; --as json prints them without")
    with opened.search as searching:
        for pick in searching.ask_with_notes(n):
            row = _row(Suggestion.of(pick, searching.sign), opened.names)
            print(json.dumps(row) if form is Form.json else opened.names.text(pick.cell))


@app.command()
def tell(
    context: typer.Context,
    source: Annotated[
        Path, typer.Argument(help="JSON lines with 'id' or 'cell', and 'score' or 'failed'; - for stdin")
    ],
    repeat: Annotated[bool, typer.Option("--repeat", help="The same score again is another measurement.")] = False,
    known: Annotated[
        bool, typer.Option("--known", help="Results known beforehand: of any cells, and counted in no budget.")
    ] = False,
) -> None:
    """Report results of cells: all lines of a file, or none where one is wrong."""
    from metanp.search.command_line.results import tell as tell_all

    data = sys.stdin.buffer.read() if str(source) == "-" else source.read_bytes()
    opened = _options(context, None, None).open()
    with opened.search:
        told, notes = tell_all(opened, data, "standard input" if str(source) == "-" else str(source), repeat, known)
    for note in notes:
        _say(note)
    _say(f"told {told}")


@app.command()
def drop(context: typer.Context, ids: Ids) -> None:
    """Give up cells that were asked for, or forget that they failed: they may be asked for again."""
    journal, names, _ = context.obj.open_journal()
    with closing(journal), journal.together():
        for name in ids:
            cell, history = names.find(name, journal), journal.history()
            if cell.key not in {one.key for one in (*history.pending, *history.failed)}:
                raise ValueError(f"{name!r:.80} is neither asked for nor failed; retract takes back a score")
            journal.tell("drop", cell)


@app.command()
def retract(
    context: typer.Context,
    ids: Ids,
    last: Annotated[bool, typer.Option("--last", help="Only the last result of each, not all.")] = False,
) -> None:
    """Take back results of cells, scores or failures: they may be asked for again, or told anew."""
    from metanp.search.retraction import retract as take_back

    journal, names, _ = context.obj.open_journal()
    with closing(journal), journal.together():
        for name in ids:
            take_back(journal, names.find(name, journal), last, f"{name!r:.80}")
    _say(f"taken back: {'the last result' if last else 'all results'} of {', '.join(ids)}")


@app.command()
def status(
    context: typer.Context,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="Write the best score over evaluations to a .svg or .png.")] = None,
) -> None:
    """Show the state of the search."""
    from metanp.search.command_line import status as standing
    from metanp.search.command_line.plot import write_plot

    journal, names, facts = context.obj.open_journal()
    found = standing.status(journal, names, facts)
    journal.close()
    if plot is not None:
        write_plot(plot, found["scores"], found.get("better") != "lower", str(context.obj.journal))
    if as_json:
        print(json.dumps(found))
    else:
        standing.show(found, names, Console())


@app.command()
def suggest(
    context: typer.Context,
    n: Number = 10,
    as_json: AsJson = False,
    strategy: Strategy = None,
    checkpoint: Checkpoint = None,
) -> None:
    """Show what ask would return, and why; nothing is given out."""
    from metanp.search.command_line.status import drawn

    opened = _options(context, strategy, checkpoint).open()
    with opened.search as searching:
        found = searching.suggestions(n)
    if as_json:
        print(json.dumps({"suggestions": [_row(one, opened.names) for one in found]}))
        return
    costs = ["cost"] if any("cost" in one.note for one in found) else []
    table = Table("rank", "id", "mean", "std", "p(better)", *costs, "cell")
    for column in table.columns:
        column.no_wrap, column.overflow = column.header != "cell", "fold"
    table.columns[1].overflow, table.columns[1].max_width = "ellipsis", 10
    for place, one in enumerate(found, start=1):
        numbers = [_short(one.mean, ".4g"), _short(one.std, ".2g"), _short(one.p_improve, ".2f")]
        numbers += [_short(one.note.get(name), ".4g") for name in costs]
        table.add_row(str(place), Text(opened.names.id(one.cell)), *numbers, Text(drawn(one.cell, opened.names)))
    Console().print(table)


@app.command(help=RUN_HELP)
def run(
    context: typer.Context,
    evaluate: Annotated[str, typer.Option(help='Your command, such as "python train.py --cell {cell}".')],
    budget: Annotated[int, typer.Option(help="Evaluations in the journal at the end, failed ones too.")],
    workers: Annotated[int, typer.Option(help="How many run at once.")] = 1,
    timeout: Annotated[float | None, typer.Option(help="Seconds, after which an evaluation is killed.")] = None,
    stop: Annotated[
        float | None, typer.Option(help="Stop what ends no better than the best with this probability, such as 0.95.")
    ] = None,
    stalled: Annotated[float | None, typer.Option(help="Seconds without output, after which it is killed.")] = None,
    retries: Annotated[int, typer.Option(min=0, help="Further attempts after a failed one.")] = 0,
    give_up: Annotated[int, typer.Option(help="Stop after so many failed evaluations in a row.")] = 10,
    logs: Annotated[Path | None, typer.Option(help="Folder for evaluations' output; default beside journal.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each evaluation.")] = False,
    strategy: Strategy = None,
    checkpoint: Checkpoint = None,
    silent: Annotated[float | None, typer.Option(hidden=True)] = None,
) -> None:
    """See `RUN_HELP`."""
    from metanp.search.command_line.evaluation import Command, Job
    from metanp.search.command_line.progress import Shown
    from metanp.search.command_line.workers import SILENT, Plan, Run
    from metanp.search.stopping import Stopping

    options = _options(context, strategy, checkpoint)
    plan = Plan(budget, workers, give_up, SILENT if silent is None else silent)
    folder = options.file.with_name(options.file.name + ".logs") if logs is None else logs
    command = Command.parse(evaluate, folder, timeout, retries, stalled)
    stopping = None if stop is None else Stopping(stop)
    if not command.names_cell:
        _say("the command has no {cell}: it can distinguish cells only by METANP_CELL and METANP_ID")
    opened = options.open()
    names = opened.names
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # the cores are the evaluations'

    def job(cell: Any, place: int) -> Job:
        return Job(names.id(cell), json.dumps(cell.to_json(), separators=(",", ":")), names.text(cell), place)

    opened.search.trainings.stopping = stopping
    with opened.search as searching, Shown(searching, budget, as_json) as shown, warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: shown.say(str(message))
        stopped = Run(searching, command, plan, job, shown).go()
        best, spent = searching.best(), searching.journal.spent()
    found = "no score yet" if best is None else f"best {best.score:.6g}, {names.id(best.cell)}, {names.text(best.cell)}"
    _say(f"{spent} of {budget} evaluated{'; stopped' if stopped else ''}; {found}")
    if stopped:
        raise typer.Exit(128 + stopped)


def _options(context: typer.Context, strategy: str | None, checkpoint: str | None) -> Options:
    """The options before the command, overridden by those of the command."""
    said = {"strategy": strategy, "checkpoint": checkpoint}
    return replace(context.obj, **{name: value for name, value in said.items() if value is not None})


def _row(one: Suggestion, names: Names) -> dict[str, Any]:
    numbers = {"mean": one.mean, "std": one.std, "p_improve": one.p_improve}
    cost = {"cost": one.note["cost"]} if "cost" in one.note else {}
    return {"id": names.id(one.cell), "cell": one.cell.to_json(), **numbers, **cost}


def _short(number: float | None, form: str) -> str:
    return "" if number is None else format(number, form)


def _say(text: str) -> None:
    Console(stderr=True).print(f"metanp: {text}", markup=False, highlight=False, soft_wrap=True)
