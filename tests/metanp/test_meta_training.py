"""The training loop: the same bits whether killed or not, a stop at the first loss that is none, and its files."""

import itertools
import json
import math

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from metanp import meta_training
from metanp.checkpoint import CheckpointError, load_model, read_tensors
from metanp.encoder import EncoderConfig
from metanp.graphs import Graphs
from metanp.meta_training import MetaTrainer, NonFiniteLoss, TrainingConfig, schedule
from metanp.model import Model, ModelConfig
from metanp.neural_process.convcnp import ConvCNPConfig
from metanp.neural_process.kernel import KernelConfig
from metanp.neural_process.whitened import WhitenedConfig
from metanp.spaces import get_space
from tasks.episodes import EpisodeConfig, EpisodeStream, collate
from tasks.prior import PriorConfig, PriorTasks

STEPS = 6
PIECES = 2  # of each step, two episodes each
SMALL = ModelConfig(
    "whitened_convcnp",
    EncoderConfig(width=8, layers=1, d_embed=8),
    WhitenedConfig(KernelConfig(heads=2, directions=2, embedding_heads=1), maps=2, points=6, channels=4),
    ConvCNPConfig(maps=2, points=6, channels=4, layers=2, latents=3),
)
LATENT = ModelConfig("convcnp", SMALL.encoder, SMALL.whitened, SMALL.convcnp)
CARD = {"name": "toy", "sources": [{"cells": "transnas", "labels": None}]}


@pytest.fixture(scope="module")
def stream() -> EpisodeStream:
    pool = Graphs.distinct(get_space("transnas").arrays()[-1000:])[0]
    tasks = PriorTasks("transnas", pool, PriorConfig())
    return EpisodeStream(tasks, EpisodeConfig(context_cells=[3, 9], target_cells=8, alike=4), 0)


def trainer_of(folder, model=SMALL, **config) -> MetaTrainer:
    torch.manual_seed(0)
    settings = {"steps": STEPS, "batch": 4, "at_once": 2, "warmup": 2, "validate_every": 2, "save_every": 1, **config}
    return MetaTrainer(Model(model), TrainingConfig(**settings), folder, CARD)


def batches_of(trainer, stream):
    return (collate([stream[i] for i in numbers]) for numbers in trainer.my_share())


def some_steps(n, trainer, stream):
    return itertools.islice(batches_of(trainer, stream), n * PIECES)


def validate(model):
    """A score that depends on the weights, so that the best is no matter of order alone."""
    return {"score": float(model.process.log_noise.detach()) if hasattr(model.process, "log_noise") else 0.5}


def weights(model) -> bytes:
    return b"".join(value.numpy().tobytes() for value in model.state_dict().values())


def state_of(folder) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in read_tensors(folder / "last.safetensors")[0].items()}


def log_of(folder) -> list[dict]:
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


@pytest.mark.parametrize("model", [SMALL, LATENT], ids=["whitened", "latent"])
@pytest.mark.parametrize(("killed_at", "save_every"), [(3, 1), (5, 2), (1, 4)])
def test_a_resumed_run_has_the_bits_of_an_uninterrupted_one(tmp_path, stream, model, killed_at, save_every):
    whole = trainer_of(tmp_path / "whole", model, save_every=save_every)
    whole.run(batches_of(whole, stream), validate)
    first = trainer_of(tmp_path / "killed", model, save_every=save_every)
    first.run(some_steps(killed_at, first, stream), validate)

    torch.rand(7)  # whatever ran before must not matter
    second = trainer_of(tmp_path / "killed", model, save_every=save_every)
    second.resume()
    assert second.step == killed_at // save_every * save_every
    second.run(batches_of(second, stream), validate)

    assert weights(second.model) == weights(whole.model)
    assert state_of(tmp_path / "killed") == state_of(tmp_path / "whole")
    assert log_of(tmp_path / "killed") == log_of(tmp_path / "whole")
    best = [load_model(tmp_path / name / "best.safetensors") for name in ("killed", "whole")]
    assert weights(best[0][0]) == weights(best[1][0])
    assert best[0][1]["step"] == best[1][1]["step"]


