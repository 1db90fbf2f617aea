"""Every skeleton against published numbers of parameters and FLOPs, to the last one, or against a network by hand."""

import csv
import gzip
import json
from collections.abc import Iterator
from itertools import permutations

import numpy as np
import pytest
import torch
from torch import nn

from metanp import Cell
from metanp.networks import (
    DARTS,
    Block,
    Blocks,
    NASBench101,
    NASBenchMacro,
    Transformer,
    TransformerLayer,
    TransNASMicro,
    cost,
    network,
)
from metanp.networks.darts import read_genotype
from metanp.networks.layers import FactorizedReduction
from metanp.networks.nasbench101 import vertex_channels
from metanp.networks.place import Place
from metanp.spaces import SPACES

# the cell that DARTS's second-order search found, as its repository gives it
DARTS_V2 = """Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1),
('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5],
reduce=[('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0),
('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=range(2, 6))"""
SMALL_DARTS = DARTS(channels=4, cells=3)


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def images(n: int = 2, side: int = 16) -> torch.Tensor:
    return torch.randn(n, 3, side, side, generator=torch.Generator().manual_seed(0))


# --- NAS-Bench-101 ---


def counted(cell: Cell) -> int:
    """Parameters of NAS-Bench-101's network of a cell, by arithmetic: convolutions, two numbers a channel for each
    normalisation, and the last layer."""
    total = 27 * 128 + 2 * 128 + 512 * 10 + 10
    for inputs, outputs, times in ((128, 128, 3), (128, 256, 1), (256, 256, 2), (256, 512, 1), (512, 512, 2)):
        channels = vertex_channels(cell, Place(inputs, outputs))
        convolutions = [(channels[v], channels[v], 9) for v, name in enumerate(cell.operations) if name == "conv3x3"]
        convolutions += [(channels[v], channels[v], 1) for v, name in enumerate(cell.operations) if name == "conv1x1"]
        convolutions += [(inputs, channels[v], 1) for u, v in cell.edges if u == 0]
        total += times * sum(i * o * pixels + 2 * o for i, o, pixels in convolutions)
    return total


def renumbered(cell: Cell) -> Iterator[Cell]:
    """The same cell with its inner vertices in every topological order."""
    for order in permutations(range(1, len(cell) - 1)):
        place = {0: 0, len(cell) - 1: len(cell) - 1} | {old: new for new, old in enumerate(order, start=1)}
        edges = [(place[u], place[v]) for u, v in cell.edges]
        if all(u < v for u, v in edges):
            yield Cell(["input", *(cell.operations[old] for old in order), "output"], edges)


def test_nasbench101_has_the_parameters_of_the_benchmark(mirror):
    """The order of vertices decides who has a channel more, and that in which a cell was trained was not published: for
    about one cell in sixty it is another than the listed one, and always one of the topological orders."""
    from data import load_benchmark

    table, other = load_benchmark("nasbench101"), 0
    published = np.round(1e6 * table.features["cifar10_parameters"]).astype(int)
    for row in range(0, len(table), 20):
        cell = table.cells[row]
        if counted(cell) != published[row]:
            other += 1
            assert published[row] in {counted(same) for same in renumbered(cell)}
        elif row % 3_000 == 0:
            with torch.device("meta"):
                assert parameters(network(cell, "nasbench101")) == published[row]
    assert other < 0.04 * len(table) / 20


def test_vertices_share_the_output_s_channels_and_feed_the_widest_reader():
    """1 and 2 are read by the output (64 channels in all, 65 - 1 left for 3 of them); 3 feeds 1 and 2 alone."""
    cell = Cell(
        ["input", "conv1x1", "conv3x3", "conv3x3", "maxpool3x3", "output"],
        [(0, 1), (1, 2), (1, 3), (2, 5), (3, 4), (3, 5), (4, 5)],
    )
    # 65 over three vertices: 22, 22, 21; vertex 1 feeds 2 and 3
    assert vertex_channels(cell, Place(8, 65)) == [8, 22, 22, 22, 21, 65]


