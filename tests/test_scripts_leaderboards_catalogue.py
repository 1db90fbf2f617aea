"""Which predictors there are, and which of them run."""

import pytest

from scripts.leaderboards.catalogue import Entry, nearest, read_catalogue, select


def test_fast_predictors_run_unless_others_are_asked_for():
    catalogue = {"quick": Entry(), "slow": Entry(slow=True)}
    assert list(select(catalogue, [], slow=False)) == ["quick"]
    assert list(select(catalogue, [], slow=True)) == ["quick", "slow"]
    assert list(select(catalogue, ["slow"], slow=False)) == ["slow"]
    with pytest.raises(ValueError, match="unknown predictor 'quik'; nearest: quick"):
        select(catalogue, ["quik"], slow=False)
    assert nearest("zzz", ["a", "b"]) == "known: a, b"


def test_every_entry_says_how_its_settings_came_about():
    assert all(entry.tuning for entry in read_catalogue().values())