def test_a_finished_run_has_nothing_left_to_resume(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    trainer.run(batches_of(trainer, stream), validate)
    before = weights(trainer.model)
    again = trainer_of(tmp_path)
    again.resume()
    assert again.my_share() == []
    assert again.run(batches_of(again, stream), validate) == {}
    assert weights(again.model) == before
    assert len(log_of(tmp_path)) == STEPS + STEPS // 2


def test_resuming_where_nothing_was_saved_starts_from_the_beginning(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 1.0}\n')  # killed before it could save
    trainer = trainer_of(tmp_path)
    trainer.resume()
    assert trainer.step == 0
    assert log_of(tmp_path) == []


def test_starting_afresh_forgets_the_run_before(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    trainer.run(batches_of(trainer, stream), validate)
    trainer_of(tmp_path).start_afresh()  # and is killed before its first save
    resumed = trainer_of(tmp_path)
    resumed.resume()
    assert resumed.step == 0
    assert log_of(tmp_path) == []


def test_resuming_clears_away_what_was_half_written(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    trainer.run(some_steps(2, trainer, stream), validate)
    for name in (".last.safetensors.x1y2z3", ".log.jsonl.x1y2z3.part"):
        (tmp_path / name).write_bytes(b"half")
    with open(tmp_path / "log.jsonl", "a") as file:
        file.write('{"step": 3, "lo')  # the line that was being written
    trainer_of(tmp_path).resume()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.safetensors", "last.safetensors", "log.jsonl"]
    assert [line["step"] for line in log_of(tmp_path)] == [1, 2, 2]


def test_a_truncated_state_is_refused_by_name(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    trainer.run(some_steps(1, trainer, stream), validate)
    path = tmp_path / "last.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match=r"last\.safetensors: not a whole"):
        trainer_of(tmp_path).resume()


def test_the_state_of_another_model_is_refused(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    trainer.run(some_steps(1, trainer, stream), validate)
    with pytest.raises(ValueError, match="another model configuration"):
        trainer_of(tmp_path, LATENT).resume()


@pytest.mark.parametrize(("name", "value"), [("learning_rate", 1e-3), ("steps", 9), ("batch", 8), ("seed", 1)])
def test_the_state_of_another_training_is_refused(tmp_path, stream, name, value):
    trainer = trainer_of(tmp_path)
    trainer.run(some_steps(1, trainer, stream), validate)
    with pytest.raises(ValueError, match=f"was trained with {name}=.*, not {value}"):
        trainer_of(tmp_path, **{name: value}).resume()


def test_saving_more_often_is_no_other_training(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    trainer.run(some_steps(1, trainer, stream), validate)
    resumed = trainer_of(tmp_path, save_every=5, validate_every=3)
    resumed.resume()
    assert resumed.step == 1


def poisoned(stream, trainer, at, change):
    """The trainer's batches, the one that starts with episode `at` changed."""
    for numbers in trainer.my_share():
        batch = collate([stream[i] for i in numbers])
        if numbers[0] == at:
            change(batch)
        yield batch


def test_a_loss_that_is_no_number_stops_with_its_episodes_saved_and_named(tmp_path, stream):
    trainer = trainer_of(tmp_path)

    def change(batch):
        batch.yt[1, 0] = math.nan

    with pytest.raises(NonFiniteLoss, match=r"step 2: no finite loss; episodes \[11\] to blame") as stop:
        trainer.run(poisoned(stream, trainer, 10, change), validate)
    (path,) = tmp_path.glob("non-finite-*")
    assert str(path) in str(stop.value)
    tensors, card = read_tensors(path)
    assert (card["step"], card["episodes"], card["non-finite"]) == (2, [10, 11], [11])
    assert tensors["yt"][1, 0].isnan()
    assert torch.isfinite(tensors["log_likelihood"]).tolist() == [True, False]
    clean = collate([stream[i] for i in card["episodes"]])
    assert torch.equal(tensors["yc"], clean.yc)
    assert torch.equal(tensors["graphs.start"], clean.graphs.start)


def test_the_weights_before_a_stop_are_those_that_were_saved(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    with pytest.raises(NonFiniteLoss):
        trainer.run(poisoned(stream, trainer, 8, lambda batch: batch.yc.fill_(math.inf)), validate)
    saved = {name: value for name, value in state_of(tmp_path).items() if name.startswith("model.")}
    now = {f"model.{name}": value.numpy().tobytes() for name, value in trainer.model.state_dict().items()}
    assert saved == now
    assert [line["step"] for line in log_of(tmp_path)] == [1, 2, 2]


def test_a_kernel_matrix_of_no_numbers_stops_in_the_same_way(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    with pytest.raises(NonFiniteLoss, match="no finite loss"):
        trainer.run(poisoned(stream, trainer, 0, lambda batch: batch.graphs.features.fill_(math.nan)), validate)
    assert list(tmp_path.glob("non-finite-*"))


def test_a_gradient_that_is_no_number_stops_before_it_reaches_the_weights(tmp_path, stream):
    trainer = trainer_of(tmp_path)
    trainer.model.process.heads.kernel.log_noise.register_hook(lambda gradient: gradient * math.inf)
    before = weights(trainer.model)
    with pytest.raises(NonFiniteLoss, match="step 0: no finite gradient"):
        trainer.run(batches_of(trainer, stream), validate)
    assert weights(trainer.model) == before
    assert len(list(tmp_path.glob("non-finite-*"))) == PIECES  # whose gradient it was cannot be told


def test_every_step_and_every_validation_is_a_line_of_the_log(tmp_path, stream):
    heard = []
    trainer = trainer_of(tmp_path)
    trainer.also_log = heard.append
    trainer.run(batches_of(trainer, stream), lambda model: {"score": 0.25, "tau@20": 0.5})
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert lines == heard
    steps = [line for line in lines if "loss" in line]
    assert [line["step"] for line in steps] == [1, 2, 3, 4, 5, 6]
    assert all(math.isfinite(line["loss"]) and line["seconds"] >= 0 for line in steps)
    assert [line for line in lines if "loss" not in line] == [
        {"step": step, "score": 0.25, "tau@20": 0.5} for step in (2, 4, 6)
    ]


def test_the_best_checkpoint_is_the_one_of_the_highest_validation_score(tmp_path, stream):
    seen = []
    scores = iter([0.1, 0.5, 0.3])

    def validation(model):
        assert not model.training
        seen.append(weights(model))
        return {"score": next(scores)}

    trainer = trainer_of(tmp_path)
    metrics = trainer.run(batches_of(trainer, stream), validation)
    model, card = load_model(tmp_path / "best.safetensors")
    assert len(set(seen)) == 3
    assert weights(model) == seen[1]
    assert (card["step"], card["validation"], card["sources"]) == (4, {"score": 0.5}, CARD["sources"])
    assert metrics == {"score": 0.3}
    assert trainer.model.training


def test_the_last_step_is_always_validated_and_saved(tmp_path, stream):
    trainer = trainer_of(tmp_path, steps=3, validate_every=100, save_every=100)
    trainer.run(batches_of(trainer, stream), validate)
    assert read_tensors(tmp_path / "last.safetensors")[1]["step"] == 3
    assert [line["step"] for line in log_of(tmp_path) if "score" in line] == [3]


def test_the_learning_rate_warms_up_and_falls_as_a_cosine():
    config = TrainingConfig(steps=100, warmup=10)
    assert schedule(0, config) == pytest.approx(0.1)
    assert schedule(4, config) == pytest.approx(0.5 * 0.5 * (1 + math.cos(math.pi * 0.04)))
    assert schedule(50, config) == pytest.approx(0.5)
    assert schedule(99, config) == pytest.approx(0.5 * (1 - math.cos(math.pi * 0.01)))
    assert schedule(0, TrainingConfig(steps=100, warmup=0)) == 1


def test_the_first_step_is_as_long_as_scheduled_and_longer_for_scales(tmp_path, stream):
    trainer = trainer_of(tmp_path, steps=1, learning_rate=0.01, scale_rate=3.0, warmup=4, weight_decay=0.0)
    before = {name: p.detach().clone() for name, p in trainer.model.named_parameters()}
    trainer.run(batches_of(trainer, stream), validate)
    # Adam's first step moves whatever has a gradient by the learning rate, whatever the gradient
    moved = {name: float((p.detach() - before[name]).abs().max()) for name, p in trainer.model.named_parameters()}
    assert moved["encoder.from_attributes.weight"] == pytest.approx(0.01 / 4, rel=1e-3)
    assert moved["process.heads.kernel.log_noise"] == pytest.approx(3 * 0.01 / 4, rel=1e-3)


def test_every_parameter_is_trained_in_one_group_and_scales_do_not_decay(tmp_path):
    trainer = trainer_of(tmp_path)
    grouped = [p for group in trainer.optimiser.param_groups for p in group["params"]]
    assert len(grouped) == len({id(p) for p in grouped}) == len(list(trainer.model.parameters()))
    decay = {id(p): group["weight_decay"] for group in trainer.optimiser.param_groups for p in group["params"]}
    assert decay[id(trainer.model.process.heads.kernel.log_noise)] == 0
    assert decay[id(trainer.model.encoder.from_attributes.weight)] == trainer.config.weight_decay


def as_process(monkeypatch, rank: int, world: int) -> None:
    monkeypatch.setattr(meta_training.dist, "is_initialized", lambda: True)
    monkeypatch.setattr(meta_training.dist, "get_rank", lambda: rank)
    monkeypatch.setattr(meta_training.dist, "get_world_size", lambda: world)


def test_a_batch_that_processes_cannot_share_is_refused(tmp_path, monkeypatch):
    as_process(monkeypatch, 0, 3)
    with pytest.raises(ValueError, match="a batch of 4 episodes cannot be shared by 3 processes"):
        trainer_of(tmp_path)


def test_processes_share_the_pieces_of_one_process(tmp_path, monkeypatch):
    alone = trainer_of(tmp_path, batch=12).my_share()
    shares = []
    for rank in range(3):
        as_process(monkeypatch, rank, 3)
        shares.append(trainer_of(tmp_path, batch=12).my_share())
    assert len(alone) == 6 * STEPS
    for step in range(STEPS):
        together = [piece for share in shares for piece in share[2 * step : 2 * step + 2]]
        assert together == alone[6 * step : 6 * step + 6]
    assert list(itertools.chain(*alone)) == list(range(12 * STEPS))


def test_a_batch_in_pieces_makes_the_step_of_the_whole_batch(tmp_path, stream):
    gradients = []
    for at_once in (1, 3, 4):
        trainer = trainer_of(tmp_path / str(at_once), at_once=at_once, clip=math.inf)
        trainer.run(itertools.islice(batches_of(trainer, stream), len(trainer._pieces(0))), validate)
        gradients.append(torch.cat([p.grad.flatten() for p in trainer.model.parameters()]))
    assert torch.allclose(gradients[0], gradients[2], rtol=1e-4, atol=1e-5)
    assert torch.allclose(gradients[1], gradients[2], rtol=1e-4, atol=1e-5)


def test_workers_that_draw_episodes_change_no_bit(tmp_path, stream):
    trainers = [trainer_of(tmp_path / str(workers)) for workers in (0, 2)]
    for trainer, workers in zip(trainers, (0, 2), strict=True):
        loader = DataLoader(
            stream,
            batch_sampler=trainer.my_share(),
            collate_fn=collate,
            num_workers=workers,
            multiprocessing_context="fork" if workers else None,
        )
        trainer.run(loader, validate)
    assert weights(trainers[0].model) == weights(trainers[1].model)


def test_more_steps_of_training_predict_better(tmp_path, stream):
    """Not that the loss went down a bit: on episodes never trained on, by more than their spread explains."""
    trainer = trainer_of(tmp_path, steps=40, learning_rate=0.01, validate_every=40, save_every=40)
    held_out = collate([stream[i] for i in range(10**6, 10**6 + 64)])
    with torch.no_grad():
        before = trainer.model.log_likelihood(held_out).numpy()
    trainer.run(batches_of(trainer, stream), validate)
    with torch.no_grad():
        gain = trainer.model.log_likelihood(held_out).numpy() - before
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))


@pytest.mark.gpu
def test_a_gpu_trains_in_bfloat16_and_resumes(tmp_path, stream):
    trainer = trainer_of(tmp_path, device="cuda")
    trainer.run(some_steps(3, trainer, stream), validate)
    resumed = trainer_of(tmp_path, device="cuda")
    resumed.resume()
    resumed.run(batches_of(resumed, stream), validate)
    assert all(torch.isfinite(p).all() for p in resumed.model.parameters())
    assert load_model(tmp_path / "best.safetensors")[1]["step"] <= STEPS
