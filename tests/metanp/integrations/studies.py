"""Studies of Optuna for tests: in memory, over files that several processes share, with a model that is small."""

import warnings
from pathlib import Path
from typing import Any

import optuna
import torch
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from metanp import Cell
from metanp.integrations.optuna import Choices, MetaNPSampler
from tests.evaluated_cells import CELLS
from tests.metanp.search.in_order import InOrder, score

optuna.logging.set_verbosity(optuna.logging.ERROR)
DISTINCT = list({cell.key: cell for cell in CELLS}.values())
STORAGES = ("journal", "sqlite")


def storage(kind: str, folder: Path) -> Any:
    """Of Optuna's, in a file."""
    if kind == "journal":
        return JournalStorage(JournalFileBackend(str(folder / "study.log")))
    return RDBStorage(f"sqlite:///{folder / 'study.db'}", engine_kwargs={"connect_args": {"timeout": 60}})


def study(sampler: Any, maximize: bool = True, **more: Any) -> optuna.Study:
    return optuna.create_study(direction="maximize" if maximize else "minimize", sampler=sampler, **more)


def in_order(**more: Any) -> MetaNPSampler:
    """Takes the cells of the list in their order."""
    return MetaNPSampler(Choices(DISTINCT), strategy=InOrder(), **more)


def work(kind: str, folder: str, checkpoint: str | None, trials: int) -> None:
    """A worker in a process of its own, with one thread."""
    torch.set_num_threads(1)
    choices = Choices(DISTINCT)
    how = {"strategy": InOrder()} if checkpoint is None else {"checkpoint": checkpoint}
    own = optuna.load_study(
        study_name="shared",
        storage=storage(kind, Path(folder)),
        sampler=MetaNPSampler(choices, seed=0, **how),
    )
    with warnings.catch_warnings(action="error"):
        own.optimize(lambda trial: score(choices.suggest(trial)), n_trials=trials)


def cells_of(study: optuna.Study) -> list[Cell]:
    """The cell of each trial."""
    return [Choices(DISTINCT).cell(trial.params) for trial in study.get_trials(deepcopy=False)]
