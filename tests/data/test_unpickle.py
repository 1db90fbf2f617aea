"""The restricted unpickler: data passes, whatever could run does not and is not run."""

import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from data.unpickle import ForbiddenGlobal, Holder, holder, load


def write(path, thing, protocol=pickle.HIGHEST_PROTOCOL):
    path.write_bytes(pickle.dumps(thing, protocol))
    return path


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Point:
    def __init__(self, x):
        self.x = x


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_numpy_and_plain_containers_pass_in_every_protocol(tmp_path, protocol):
    thing = OrderedDict(
        a=np.arange(6.0).reshape(2, 3), b=[np.float64(0.5), np.int64(3), (1, {"x"}, None)], c=b"\xff\x00"
    )
    again = load(write(tmp_path / "x.pkl", thing, protocol))
    np.testing.assert_array_equal(again["a"], thing["a"])
    assert again["b"] == thing["b"]
    assert again["c"] == thing["c"]
    assert isinstance(again, OrderedDict)


def test_text_arrays_and_column_major_arrays_pass(tmp_path):
    thing = [np.array(["a", "bc"]), np.asfortranarray(np.arange(6).reshape(2, 3)), np.array(["a", 1], dtype=object)]
    for mine, theirs in zip(load(write(tmp_path / "x.pkl", thing)), thing, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_planted_command_is_named_and_not_run(tmp_path, protocol):
    witness = tmp_path / "witness"
    path = write(tmp_path / "x.pkl", {"a": Evil(os.system, f"touch {witness}")}, protocol)
    with pytest.raises(ForbiddenGlobal, match=r"x\.pkl.*posix\.system"):
        load(path)
    assert not witness.exists()
    pickle.loads(path.read_bytes())  # the plain unpickler does run it: the plant is live
    assert witness.exists()


@pytest.mark.parametrize(
    ("function", "argument", "name"),
    [(eval, "1+1", "builtins.eval"), (getattr, "x", "builtins.getattr"), (np.load, "f", "numpy.load")],
)
def test_other_functions_are_refused_too(tmp_path, function, argument, name):
    with pytest.raises(ForbiddenGlobal, match=name.replace(".", r"\.")):
        load(write(tmp_path / "x.pkl", Evil(function, argument)))


def test_a_class_must_be_allowed_and_then_becomes_a_holder(tmp_path):
    path = write(tmp_path / "x.pkl", Point(3))
    with pytest.raises(ForbiddenGlobal, match="Point"):
        load(path)
    point = load(path, {(__name__, "Point"): holder("Point")})
    assert isinstance(point, Holder)
    assert point.x == 3


def test_holders_are_fresh_so_that_none_can_be_tampered_with():
    assert holder("A") is not holder("A")


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_a_truncated_pickle_names_the_file(tmp_path, keep):
    path = write(tmp_path / "x.pkl", {"a": np.arange(1000.0)})
    path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
    with pytest.raises(ValueError, match=r"x\.pkl: not a whole pickle"):
        load(path)
