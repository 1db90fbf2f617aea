"""What all proxies keep to: the network stays as it was, randomness is an argument, one pass serves many."""

import math
import random

import numpy as np
import pytest
import torch
from torch import nn

from metanp.proxies import PROXIES, Batch, measure
from metanp.proxies.passes import Pass
from tests.small_networks import colour, convolutional

ALL = sorted(PROXIES)
READS_WITHOUT_RELU = sorted(PROXIES.keys() - {"nwot"})


def hooks(network: nn.Module) -> int:
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in network.modules() for kind in kinds)


@pytest.mark.parametrize("name", ALL)
def test_a_network_stays_as_it_was(name):
    network = convolutional().eval()
    network[1].train()
    network[0].weight.requires_grad_(False)
    network[2].inplace = True
    state = {key: value.clone() for key, value in network.state_dict().items()}
    objects = [id(tensor) for tensor in [*network.parameters(), *network.buffers()]]
    modes = [module.training for module in network.modules()]
    PROXIES[name](network, colour())
    assert all(torch.equal(value, state[key]) for key, value in network.state_dict().items())
    assert [id(tensor) for tensor in [*network.parameters(), *network.buffers()]] == objects
    assert [module.training for module in network.modules()] == modes
    assert [p.requires_grad for p in network.parameters()] == [False, True, True, True, True, True, True, True]
    assert all(p.grad is None for p in network.parameters())
    assert network[2].inplace
    assert "forward" not in vars(network[1])
    assert hooks(network) == 0


@pytest.mark.parametrize("name", ALL)
def test_a_network_stays_as_it_was_where_a_proxy_fails(name):
    class Broken(nn.Module):
        def forward(self, images):
            raise RuntimeError("out of order")

    network = nn.Sequential(*convolutional(), Broken()).eval()
    found = measure(network, colour(), [name])
    assert math.isnan(found.values[name]) == (name not in ("params", "l2_norm"))
    assert hooks(network) == 0
    assert not any(module.training for module in network.modules())
    assert network[0].weight.dtype == torch.float32


@pytest.mark.parametrize("name", ALL)
def test_global_random_state_is_neither_read_nor_changed(name):
    network, batch = convolutional(), colour()
    values = set()
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global state is what this is about
        random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
        values.add(PROXIES[name](network, batch, rng=5))
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
        assert random.getstate() == before[2]
    assert len(values) == 1


@pytest.mark.parametrize("name", ["grad_norm", "zen", "swap", "jacov"])
def test_another_seed_is_another_draw(name):
    network, batch = convolutional(), colour()
    assert len({PROXIES[name](network, batch, rng=seed) for seed in range(3)}) == 3


@pytest.mark.parametrize("name", ALL)
def test_proxies_measured_together_are_those_measured_alone(name):
    network, batch = convolutional(), colour()
    together = measure(network, batch, ALL, rng=3)
    assert together.reasons == {}
    assert together.values[name] == pytest.approx(PROXIES[name](network, batch, rng=3), rel=1e-6)


def test_one_forward_pass_serves_all_proxies_that_read_it():
    network, batch, runs = convolutional(), colour(), []
    network.register_forward_hook(lambda *_: runs.append(1))
    measure(network, batch, ["grad_norm", "snip", "plain", "fisher", "nwot", "jacov", "jacov_classes", "epe_nas"])
    assert len(runs) == 1


@pytest.mark.parametrize("name", READS_WITHOUT_RELU)
@pytest.mark.parametrize("activation", [nn.GELU, nn.SiLU])
def test_networks_of_smooth_activations_are_read(name, activation):
    assert math.isfinite(PROXIES[name](convolutional(activation), colour()))


def test_what_fails_is_nan_with_a_reason_and_the_rest_is_there():
    found = measure(convolutional(nn.GELU), colour(), ["nwot", "snip"])
    assert math.isnan(found.values["nwot"])
    assert "no ReLU" in found.reasons["nwot"]
    assert found.values["snip"] > 0
    assert list(found.reasons) == ["nwot"]


