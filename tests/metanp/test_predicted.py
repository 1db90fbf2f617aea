"""What a predictor says of candidates, kept and read again."""

import copy
import pickle

import numpy as np
import pytest
import torch

from metanp.distribution import Mixture
from metanp.predicted import MixtureQuantiles, Predicted
from metanp.score_transform import ScoreTransform


def quantiles(sign: int, inference: bool) -> MixtureQuantiles:
    rng = torch.Generator().manual_seed(0)
    with torch.inference_mode(inference):
        weight = torch.log_softmax(torch.randn(1, 3, generator=rng), 1)
        mixtures = [
            Mixture(
                weight,
                torch.randn(1, 3, n, generator=rng),
                torch.rand(1, 3, n, generator=rng) + 0.5,
                torch.full((1, 3, n), 0.1),
            )
            for n in (4, 2)
        ]
    return MixtureQuantiles(mixtures, ScoreTransform.fit(np.array([90.0, 91.0, 94.0])), sign, np.array([5, 0, 0, 3]))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("inference", [True, False])
@pytest.mark.parametrize("sign", [1, -1])
def test_what_is_predicted_is_the_same_when_it_is_read_again(sign, inference, again):
    predicted = Predicted(np.arange(4.0), np.ones(4), quantiles(sign, inference))
    read = again(predicted)
    assert np.array_equal(read.mean, predicted.mean)
    for probability in (0.05, 0.5, 0.977):
        assert np.array_equal(read.quantile(probability), predicted.quantile(probability))
    assert np.array_equal(read.quantiles([0.1, 0.9]), predicted.quantiles([0.1, 0.9]))


@pytest.mark.parametrize("sign", [1, -1])
def test_quantiles_rise_and_candidates_that_are_alike_have_the_same(sign):
    values = Predicted(np.zeros(4), np.ones(4), quantiles(sign, False)).quantiles([0.1, 0.5, 0.9])
    assert (np.diff(values, axis=0) > 0).all()
    assert np.array_equal(values[:, 1], values[:, 2])