def test_a_nasbench101_cell_is_computed_as_the_benchmark_says():
    """output = [conv(p1(x)) , pool(first channels of conv + p2(x))] + p(x), all in one cell written out."""
    cell = Cell(["input", "conv1x1", "maxpool3x3", "output"], [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (0, 3)])
    net = network(cell, NASBench101(channels=5, stacks=1, cells=1), rng=0).eval()
    stem, body = net.body
    x = stem(images())
    one = body.vertices[0](body.projections["1"](x))
    two = body.vertices[1](one[:, :2] + body.projections["2"](x))
    assert (one.shape[1], two.shape[1]) == (3, 2)
    torch.testing.assert_close(body(x), torch.cat([one, two], 1) + body.projections["3"](x))


def test_a_nasbench101_cell_without_a_path_is_refused():
    with pytest.raises(ValueError, match="no path from its input to its output"):
        network(Cell(["input", "conv1x1", "output"], [(0, 1)]), "nasbench101")


# --- NAS-Bench-Macro ---


def test_nasbench_macro_has_the_parameters_and_flops_of_the_benchmark(mirror):
    """The file counts a multiplication and an addition as one."""
    path = next(mirror.rglob("nas-bench-macro_cifar10.json"))
    published = json.loads(path.read_text())
    for code in list(published)[::2_000]:
        found = cost(network(SPACES["nasbench_macro"].parse_text(code), "nasbench_macro"), (3, 32, 32), runs=0)
        assert (found.parameters, found.flops // 2) == (published[code]["params"], published[code]["flops"])


def test_a_chain_of_another_length_is_refused():
    chain = Cell(["input", "skip", "mbconv3x3_e3", "output"], [(0, 1), (1, 2), (2, 3)])
    with pytest.raises(ValueError, match="a chain of 2 blocks; this skeleton has 8"):
        network(chain, "nasbench_macro")
    assert network(chain, NASBenchMacro(channels=4, stages=(2,), features=8))(images()).shape == (2, 10)
    with pytest.raises(ValueError, match="takes a chain of blocks, which this cell is not"):
        network(Cell(["input", "skip", "skip", "output"], [(0, 1), (0, 2), (1, 3), (2, 3)]), "nasbench_macro")


# --- TransNAS-Bench-101 ---


def test_a_transnas_cell_has_the_parameters_that_one_counts_by_hand():
    """One module that halves and doubles, C = 4: stem 3x2x9 + 2x2 and 2x4x9 + 2x4, then two cells with a 3x3 and a 1x1
    convolution: the first 4 to 8 and 8 to 8 channels, the second 8 to 8 twice; head 8 x 10 + 10."""
    cell = SPACES["transnas"].parse_text("64-41414-3_00_020")
    by_hand = (54 + 4) + (72 + 8) + (288 + 16 + 64 + 16) + (576 + 16 + 64 + 16) + 90
    assert parameters(network(cell, TransNASMicro(channels=4, backbone="4"))) == by_hand


def test_where_the_shape_changes_a_skip_is_two_convolutions_one_pixel_apart():
    layer = FactorizedReduction(Place(2, 4, stride=2)).eval()
    for half in layer.halves:
        nn.init.ones_(half.weight)
    x = torch.arange(32.0).reshape(1, 2, 4, 4)
    out = layer(x) * (1 + 1e-5) ** 0.5
    assert out[0, 0].flatten().tolist() == pytest.approx([16, 20, 32, 36])  # 0 + 16, 2 + 18, 8 + 24, 10 + 26
    assert out[0, 2].flatten().tolist() == pytest.approx([26, 30, 42, 46])  # 5 + 21, 7 + 23, 13 + 29, 15 + 31
    assert layer(images(side=5)[:, :2]).shape == (2, 4, 3, 3)


def test_a_dead_transnas_cell_still_has_the_backbone_s_shape():
    dead = SPACES["transnas"].parse_text("64-41414-0_00_000")
    for prune in (True, False):
        assert network(dead, TransNASMicro(channels=4), prune=prune)(images(side=33)).shape == (2, 10)


def test_a_cell_whose_nodes_mix_the_input_with_others_cannot_change_the_shape():
    mixed = Cell(["input", "conv1x1", "conv3x3", "output"], [(0, 1), (0, 2), (1, 2), (2, 3)])
    with pytest.raises(ValueError, match=r"node 2 \(conv3x3\) reads the input and 1 others where the shape changes"):
        network(mixed, "transnas_micro")
    assert network(mixed, "small")(images()).shape == (2, 10)


def test_a_macro_backbone_doubles_channels_and_halves_images_by_its_digits():
    net = network("8-1234-basic", "transnas_macro").eval()
    shapes = [(2, 8, 8, 8)] * 2 + [(2, 16, 8, 8)] * 2 + [(2, 16, 4, 4)] * 2 + [(2, 32, 2, 2)] * 2
    x = net.body[:3](images(side=32))
    for block, shape in zip(net.body[3:], shapes, strict=True):
        x = block(x)
        assert x.shape == shape
    with pytest.raises(ValueError, match="'64-51-basic' is no backbone"):
        network("64-51-basic", "transnas_macro")


# --- DARTS ---


def test_darts_has_the_parameters_that_its_authors_print():
    """3.349342 million with 36 channels and 20 cells, without the auxiliary head."""
    assert parameters(network(DARTS_V2, "darts")) == 3_349_342


def test_genotypes_come_in_four_forms():
    normal, reduction = read_genotype(DARTS_V2)
    assert normal[5] == ("skip", 0)
    assert reduction[0] == ("maxpool3x3", 0)
    assert read_genotype({"normal": normal, "reduce": reduction}) == (normal, reduction)
    assert read_genotype((normal, reduction)) == (normal, reduction)
    assert read_genotype(str((normal, reduction))) == (normal, reduction)


def test_a_darts_network_reads_the_two_cells_before():
    net = network(DARTS_V2, SMALL_DARTS, rng=0).eval()
    x = net.body.stem(images())
    one = net.body.cells[0](x, x)
    two = net.body.cells[1](x, one)
    assert (one.shape[1:], two.shape[1:]) == ((16, 16, 16), (32, 8, 8))
    torch.testing.assert_close(net.body(images()), net.body.cells[2](one, two))


@pytest.mark.parametrize(
    ("genotype", "said"),
    [
        ("Genotype(normal=[('sep_conv_3x3', 0)]", "not a genotype"),
        ("Genotype(normal=__import__('os').system('true'), reduce=[])", "not a genotype"),
        ({"normal": [("sep_conv_3x3", 0)], "reduce": []}, "the normal cell has 1 pairs"),
        ({"normal": [("skip_connect", 0)] * 2}, "no reduce cell"),
        (
            {"normal": [("skip_connect", 0)] * 4, "normal_concat": [3], "reduce": [("none", 0)] * 2},
            r"normal_concat is \[3\]",
        ),
        (
            ([("sep_conv_3x4", 0), ("none", 1)], []),
            r"the normal cell, node 0: unknown 'sep_conv_3x4'; nearest: sep_conv_3x3",
        ),
        (([("none", 0), ("none", 2)], []), "the normal cell, node 0, reads input 2; expected 0 to 1"),
        (3, "not a genotype"),
    ],
)
def test_a_genotype_that_is_none_is_named(genotype, said):
    with pytest.raises(ValueError, match=said):
        network(genotype, "darts")


# --- blocks ---


def mobilenet_v2() -> list[Block]:
    """Table 2 of its paper: expansion, channels, repeats, stride of the first."""
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    return [Block("mbconv", c, expansion=t, stride=s if i == 0 else 1) for t, c, n, s in rows for i in range(n)]


def test_mobilenet_v2_has_its_parameters_and_flops():
    """3,504,872 parameters and 300,774,272 multiplications and additions with 1,000 classes on 224 x 224 pixels."""
    found = cost(network(mobilenet_v2(), Blocks(stem_stride=2), 1000), (3, 224, 224), runs=0)
    assert (found.parameters, found.flops) == (3_504_872, 2 * 300_774_272)


def test_a_gate_is_between_nought_and_one_for_each_channel():
    net = network([{"kind": "mbconv", "channels": 32, "squeeze": True}], Blocks(features=8), rng=0).eval()
    squeeze = next(m for m in net.modules() if type(m).__name__ == "SqueezeExcitation")
    x = torch.rand(2, 192, 4, 4) + 1
    gate = squeeze(x) / x
    torch.testing.assert_close(gate, gate[:, :, :1, :1].expand_as(gate))
    assert 0 < gate.min() < gate.max() < 1


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([{"channels": 3}], "block 0 is .*; give kind and channels"),
        ([Block("mbconw", 8)], "block 0 is of kind 'mbconw'; known: mbconv"),
        ("mbconv", "takes a list of blocks"),
    ],
)
def test_what_is_no_list_of_blocks_is_named(blocks, said):
    with pytest.raises(ValueError, match=said):
        network(blocks, "blocks")


