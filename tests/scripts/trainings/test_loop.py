"""The loop: what an epoch is, that it goes on as if nothing had happened, and what it refuses."""

import math

import pytest
import torch
from torch import nn

from data.images.batches import Labelled
from scripts.trainings.loop import Diverged, Training
from scripts.trainings.recipe import Recipe

PLAIN = Recipe(
    epochs=2, batch_size=4, learning_rate=0.1, momentum=0, weight_decay=0, label_smoothing=0, padding=0, flip=False
)


def net(classes: int = 2) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(4, classes))


def labelled(n: int = 8) -> Labelled:
    """Two classes that a line separates: the sign of the first pixel."""
    images = torch.randn(n, 2, 2, 1, generator=torch.Generator().manual_seed(0))
    return Labelled(images, (images[:, 0, 0, 0] > 0).long())


def test_a_first_step_is_the_learning_rate_times_the_gradient():
    images, model = labelled(4), net()
    start = {name: value.clone() for name, value in model.named_parameters()}
    loss = nn.functional.cross_entropy(model(images.images.permute(0, 3, 1, 2)), images.labels)
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    epoch = Training(model, images, images, PLAIN, seed=0).run_epoch()
    assert epoch.training_loss == pytest.approx(loss.item(), abs=1e-6)
    for (name, value), gradient in zip(model.named_parameters(), gradients, strict=True):
        torch.testing.assert_close(value, start[name] - 0.1 * gradient)


def test_the_learning_rate_falls_along_a_cosine_from_batch_to_batch():
    training = Training(net(), labelled(8), labelled(8), PLAIN, seed=0)  # two batches an epoch, two epochs
    rates = []
    step = training._step
    training._step = lambda loss: (rates.append(training.optimizer.param_groups[0]["lr"]), step(loss))
    training.run_epoch(), training.run_epoch()
    assert rates == pytest.approx([0.1 * (1 + math.cos(math.pi * i / 4)) / 2 for i in range(4)])
    assert training.done


def test_scores_are_shares_of_right_answers_in_percent():
    images = labelled(8)
    model = net()
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[-1.0, 0, 0, 0], [1.0, 0, 0, 0]]))
        model[1].bias.zero_()
    training = Training(model, images, images, PLAIN, seed=0)
    assert training.judge(images)[1] == 100
    wrong = Labelled(images.images, torch.where(torch.arange(8) < 2, 1 - images.labels, images.labels))
    loss, score = training.judge(wrong)
    assert score == 75
    scores = model(images.images.permute(0, 3, 1, 2))
    assert loss == pytest.approx(nn.functional.cross_entropy(scores, wrong.labels).item())


def test_clipped_gradients_are_no_longer_than_asked():
    model = net()
    start = [p.clone() for p in model.parameters()]
    recipe = Recipe(**{**vars(PLAIN), "clip": 0.01, "learning_rate": 1.0, "epochs": 1})
    Training(model, labelled(4), labelled(4), recipe, seed=0).run_epoch()
    moved = math.sqrt(sum(float((a - b).pow(2).sum()) for a, b in zip(start, model.parameters(), strict=True)))
    assert moved == pytest.approx(0.01, rel=1e-3)


def test_a_training_that_goes_on_is_the_same_to_the_last_bit():
    recipe = Recipe(epochs=4, batch_size=4, padding=1)
    whole = Training(net(), labelled(), labelled(), recipe, seed=3)
    rows = [whole.run_epoch() for _ in range(4)]
    first = Training(net(), labelled(), labelled(), recipe, seed=3)
    first.run_epoch(), first.run_epoch()
    second = Training(net(), labelled(), labelled(), recipe, seed=3)
    second.continue_from(first.state())
    again = [second.run_epoch() for _ in range(2)]
    assert [(r.training_loss, r.validation_loss) for r in again] == [
        (r.training_loss, r.validation_loss) for r in rows[2:]
    ]
    assert all(torch.equal(a, b) for a, b in zip(whole.net.parameters(), second.net.parameters(), strict=True))


def test_a_loss_that_is_not_finite_stops():
    broken = Labelled(torch.full((4, 2, 2, 1), math.nan), torch.zeros(4, dtype=torch.int64))
    with pytest.raises(Diverged, match="the loss is nan in epoch 1; lower the learning rate"):
        Training(net(), broken, broken, PLAIN, seed=0).run_epoch()


@pytest.mark.gpu
def test_a_training_on_a_gpu_learns_as_on_a_cpu():
    images = labelled(64)
    recipe = Recipe(epochs=20, batch_size=16, padding=0, flip=False)
    on_gpu = Labelled(images.images.cuda(), images.labels.cuda())
    training = Training(net(), on_gpu, on_gpu, recipe, seed=0)
    assert [training.run_epoch() for _ in range(20)][-1].validation_score > 90
