"""Supernets: a child computes what its own network computes, whatever the space, and only its weights learn."""

import numpy as np
import pytest
import torch
from torch import nn

from metanp import Cell
from metanp.networks import DARTS, Block, Blocks, NASBench201, NASBenchMacro, Subgraphs, TransNASMicro, network
from metanp.networks.children import accuracies
from metanp.networks.normalising import READINGS, read_by
from metanp.networks.supernet import Choice, Supernet
from metanp.spaces import SPACES, GraphSpace

BLOCKS = [
    [Block("mbconv", 6, expansion=2), Block("mbconv", 6, kernel_size=5, squeeze=True), Block("skip", 6)],
    [{"kind": "conv", "channels": 8, "stride": 2}, {"kind": "mbconv", "channels": 8, "stride": 2}],
]
SMALL = {
    "nasbench201": (SPACES["nasbench201"], NASBench201(channels=4, cells=1, stages=2)),
    "subgraphs": (SPACES["subgraphs"], Subgraphs(channels=4, cells=2)),
    "darts": (SPACES["darts"], DARTS(channels=2, cells=3)),
    "nasbench_macro": (SPACES["nasbench_macro"], NASBenchMacro(channels=4, features=8)),
    "transnas": (SPACES["transnas"], TransNASMicro(channels=4, backbone="14")),
    "blocks": (BLOCKS, Blocks(stem=4, features=8)),
}


def images(n: int = 12, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed))


def labels(n: int = 12) -> torch.Tensor:
    return torch.arange(n) % 10


def supernet(name: str, seed: int = 1) -> Supernet:
    space, skeleton = SMALL[name]
    return Supernet(space, skeleton, rng=seed)


def a_child(net: Supernet, seed: int = 0):
    """A random architecture, as its space has it, and its picks."""
    if net.choices.name == "blocks":
        return [Block(**vars(BLOCKS[0][seed % 3])), BLOCKS[1][seed % 2]]
    return SPACES[net.choices.name].sample(np.random.default_rng(seed))


def trained(name: str) -> Supernet:
    """A few steps of random children, so that averages are those of several."""
    net = supernet(name)
    optimizer = torch.optim.SGD(net.parameters(), 0.05)
    for step in range(3):
        net.pick(net.choices.draw(np.random.default_rng(step)))
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(images(seed=step)), labels()).backward()
        optimizer.step()
    return net


@pytest.mark.parametrize("name", SMALL)
def test_a_child_s_network_is_the_supernet_restricted_to_it_to_the_last_bit_in_all_readings(name):
    net = trained(name)
    found = {}
    for seed in range(2):
        one = a_child(net, seed)
        net.choose(one)
        alone = net.child(one)
        for reading in READINGS:
            scores = []
            for which in (net, alone):
                with read_by(which, reading, [images(seed=7), images(seed=8)]):
                    scores.append(which(images(seed=9)))
            assert torch.equal(*scores)
            right = (scores[0].argmax(1) == labels()).double().mean().item()
            batches = [images(seed=7), images(seed=8)]
            assert accuracies(net, [net.picks(one)], images(seed=9), labels(), reading, batches) == pytest.approx(
                100 * right, abs=1e-4
            )
            found[seed, reading] = scores[0]
    assert not torch.equal(found[0, "running"], found[1, "running"])
    assert not torch.equal(found[0, "running"], found[0, "recalibrated"])


@pytest.mark.parametrize("training", [True, False])
def test_reading_children_leaves_a_supernet_as_it_was(training):
    net = trained("subgraphs").train(training)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    for reading in READINGS:
        accuracies(net, [(0, 1, 2), (3, 3, 3)], images(), labels(), reading, [images(seed=1)])
    assert {module.training for module in net.modules()} == {training}
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def genotype() -> dict[str, list]:
    """Two different cells, the pairs of each node in the order of their inputs."""
    names = ["sep_conv_3x3", "skip_connect", "max_pool_3x3", "dil_conv_3x3", "sep_conv_5x5", "avg_pool_3x3"]
    inputs = [0, 1, 0, 2, 1, 3, 0, 4]
    return {
        part: [(names[(i + shift) % 6], read) for i, read in enumerate(inputs)]
        for part, shift in (("normal", 0), ("reduce", 2))
    }


NASBENCH201 = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|skip_connect~0|none~1|nor_conv_1x1~2|"


@pytest.mark.parametrize(
    ("name", "child", "architecture"),
    [
        ("nasbench201", SPACES["nasbench201"].parse_text(NASBENCH201), SPACES["nasbench201"].parse_text(NASBENCH201)),
        ("subgraphs", SPACES["subgraphs"].parse_text("434"), SPACES["subgraphs"].parse_text("434")),
        ("darts", Cell.from_darts(genotype()), genotype()),
    ],
    ids=["nasbench201", "subgraphs", "darts"],
)
def test_a_child_has_the_very_modules_that_its_architecture_is_built_of(name, child, architecture):
    net = supernet(name)
    plain = network(architecture, SMALL[name][1], prune=False, rng=0)
    plain.load_state_dict(net.child(child).state_dict())  # refuses other names, or other shapes
    net.choose(child)
    assert torch.equal(plain.eval()(images()), net.eval()(images()))


