"""Leaderboards of learning curves: who sees how much of which curve."""

import numpy as np
import pytest

from data.curves import CurveTable
from data.curves.cells import cells_of
from metanp import MetaNP
from metanp.baselines.from_curves import FromCurves
from metanp.baselines.gaussian_process import WLGaussianProcess
from metanp.curves import Curves
from scripts.leaderboards import protocols
from scripts.leaderboards.entrants import read_catalogue, taking_part
from scripts.leaderboards.judging import judge, label_set
from scripts.leaderboards.page import verdict
from scripts.leaderboards.protocols import ProtocolConfig, available, settings
from scripts.leaderboards.standings import framed, views
from scripts.results.entrants import Described
from tests.made_up_curves import ACCURACY, rising

PROTOCOL = ProtocolConfig("curves_made_up", "made up", curves="made_up", epochs=[1, 6], budgets=[5, 20])
N = 80


def table(curves: Curves) -> CurveTable:
    return CurveTable("made_up", "none", tuple(map(str, range(len(curves)))), curves, ())


@pytest.fixture
def made_up(monkeypatch):
    curves = rising(N, noise=1.0)
    values = curves.values.copy()
    values[3, 0, 4:] = np.nan  # a failed run
    known = Curves(curves.quantities, values, curves.epochs, curves.lengths, curves.architecture)
    monkeypatch.setattr(protocols, "load_curves", lambda name, download=False: table(known))
    return known


def test_a_column_a_length_and_failed_runs_are_left_out(made_up):
    found = dict(settings(available(PROTOCOL, [], False)[0]))
    assert list(found) == ["after_1_epoch", "after_6_epochs"]
    one = found["after_6_epochs"]
    assert one.prefix == 6
    assert len(one.cells) == N - 1
    np.testing.assert_array_equal(one.score, np.delete(made_up.ends(), 3))
    assert [name for name, _ in settings(PROTOCOL, ["after_1_epoch"])] == ["after_1_epoch"]


def test_the_untrained_epoch_is_no_epoch(monkeypatch):
    curves = Curves.of(rising(N).values[:, 0], ACCURACY, first_epoch=0, architecture=rising(N).architecture)
    monkeypatch.setattr(protocols, "load_curves", lambda name, download=False: table(curves))
    assert [one.prefix for _, one in settings(PROTOCOL, ["after_1_epoch", "after_6_epochs"])] == [2, 7]


class Watched(FromCurves):
    """Notes the curves that it is given."""

    def fit(self, cells, score, features=None, curves=None):
        self.whole = curves
        return super().fit(cells, score, features, curves)

    def encode(self, candidates, features=None, curves=None):
        self.prefixes = curves
        return super().encode(candidates, features, curves)


def test_evaluated_cells_have_whole_curves_and_targets_their_prefixes_alone(made_up):
    one = dict(settings(PROTOCOL, ["after_6_epochs"]))["after_6_epochs"]
    shown, watched = label_set(one, 0, 20, 0), Watched("srm_ols")
    (row,) = judge(watched, None, one, shown)
    assert watched.whole.lengths.tolist() == [12] * 20
    assert watched.prefixes.values.shape == (N - 21, 1, 6)
    np.testing.assert_array_equal(watched.prefixes.values[:, 0], one.curves.values[shown.target][:, 0, :6])
    assert row["kendall_tau"] > 0.5
    assert 0.5 < row["coverage_90"] <= 1


def test_metanp_reads_them_beside_cells_and_others_cells_alone(made_up):
    one = dict(settings(PROTOCOL, ["after_6_epochs"]))["after_6_epochs"]
    shown = label_set(one, 0, 20, 0)
    ours, curves = MetaNP("label-free"), FromCurves("metanp")
    both, alone = (judge(model, None, one, shown)[0]["kendall_tau"] for model in (ours, curves))
    rival = WLGaussianProcess()
    cells = judge(rival, rival.encode(one.cells), one, shown)[0]["kendall_tau"]
    assert min(both, alone) > 0.5
    assert both > cells


def test_predictors_of_curves_take_part_where_there_are_curves():
    entries = {name: read_catalogue()[name] for name in ("lcsvr", "gp_wl")}
    assert list(taking_part(entries, "label-free", PROTOCOL, [])) == ["lcsvr", "gp_wl"]
    plain = ProtocolConfig("plain", benchmark="nasbench201")
    assert list(taking_part(entries, "label-free", plain, [])) == ["gp_wl"]
    with pytest.raises(ValueError, match="lcsvr reads learning curves, and protocol plain has none"):
        taking_part(entries, "label-free", plain, ["lcsvr"])


def test_cells_are_made_of_what_is_known():
    curves = rising(5)
    cells, rows = cells_of(table(curves))
    assert rows.tolist() == list(range(5))
    width = cells.to_cells()[2].parameters
    assert width is not None
    assert dict(width)["width"] == pytest.approx(curves.architecture["width"][2])
    unknown = Curves.of(curves.values[:, 0], ACCURACY)
    with pytest.raises(ValueError, match="nothing is known of the configurations of made_up but their curves"):
        cells_of(table(unknown))


@pytest.mark.parametrize(("needs", "place"), [(("cells",), "first"), (("cells", "learning-curve prefixes"), "first")])
def test_where_none_reads_the_same_metanp_is_held_against_those_that_read_a_part(needs, place):
    rows = [
        {"predictor": name, "shown": "a", "scored": "a", "set": number, "seed": 0, "labels": 5, "status": "ok"}
        | {"kendall_tau": tau + 0.001 * number, "n_at_10": 1, "regret_at_10": 0.1}
        for name, tau in (("metanp", 0.7), ("other", 0.5))
        for number in range(4)
    ]
    described = {
        "metanp": Described("MetaNP", "meta-learned", ("cells", "learning-curve prefixes"), "", ""),
        "other": Described("other", "model-based", needs, "", ""),
    }
    found = verdict(views(framed(rows))[0], described)
    assert list(found[place]) == [5]
    assert not found["alone"]
