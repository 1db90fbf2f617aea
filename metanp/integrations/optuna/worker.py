"""One worker of a search on many machines: drives a training command, trial after trial, from a shared storage.

    python -m metanp.integrations.optuna.worker --storage run.log --space nasbench201 --budget 200 \\
        --evaluate "python train.py --cell {cell}"

Start as many as there are GPUs, on any machines that see the storage. The command is that of `metanp search run`: the
last line that it prints is the score, lines before it may be epochs, and what is hopeless is stopped (`--stop`). What a
command that fails said is the trial's `reason`. A worker that is killed leaves its trial running, and so its cell
pending; a database marks it as failed after a minute.
"""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Annotated, Any

import optuna
import typer
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState

from metanp.integrations.optuna.choices import Choices
from metanp.integrations.optuna.pruner import MetaNPPruner
from metanp.integrations.optuna.sampler import MetaNPSampler
from metanp.search.command_line.epoch_lines import Heard
from metanp.search.command_line.evaluation import Command, Job, Listener, Stop
from metanp.search.command_line.guard import Guard
from metanp.spaces import get_space

ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)  # what the budget counts
BEAT = 60  # seconds between two signs of life in a database
WAITS = 60  # seconds for a database file that others write


class EvaluationFailed(RuntimeError):
    """A command gave no score; says why."""


def main(
    storage: Annotated[str, typer.Option(help="Journal file, address of a database, or grpc://host:port.")],
    space: Annotated[str, typer.Option(help="Search space, such as nasbench201.")],
    evaluate: Annotated[str, typer.Option(help='Your command, such as "python train.py --cell {cell}".')],
    budget: Annotated[int, typer.Option(help="Trials of all workers together, failed and stopped ones too.")],
    study: Annotated[str, typer.Option(help="Name of the study; created if missing.")] = "search",
    minimize: Annotated[bool, typer.Option("--minimize", help="Lower scores are better.")] = False,
    checkpoint: Annotated[str, typer.Option(help="Name of a shipped checkpoint, or a path.")] = "default",
    seed: Annotated[int | None, typer.Option(help="The same for all workers; drawn without.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds, after which an evaluation is killed.")] = None,
    stop: Annotated[float | None, typer.Option(help="Stop what ends no better with this probability.")] = None,
    stalled: Annotated[float | None, typer.Option(help="Seconds without output, after which it is killed.")] = None,
    logs: Annotated[Path, typer.Option(help="Folder for evaluations' output.")] = Path("logs"),
) -> None:
    """Evaluate cells of a shared study until its budget is spent."""
    command = Command.parse(evaluate, logs, timeout, stalled=stalled)
    choices = Choices(get_space(space))
    shared = optuna.create_study(
        study_name=study,
        storage=open_storage(storage),
        load_if_exists=True,
        direction="minimize" if minimize else "maximize",
        sampler=MetaNPSampler(choices, checkpoint=checkpoint, seed=seed),
        pruner=optuna.pruners.NopPruner() if stop is None else MetaNPPruner(stop),
    )
    logs.mkdir(parents=True, exist_ok=True)
    if len(shared.get_trials(deepcopy=False, states=ENDED)) >= budget:
        return
    with Guard() as guard:
        shared.optimize(
            lambda trial: _evaluate(trial, choices, command, guard),
            callbacks=[MaxTrialsCallback(budget, states=ENDED)],
            catch=(EvaluationFailed,),
        )


def open_storage(where: str) -> Any:
    """Optuna's storage at an address; a name without `://` is a journal file, which network file systems can share."""
    if where.startswith("grpc://"):
        host, _, port = where.removeprefix("grpc://").partition(":")
        return optuna.storages.GrpcStorageProxy(host=host, port=int(port or 13000))
    if "://" in where:
        waits = {"connect_args": {"timeout": WAITS}} if where.startswith("sqlite") else {}
        return RDBStorage(where, engine_kwargs=waits, heartbeat_interval=BEAT)
    return JournalStorage(JournalFileBackend(where))


def _evaluate(trial: optuna.Trial, choices: Choices, command: Command, guard: Guard) -> float:
    cell = choices.suggest(trial)
    trial.set_user_attr("worker", f"{socket.gethostname()}:{os.getpid()}")
    space = choices.candidates.space
    text = json.dumps(cell.to_json()) if space is None else space.write_text(cell)
    job = Job(str(trial.number), json.dumps(cell.to_json()), text, 0)
    listener = Listener()

    def hear(heard: Heard) -> None:
        if heard.problem:
            trial.set_user_attr("problem", heard.problem)
            return
        trial.report(heard.score, heard.epoch)
        if trial.should_prune():
            listener.halt.set()

    outcome = command.evaluate(job, Stop(), guard, Listener(hear, listener.halt))
    if outcome.stopped:
        raise optuna.TrialPruned
    if outcome.score is None:
        trial.set_user_attr("reason", outcome.reason)
        raise EvaluationFailed(outcome.reason)
    return outcome.score


if __name__ == "__main__":
    typer.run(main)