def test_all_operations_together_are_their_sum():
    space = GraphSpace("one", {"skip": "skip", "pool": "avgpool3x3", "none": "none"}, [(0, 1), (1, 2)])
    net = Supernet(space, NASBench201(channels=4, cells=1, stages=1), rng=0).eval()
    choice = next(module for module in net.modules() if isinstance(module, Choice))
    x = torch.randn(2, 4, 8, 8)
    net.choose_all()
    torch.testing.assert_close(choice(x), x + nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False))
    net.pick((2,))
    assert torch.equal(choice(x), torch.zeros_like(x))
    net.pick(None)
    assert choice.active == (0, 1, 2)


def test_a_step_of_a_child_moves_its_weights_and_those_that_all_share_and_no_others():
    net = supernet("subgraphs")
    before = {name: value.clone() for name, value in net.state_dict().items()}
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=0.01)
    net.choose(SPACES["subgraphs"].parse_text("244"))
    nn.functional.cross_entropy(net(images()), labels()).backward()
    optimizer.step()
    moved = {name for name, value in net.state_dict().items() if not torch.equal(value, before[name])}
    of_options = {name for name in before if ".options." in name}
    assert {name for name in moved if ".options." in name} == {
        name for name in of_options if any(f"edges.{i}.options.{k}." in name for i, k in ((0, 1), (1, 3), (2, 3)))
    }
    assert before.keys() - of_options <= moved


def test_a_child_is_a_copy_that_learns_alone():
    net = supernet("subgraphs")
    cell = SPACES["subgraphs"][5]
    before = {name: value.clone() for name, value in net.state_dict().items()}
    alone = net.child(cell).train()
    alone(images()).sum().backward()
    torch.optim.SGD(alone.parameters(), 1.0).step()
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_seed_means_one_supernet():
    states = [supernet("subgraphs", seed).state_dict() for seed in (3, 3, 4)]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert not torch.equal(states[0]["net.head.2.weight"], states[2]["net.head.2.weight"])


def test_a_checkpoint_is_read_back_and_one_of_another_supernet_is_named():
    net, other = supernet("subgraphs", 1), supernet("subgraphs", 2)
    other.load(net.state())
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in net.state_dict().items())
    wider = Supernet(SPACES["subgraphs"], Subgraphs(channels=6, cells=2), rng=1)
    with pytest.raises(ValueError, match=r"a checkpoint of another supernet .*give the space, skeleton and images"):
        wider.load(net.state())
    with pytest.raises(ValueError, match="another supernet"):
        net.load({"weights": {}})


@pytest.mark.parametrize(
    ("space", "skeleton", "said"),
    [
        (
            "nasbench101",
            "nasbench101",
            "nasbench101 has no supernet: it does not choose one operation at each place; take",
        ),
        ("ofa", "blocks", "ofa has no supernet"),
        ("nasnet", "darts", "nasnet has no supernet: it lets a node read an input twice"),
        ("darts", "small", "repeats a Cell, not a TwoCells"),
        ("subgraphs", "transnas_macro", "does not look up its operations"),
        ("nasbench201", "subgraphs", "takes cells on the edges"),
        ("nasbench_graph", "small", "nasbench_graph has no supernet"),
    ],
)
def test_what_has_no_supernet_is_named(space, skeleton, said):
    with pytest.raises(ValueError, match=said):
        Supernet(SPACES[space], skeleton)


def test_a_child_outside_is_named():
    net = supernet("subgraphs")
    with pytest.raises(ValueError, match=r"subgraphs has no cell that computes the same"):
        net.choose(SPACES["nasbench201"][77])
    with pytest.raises(ValueError, match="'434' is no cell of subgraphs; make one with parse_text"):
        net.choose("434")
    chain = supernet("blocks")
    with pytest.raises(ValueError, match="a chain of 1 blocks; this supernet has 2"):
        chain.choose(BLOCKS[0][:1])
    with pytest.raises(ValueError, match=r"block 1 is .*none of the alternatives"):
        chain.choose([BLOCKS[0][0], Block("conv", 9)])


def test_alternatives_of_a_block_have_one_shape():
    with pytest.raises(ValueError, match="place 0 has 2 blocks; give one or more, of equal channels and stride"):
        Supernet([[Block("conv", 4), Block("conv", 8)]], "blocks")
    with pytest.raises(ValueError, match="place 1 has 0 blocks"):
        Supernet([[Block("conv", 4)], []], "blocks")


@pytest.mark.gpu
def test_a_supernet_trains_and_is_read_on_a_gpu():
    net = supernet("nasbench201").cuda()
    net.pick(net.choices.draw(np.random.default_rng(0)))
    nn.functional.cross_entropy(net(images().cuda()), labels().cuda()).backward()
    child = a_child(net)
    net.choose(child)
    alone = net.child(child)
    for reading in READINGS:
        with read_by(net, reading, [images().cuda()]), read_by(alone, reading, [images().cuda()]):
            torch.testing.assert_close(net(images().cuda()), alone(images().cuda()))
