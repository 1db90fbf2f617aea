"""Whatever a user set PyTorch to for networks of his own, predictors answer as without, and leave it as it was."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from metanp import MetaNP
from metanp.baselines.networks import MLP
from metanp.torch_state import read_device, usual_torch
from tests.evaluated_cells import CONTEXT, POOL, SCORE, side
from tests.tiny_model import write_checkpoint


@contextlib.contextmanager
def default_dtype() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextlib.contextmanager
def default_device() -> Iterator[None]:
    torch.set_default_device("meta")
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextlib.contextmanager
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextlib.contextmanager
def coarse_products() -> Iterator[None]:
    torch.set_float32_matmul_precision("medium")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision("highest")


STATES = {
    "float64": default_dtype,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "inference": torch.inference_mode,
    "no_grad": torch.no_grad,
    "meta": lambda: torch.device("meta"),
    "default device": default_device,
    "deterministic": deterministic,
    "coarse products": coarse_products,
}


def answers(path) -> list[np.ndarray]:
    """Everything that a predictor says, from loading it on."""
    model = MetaNP(path).fit(CONTEXT, SCORE, features=side(slice(12)), failed=POOL[:2])
    pool = model.encode(POOL, features=side(slice(12, None)))
    predicted = model.predict_distribution(pool)
    ranking = model.rank(pool, k=5)
    lower_upper = model.predict_interval(pool)
    return [predicted.mean, predicted.std, ranking.index, ranking.p_top, lower_upper, model.sample(pool, 3, rng=0)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny.safetensors")


@pytest.mark.parametrize("state", STATES)
def test_answers_are_the_same_in_any_state_of_pytorch(checkpoint, state):
    expected = answers(checkpoint)
    with STATES[state]():
        found = answers(checkpoint)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)
    # a model that was made inside goes on outside
    assert all(np.array_equal(*pair) for pair in zip(answers(checkpoint), expected, strict=True))


@pytest.mark.parametrize("state", ["float64", "autocast", "meta", "inference"])
def test_a_model_made_inside_answers_outside(checkpoint, state):
    expected = MetaNP(checkpoint).fit(CONTEXT, SCORE).predict(POOL)
    with STATES[state]():
        model = MetaNP(checkpoint)
        fitted = MetaNP(checkpoint).fit(CONTEXT, SCORE)
    assert np.array_equal(model.fit(CONTEXT, SCORE).predict(POOL), expected)
    assert np.array_equal(fitted.predict(POOL), expected)


@pytest.mark.parametrize("state", ["float64", "autocast", "meta", "inference"])
def test_a_baseline_that_trains_a_network_answers_the_same(state, monkeypatch):
    monkeypatch.setattr(MLP, "training", replace(MLP.training, epochs=5))
    expected = MLP(seed=0).fit(CONTEXT, SCORE).predict(POOL)
    with STATES[state]():
        found = MLP(seed=0).fit(CONTEXT, SCORE).predict(POOL)
    assert np.array_equal(found, expected)


def test_what_the_user_set_is_as_before_afterwards_errors_included(checkpoint):
    with default_dtype(), coarse_products():
        model = MetaNP(checkpoint)
        with pytest.raises(ValueError, match="the score of cell 0"):
            model.fit(CONTEXT[:1], [np.nan])
        assert torch.get_default_dtype() == torch.float64
        assert torch.get_float32_matmul_precision() == "medium"


def test_the_users_random_numbers_are_left_alone(checkpoint):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    model = MetaNP(checkpoint).fit(CONTEXT, SCORE)
    model.sample(model.encode(POOL), 2)
    assert torch.equal(torch.rand(2), expected)


def test_threads_inside_at_once_restore_what_was_there_before_the_first():
    with default_dtype():
        entered, leave = threading.Barrier(3), threading.Event()
        seen = []

        def work() -> None:
            with usual_torch():
                entered.wait()
                seen.append(torch.get_default_dtype())
                leave.wait()

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        entered.wait()
        leave.set()
        for thread in threads:
            thread.join()
        assert seen == [torch.float32, torch.float32]
        assert torch.get_default_dtype() == torch.float64


# --- devices ---


def test_a_device_is_taken_by_name_object_or_whatever_is_best():
    assert read_device("cpu") == read_device(torch.device("cpu")) == torch.device("cpu")
    assert read_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("device", ["gpu", "meta", None, 3.5, "cuda:99", ""])
def test_a_device_that_is_not_there_is_refused(checkpoint, device):
    with pytest.raises(ValueError, match="there is no device"):
        MetaNP(checkpoint, device=device)


def test_a_model_that_is_moved_keeps_what_was_fitted(checkpoint):
    model = MetaNP(checkpoint).fit(CONTEXT, SCORE)
    pool, expected = model.encode(POOL), model.predict(POOL)
    assert model.to("cpu") is model
    assert np.array_equal(model.predict(pool), expected)
    with pytest.raises(ValueError, match="there is no device 'gpu'"):
        model.to("gpu")
    assert np.array_equal(model.predict(pool), expected)


@pytest.mark.gpu
def test_answers_on_a_gpu_are_those_of_the_cpu(checkpoint):
    expected = MetaNP(checkpoint).fit(CONTEXT, SCORE).predict(POOL)
    moved = MetaNP(checkpoint).fit(CONTEXT, SCORE).to("cuda")
    np.testing.assert_allclose(moved.predict(moved.encode(POOL)), expected, rtol=1e-4)
