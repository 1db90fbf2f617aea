"""NATS-Bench's genuine files, epoch by epoch."""

import numpy as np
import pytest

from data.archives import nasbench201_results
from data.curves import load_curves
from data.curves.nats_bench import INDICES, TSS, _load, read
from data.fetch import FileUnavailable, fetch, manifest
from metanp import Cell


@pytest.fixture(scope="module")
def load(mirror):
    def one(name: str):
        try:
            return load_curves(name)
        except FileUnavailable as error:
            pytest.skip(str(error))

    return one


def test_a_row_is_a_training_of_a_cell(load):
    table = load("nats_tss_cifar10")
    assert table.ids[3:6] == ("11/777", "11/888", "11/999")
    assert table.curves.n_epochs == 200
    assert Cell.from_nasbench201(table.architecture[3]).operations
    assert (
        table.architecture[3]
        == "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|none~0|nor_conv_3x3~1|avg_pool_3x3~2|"
    )


def test_the_last_epoch_is_what_the_converted_archive_has(load):
    table = load("nats_tss_cifar10")
    path = fetch(manifest()[f"{TSS}/000011.pickle.pbz2"])
    trials = nasbench201_results.read_results(_load(path)["200"]).trials["cifar10-valid"]
    for seed, row in ((777, 3), (888, 4), (999, 5)):
        assert table.curves.ends()[row] == trials[seed].numbers["x-valid", "accuracy"]
        assert table.curves.ends("train_loss")[row] == -trials[seed].numbers["train", "loss"]


def test_where_only_validation_and_test_together_were_evaluated_the_quantity_says_so(load):
    assert load("nats_tss_cifar100").curves.main.name == "validation+test_accuracy"
    assert load("nats_sss_cifar100").curves.main.name == "validation_accuracy"
    assert load("nats_sss_cifar100").architecture[1] == "8:8:8:16:32"


def test_training_losses_fall(load):
    losses = load("nats_sss_imagenet16").curves.scores("train_loss")
    assert (losses[:, -1] > losses[:, 0]).all()


def test_a_file_under_another_number_or_cut_short_is_refused_by_name(load, tmp_path):
    load("nats_tss_cifar10")
    path = fetch(manifest()[f"{TSS}/{INDICES[0]:06d}.pickle.pbz2"])
    with pytest.raises(ValueError, match=r"000000.pickle.pbz2: no 200 epochs of architecture 5"):
        list(read({5: path}, "cifar10-valid", "200"))
    short = tmp_path / "000000.pickle.pbz2"
    short.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"000000.pickle.pbz2: not a whole bz2-compressed pickle"):
        list(read({0: short}, "cifar10-valid", "200"))


def test_there_are_as_many_epochs_as_values(load):
    curves = load("nats_sss_cifar10").curves
    assert curves.epochs.tolist() == list(range(1, 91))
    assert np.isfinite(curves.values).all()
