"""MetaNP inside Optuna: a sampler, and a pruner that reads learning curves; so a search runs wherever Optuna does.

    from metanp.integrations.optuna import Choices, MetaNPPruner, MetaNPSampler

    choices = Choices(get_space("nasbench201"))  # or a list of cells
    study = optuna.create_study(direction="maximize", sampler=MetaNPSampler(choices), pruner=MetaNPPruner())
    study.optimize(lambda trial: train(choices.suggest(trial)), n_trials=50)

choices.py     cells of a space or a list as parameters of trials, and back
parameters.py  a space of plain parameters: numbers and categories
trials.py      the trials of a study as the history of a search
sampler.py     which parameters next
pruner.py      whether to go on with a training
worker.py      a process that drives a training command: python -m metanp.integrations.optuna.worker

Many machines: docs/many-machines.md. Needs the extra `[optuna]`.
"""

from metanp.libraries import library

library("optuna", "optuna")  # says how to install it where it is missing

from metanp.integrations.optuna.choices import Choices  # noqa: E402
from metanp.integrations.optuna.parameters import ParameterSpace  # noqa: E402
from metanp.integrations.optuna.pruner import MetaNPPruner  # noqa: E402
from metanp.integrations.optuna.sampler import MetaNPSampler, SamplerWarning  # noqa: E402

__all__ = ["Choices", "MetaNPPruner", "MetaNPSampler", "ParameterSpace", "SamplerWarning"]
