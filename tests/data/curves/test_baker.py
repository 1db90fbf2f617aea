"""Baker et al.'s six files: known rows, repeated rows, which epoch is the first."""

import numpy as np
import pytest

from data.curves import load_curves
from data.curves.baker import SOURCES, resnet_parameters


@pytest.mark.parametrize(
    ("name", "rows", "columns", "first"),
    [
        ("metaqnn_cifar10", 1000, 20, 1),
        ("metaqnn_svhn", 1300, 20, 1),
        ("resnet_cifar10", 486, 50, 1),
        ("resnet_tinyimagenet", 651, 141, 0),
        ("lstm_ptb", 280, 60, 1),
        ("alexnet_imagenet", 974, 501, 0),
    ],
)
def test_the_files_have_their_published_sizes_less_what_is_repeated(mirror, name, rows, columns, first):
    table = load_curves(name)
    assert (len(table), table.curves.n_epochs, table.curves.epochs[0]) == (rows, columns, first)
    assert not table.surrogate


def test_weights_of_a_resnet_by_hand():
    # one block a stage, 16 filters, 3x3, ten classes: 432 + 2 * 2304 + (4608 + 9216) + (18432 + 36864) + 640
    found = resnet_parameters(np.array([1.0]), np.array([16.0]), np.array([3.0]), 10)
    assert found.tolist() == [432 + 2 * 2304 + 4608 + 9216 + 18432 + 36864 + 640]


def test_all_six_are_listed():
    assert len(SOURCES) == 6


def test_a_row_of_metaqnn_is_as_in_the_file(mirror):
    table = load_curves("metaqnn_cifar10")
    assert table.architecture[2] == "[C(64,5,1), C(256,3,1), D(1,1), GAP(10), SM(10)]"
    np.testing.assert_allclose(table.curves.values[2, 0, [0, -1]], [33.94, 48.98])
    assert table.curves.architecture["parameters"][2] == 154816
    assert table.curves.architecture["depth"][2] == 4
    assert table.curves.hyperparameters["learning_rate"][2] == 0.001


def test_perplexity_is_a_loss(mirror):
    curves = load_curves("lstm_ptb").curves
    assert not curves.main.maximize
    np.testing.assert_allclose(curves.ends()[0], -87.01)
    assert curves.architecture["width"][0] == 90


def test_the_33_repeated_rows_of_tinyimagenet_are_dropped_and_its_depth_is_that_of_the_paper(mirror):
    curves = load_curves("resnet_tinyimagenet").curves
    rows = np.column_stack([curves.values[:, 0], *curves.architecture.values(), *curves.hyperparameters.values()])
    assert len(np.unique(rows, axis=0)) == 651
    assert curves.architecture["depth"][0] == 8  # one block: 6 + 2
    assert curves.values[:, 0, 0].mean() < 0.6  # one of 200 classes, or less, before training
    assert curves.values[:, 0, 1].mean() > 5 * curves.values[:, 0, 0].mean()