# --- transformers ---


def test_transformers_have_the_parameters_of_nas_bench_bert(mirror):
    """The benchmark counts feed-forward parts as 1,024 wide and layers as 256 wide, whatever they are."""
    path = mirror.parent / "more" / "tables" / "nas_bench_bert_glue.csv.gz"
    if not path.is_file():
        pytest.skip(f"no table {path}")
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))[::60]
    for row in rows:
        with torch.device("meta"):
            net = network(row["layers"].replace(":512:", ":1024:"), "transformer", classes=2)
        assert parameters(net) - 2 * 257 == int(row["number_of_parameters"])


def test_transforms_are_those_of_scipy():
    from scipy import fft

    from metanp.networks.mixing import Cosine, Fourier

    x = torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    torch.testing.assert_close(Cosine()(x).numpy(), fft.dctn(x.numpy(), axes=(1, 2), norm="ortho"))
    torch.testing.assert_close(Fourier()(x).numpy(), np.real(np.fft.fft2(x.numpy())))


def test_a_span_convolution_is_the_window_weighted_by_a_kernel_for_every_token():
    from metanp.networks.mixing import SpanConvolution

    layer = SpanConvolution(8, heads=4, kernel_size=3).eval()
    x = torch.randn(1, 5, 8, generator=torch.Generator().manual_seed(0))
    out = layer(x)[0, :, 4:]
    around = layer.around(x.transpose(1, 2)).transpose(1, 2)
    kernels = layer.kernel(around * layer.attention.query(x))[0]
    values = torch.cat([torch.zeros(1, 4), layer.values(x)[0], torch.zeros(1, 4)])
    for token in range(5):
        for channel in range(4):
            weights = kernels[token].reshape(2, 3)[channel // 2].softmax(0)
            expected = sum(weights[i] * values[token + i, channel] for i in range(3))
            torch.testing.assert_close(out[token, channel], expected)


@pytest.mark.parametrize("kind", ["attention", "weighted_attention", "fourier", "cosine", "convolution"])
def test_every_kind_of_layer_trains(kind):
    small = Transformer(channels=16, embedding=8, tokens=20, positions=12)
    net = network([TransformerLayer(kind, heads=4, width=8)], small, classes=3)
    scores = net(torch.arange(24).reshape(2, 12) % 20)
    assert scores.shape == (2, 3)
    scores.sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert cost(net, (12,), runs=1).latency > 0


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["SA:SDP:4:1024"], "layer 0 is 'SA:SDP:4:1024'; expected such as"),
        ([{"kind": "attentoin"}], "layer 0 is of kind 'attentoin'; nearest: attention"),
        ([{"kind": "attention", "size": 3}], "layer 0 is .*; give kind, and of heads"),
        ([TransformerLayer("attention", heads=3)], "256 channels cannot be shared evenly by 3 heads"),
    ],
)
def test_what_is_no_list_of_layers_is_named(layers, said):
    with pytest.raises(ValueError, match=said):
        network(layers, "transformer")


def test_texts_that_do_not_fit_are_named():
    net = network([TransformerLayer("fourier")], Transformer(channels=8, embedding=4, tokens=9, positions=6))
    with pytest.raises(ValueError, match="texts of 7 tokens; there are positions for 6"):
        net(torch.zeros(1, 7, dtype=torch.int64))
    with pytest.raises(ValueError, match="expected whole numbers"):
        net(torch.zeros(1, 6))
