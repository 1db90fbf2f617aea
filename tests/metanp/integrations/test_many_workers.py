"""Worker processes that share a study over Optuna's storages, and Ray Tune: nothing is evaluated twice or lost."""

import multiprocessing
import os
import signal
import time

import optuna
import pytest
from optuna.trial import TrialState

from metanp.integrations.optuna import Choices, MetaNPSampler
from tests.metanp.integrations.studies import DISTINCT, STORAGES, cells_of, in_order, storage, study, work
from tests.metanp.search.in_order import score
from tests.tiny_model import write_checkpoint

SPAWN = multiprocessing.get_context("spawn")


@pytest.mark.parametrize("kind", STORAGES)
def test_two_workers_over_a_file_never_evaluate_the_same_cell(tmp_path, kind):
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    own = study(in_order(), storage=storage(kind, tmp_path), study_name="shared")
    workers = [SPAWN.Process(target=work, args=(kind, str(tmp_path), checkpoint, 8)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(120)
    assert [worker.exitcode for worker in workers] == [0, 0]
    cells = cells_of(own)
    assert len(cells) == len({cell.key for cell in cells}) == 16
    assert [trial.value for trial in own.trials] == [score(cell) for cell in cells]


def test_a_worker_that_was_killed_leaves_its_cell_pending_for_all_others(tmp_path):
    own = study(in_order(), storage=storage("journal", tmp_path), study_name="shared")
    worker = SPAWN.Process(target=hang, args=(str(tmp_path),))
    worker.start()
    end = time.monotonic() + 60
    while not (own.get_trials(deepcopy=False) and own.trials[0].params):
        assert time.monotonic() < end
        time.sleep(0.05)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    own.optimize(lambda trial: score(Choices(DISTINCT).suggest(trial)), n_trials=3)
    assert [trial.state for trial in own.trials] == [TrialState.RUNNING, *[TrialState.COMPLETE] * 3]
    assert cells_of(own) == DISTINCT[:4]


def hang(folder: str) -> None:
    """A worker that never ends its first trial."""
    from pathlib import Path

    own = optuna.load_study(study_name="shared", storage=storage("journal", Path(folder)), sampler=in_order())
    own.optimize(lambda trial: time.sleep(60 + 0 * score(Choices(DISTINCT).suggest(trial))), n_trials=1)


def test_ray_tune_searches_with_it(tmp_path):
    ray = pytest.importorskip("ray")
    from ray import tune
    from ray.tune.search import ConcurrencyLimiter
    from ray.tune.search.optuna import OptunaSearch

    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    choices = Choices(DISTINCT)
    scores = [score(cell) for cell in DISTINCT]

    def train(config):
        return {"score": scores[config["cell"]]}

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    try:
        search = OptunaSearch(
            dict(choices.distributions),
            metric="score",
            mode="max",
            sampler=MetaNPSampler(choices, checkpoint=checkpoint, seed=0),
        )
        tuner = tune.Tuner(
            train,
            tune_config=tune.TuneConfig(search_alg=ConcurrencyLimiter(search, 2), num_samples=6),
            run_config=tune.RunConfig(storage_path=str(tmp_path), verbose=0),
        )
        results = tuner.fit()
    finally:
        ray.shutdown()
    assert results.num_errors == 0
    tried = [result.config["cell"] for result in results]
    assert len(tried) == len(set(tried)) == 6
    assert results.get_best_result("score", "max").metrics["score"] == max(scores[i] for i in tried)
