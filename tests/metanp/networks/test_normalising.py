"""The three readings: by hand on one layer, and nothing is left behind."""

import pytest
import torch
from torch import nn

from metanp.networks.normalising import READINGS, read_by

TRAINING = [torch.tensor([[0.0], [2.0]]), torch.tensor([[4.0], [8.0]])]  # means 1 and 6, variances 2 and 8
ASKED = torch.tensor([[1.0], [3.0]])  # mean 2, variance 1 (2 where divided by one less)


def layer() -> nn.BatchNorm1d:
    one = nn.BatchNorm1d(1, eps=1e-12, momentum=0.5)
    one(torch.tensor([[4.0], [12.0]]))  # running mean 4, running variance (1 + 32) / 2
    return one


@pytest.mark.parametrize(
    ("reading", "mean", "variance"), [("running", 4.0, 16.5), ("batch", 2.0, 1.0), ("recalibrated", 3.5, 5.0)]
)
def test_a_reading_is_what_one_computes_by_hand(reading, mean, variance):
    with read_by(one := layer(), reading, TRAINING):
        found = one(ASKED)
    torch.testing.assert_close(found, (ASKED - mean) / variance**0.5)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("training", [True, False])
def test_averages_momentum_and_mode_are_as_before_to_the_last_bit(reading, training):
    net = nn.Sequential(nn.Linear(1, 1), layer()).train(training)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with read_by(net, reading, TRAINING):
        assert not net.training
        net(ASKED)
    assert net.training == net[1].training == training
    assert net[1].momentum == 0.5
    assert {name: value.tolist() for name, value in net.state_dict().items()} == {
        name: value.tolist() for name, value in before.items()
    }


def test_a_reading_that_there_is_not_and_one_without_images_are_named():
    with pytest.raises(ValueError, match="no reading 'batches'; nearest: batch"), read_by(layer(), "batches"):
        pass
    one = layer()
    with pytest.raises(ValueError, match="no batch to recalibrate with"), read_by(one, "recalibrated"):
        pass
    assert one.running_mean.tolist() == [4.0]
