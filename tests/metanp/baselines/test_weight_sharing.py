"""OneShot and RSWS: children's accuracies in a supernet, whatever was evaluated."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from metanp import NotFittedError
from metanp.baselines.weight_sharing import WeightSharing
from metanp.spaces import SPACES
from scripts.trainings import supernets
from scripts.trainings.supernets import Settings, Source
from tests.catalogue import made

SPACE = SPACES["nasbench201"]
CELLS = [SPACE[i] for i in (3, 1462, 3, 9000)]


@dataclass(frozen=True)
class Counted:
    """Accuracy: how many 3x3 convolutions a cell has, plus the seed; which cells were read, and when."""

    regime: str = "uniform"
    space: str = "nasbench201"
    read: list = field(default_factory=list, compare=False)

    def check(self, download: bool) -> None: ...

    def accuracies(self, cells, seed):
        self.read.append(len(cells))
        return np.array([cell.operations.count("conv3x3") + 10.0 * seed for cell in cells])


def test_a_candidate_has_its_accuracy_in_the_supernet_and_each_is_read_once():
    source = Counted()
    one = WeightSharing(source).fit(CELLS[:2], [3.0, 1.0])
    expected = [cell.operations.count("conv3x3") for cell in CELLS]
    pool = one.encode(CELLS)
    assert source.read == [3]
    np.testing.assert_array_equal(one.predict(pool), expected)
    np.testing.assert_array_equal(WeightSharing(source).fit([], []).predict(CELLS), expected)
    assert (one.about.title, WeightSharing(Counted("summed")).about.title) == ("RSWS", "OneShot")


def test_three_seeds_are_three_supernets_and_more_share_them():
    found = [WeightSharing(Counted(), seed=seed).fit().predict(CELLS)[0] for seed in range(4)]
    assert np.subtract(found, found[0]).tolist() == [0, 10, 20, 0]
    assert WeightSharing(Counted(), seed=1).encoding == WeightSharing(Counted(), seed=4).encoding
    assert WeightSharing(Counted(), seed=1).encoding != WeightSharing(Counted(), seed=2).encoding


def test_what_it_cannot_do_is_named():
    with pytest.raises(ValueError, match="reads a supernet; give it source="):
        WeightSharing().prepare()
    with pytest.raises(NotFittedError):
        WeightSharing(Counted()).predict(CELLS)
    with pytest.raises(ValueError, match="gives no standard deviation"):
        WeightSharing(Counted()).fit().predict(CELLS, return_std=True)
    with pytest.raises(ValueError, match="score"):
        WeightSharing(Counted()).fit(CELLS, [1.0, np.nan, 1.0, 1.0])


@pytest.fixture
def quick(monkeypatch):
    """Sources train on digits, for two epochs."""
    plain = Source.settings

    def settings(self, seed: int) -> Settings:
        small = {"data": "digits", "side": 8, "train": 200, "validation": 100, "epochs": 2, "batch_size": 50}
        return replace(plain(self, seed), **small)

    monkeypatch.setattr(Source, "settings", settings)


@pytest.mark.parametrize("name", ["one_shot", "rsws"])
def test_an_entry_of_the_catalogue_trains_its_supernet_once_and_reads_children(name, quick, tmp_path, monkeypatch):
    one = made(name)
    one.source = replace(one.source, output=str(tmp_path))
    one.prepare()
    assert len(list(tmp_path.glob("*.pt"))) == 1
    monkeypatch.setattr(supernets.SharedTraining, "run_epoch", lambda self: pytest.fail("trained again"))
    supernets._supernet.cache_clear()
    found = one.fit().predict(CELLS)
    assert found.shape == (4,)
    assert found[0] == found[2]
    assert (found == found.round()).all()  # of 100 validation images
    with pytest.raises(ValueError, match="nasbench201 has no cell that computes the same"):
        one.predict([SPACES["subgraphs"][3]])


def test_readings_of_one_supernet_differ(quick, tmp_path):
    cells = [SPACE[i] for i in range(0, 15_000, 1_000)]
    found = [
        Source("uniform", reading=reading, output=str(tmp_path)).accuracies(cells, 0)
        for reading in ("running", "batch", "recalibrated")
    ]
    assert not np.array_equal(found[0], found[1])
    assert len(list(tmp_path.glob("*.pt"))) == 1