def test_frozen_weights_and_no_grad_change_nothing():
    network, batch = convolutional(), colour()
    expected = measure(network, batch, ALL).values
    network.requires_grad_(False)
    with torch.no_grad():
        assert measure(network, batch, ALL).values == expected


def test_tied_weights_stay_tied():
    network = convolutional()
    network.append(nn.Linear(4, 4))
    network.append(nn.Linear(4, 4))
    network[-1].weight = network[-2].weight
    measure(network, colour(), ALL)
    assert network[-1].weight is network[-2].weight


def test_texts_are_read_by_those_that_need_no_gradient_of_the_input():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Embedding(50, 8), nn.Linear(8, 8), nn.GELU(), nn.Flatten(), nn.Linear(40, 3))
    batch = torch.randint(50, (6, 5), generator=torch.Generator().manual_seed(0)), torch.arange(6) % 3
    found = measure(network, batch, ALL)
    assert set(found.reasons) == {"synflow", "jacov", "jacov_classes", "epe_nas", "nwot", "zen"}
    assert all("reads images alone" in found.reasons[name] for name in ("synflow", "jacov", "epe_nas", "zen"))


def test_an_unknown_proxy_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="unknown proxy 'gradnorm'; nearest: grad_norm"):
        measure(convolutional(), colour(), ["gradnorm"])


IMAGES, LABELS = colour()
BAD = {
    "a batch of one image": (IMAGES[:1], LABELS[:1]),
    "a batch of no image": (IMAGES[:0], LABELS[:0]),
    "label of image 3 is 4, and the network has 4 classes": (IMAGES, torch.tensor([0, 1, 2, 4, 0, 0, 0, 0])),
    "label of image 1 is -1": (IMAGES, torch.tensor([0, -1, 2, 3, 0, 0, 0, 0])),
    "label of image 2 is 0.5": (IMAGES, torch.tensor([0, 1, 0.5, 3, 0, 0, 0, 0])),
    r"8 images but labels of shape \(7,\)": (IMAGES, LABELS[:7]),
    r"images of shape \(8, 3, 36\); expected": (IMAGES.flatten(2), LABELS),
    r"images.transpose\(0, 3, 1, 2\)": (IMAGES.permute(0, 2, 3, 1), LABELS),
    "build the network with as many image_channels": (IMAGES[:, :1], LABELS),
    "images of type uint8": ((IMAGES * 10).byte(), LABELS),
    "image 5 has a value that is not finite": (IMAGES.index_fill(0, torch.tensor([5]), math.nan), LABELS),
    "give a pair: images and labels": IMAGES[0],
    r"the images are 'cat' \(str\)": ("cat", LABELS),
}


@pytest.mark.parametrize("said", BAD)
@pytest.mark.parametrize("name", ["grad_norm", "grasp", "epe_nas"])
def test_a_batch_that_cannot_be_read_is_refused_with_the_remedy(said, name):
    with pytest.raises(ValueError, match=said):
        PROXIES[name](convolutional(), BAD[said])


def test_images_of_a_size_that_the_network_does_not_take_are_refused():
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 4))
    with pytest.raises(ValueError, match=r"cannot read images of shape \(8, 3, 9, 9\)"):
        PROXIES["snip"](network, colour(side=9))


def test_what_is_no_network_is_refused():
    with pytest.raises(ValueError, match=r"give a torch.nn.Module"):
        PROXIES["snip"]("resnet", colour())


def test_arrays_and_doubles_are_read_as_tensors_are():
    network, (images, labels) = convolutional(), colour()
    expected = PROXIES["snip"](network, (images, labels))
    assert PROXIES["snip"](network, (images.double().numpy(), labels.numpy().astype(np.uint8))) == expected
    assert PROXIES["snip"](network, Batch(images, labels)) == expected


def test_a_pass_is_watched_for_what_it_was_made_for():
    with pytest.raises(ValueError, match="the pass watches no patterns"):
        PROXIES["nwot"](convolutional(), Pass(convolutional(), Batch(*colour()), []))
