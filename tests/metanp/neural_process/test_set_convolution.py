"""Set convolution: cells onto grids and back, worked by hand where the grid is small."""

import math

import pytest
import torch

from metanp.neural_process.set_convolution import EXTENT, GridMaps, convolutions


@pytest.fixture
def grids() -> GridMaps:
    """One grid of five points a side, whose coordinates are the embedding itself, for small embeddings."""
    grids = GridMaps(d_embed=2, maps=1, points=5)
    with torch.no_grad():
        grids.coordinates.weight.copy_(torch.eye(2))
        grids.coordinates.bias.zero_()
        grids.log_scale.fill_(math.log(0.5))
    return grids.requires_grad_(False)


def test_one_cell_in_the_middle_is_heard_by_distance_and_its_score_divided_by_the_density(grids):
    weights = grids.weights(torch.zeros(1, 1, 2))
    density, score = grids.to_grid(weights, torch.full((1, 1, 1), 3.0), torch.ones(1, 1))[0, 0]
    near = torch.exp(-0.5 * (torch.linspace(-EXTENT, EXTENT, 5) / 0.5) ** 2)
    torch.testing.assert_close(density, near[:, None] * near[None])
    assert density[2, 2] == 1
    torch.testing.assert_close(score, 3 * density / (density + 0.01))


def test_both_axes_of_the_grid_are_told_apart(grids):
    """A cell to the right of the middle: first axis up, second unmoved."""
    density = grids.to_grid(grids.weights(torch.tensor([[[1.5, 0.0]]])), torch.zeros(1, 1, 1), torch.ones(1, 1))[
        0, 0, 0
    ]
    assert density.argmax().item() == 3 * 5 + 2


def test_no_cell_falls_off_the_grid_however_far_its_embedding(grids):
    weights = grids.weights(torch.tensor([[[1e6, -1e6]]]))
    density = grids.to_grid(weights, torch.zeros(1, 1, 1), torch.ones(1, 1))[0, 0, 0]
    assert density.argmax().item() == 4 * 5 + 0
    assert density.max() > 0.3


def test_a_cell_that_is_not_present_leaves_the_grid_empty(grids):
    grid = grids.to_grid(grids.weights(torch.zeros(1, 1, 2)), torch.ones(1, 1, 1), torch.zeros(1, 1))
    assert not grid.any()


def test_a_constant_signal_is_read_off_as_that_constant_everywhere(grids):
    signal = torch.tensor([2.0, -1.0])[None, None, :, None, None].expand(1, 1, 2, 5, 5)
    cells = torch.randn(1, 7, 2, generator=torch.Generator().manual_seed(0))
    read = grids.from_grid(grids.weights(cells), signal)
    torch.testing.assert_close(read, torch.tensor([2.0, -1.0]).expand(1, 7, 2))


def test_a_signal_on_one_axis_is_read_off_by_that_coordinate(grids):
    slope = torch.linspace(-EXTENT, EXTENT, 5)[:, None].expand(5, 5)[None, None, None]
    read = grids.from_grid(grids.weights(torch.tensor([[[-0.8, 0.9], [0.0, -0.9], [0.8, 0.0]]])), slope)[0, :, 0]
    assert read[0] < -0.3 < read[1] < 0.3 < read[2]
    assert read[1] == pytest.approx(0, abs=1e-6)


def test_each_map_is_read_by_its_own_coordinates():
    grids = GridMaps(d_embed=2, maps=3, points=6).requires_grad_(False)
    signal = torch.arange(3.0)[None, :, None, None, None].expand(1, 3, 2, 6, 6)
    read = grids.from_grid(grids.weights(torch.randn(1, 4, 2)), signal)
    torch.testing.assert_close(read, torch.tensor([0.0, 0, 1, 1, 2, 2]).expand(1, 4, 6))


def test_the_network_keeps_the_size_of_the_grid_and_a_shift_of_its_input_shifts_its_output():
    network = convolutions(2, 3, 4, layers=2)
    grid = torch.zeros(1, 2, 15, 15)
    grid[0, 0, 7, 7], moved = 1.0, grid.roll(1, dims=-1)
    moved[0, 0, 7, 8] = 1.0
    moved[0, 0, 7, 7] = 0.0
    one, other = network(grid), network(moved)
    assert one.shape == (1, 4, 15, 15)
    torch.testing.assert_close(one[..., 5:9, 5:9], other[..., 5:9, 6:10])
