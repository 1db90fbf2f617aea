"""The unpickler that forgets: it must agree with the ordinary one wherever a pickle refers back from."""

import io
import os
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.archives import pickle_stream
from data.archives.pickle_stream import distant_references, load
from data.unpickle import ForbiddenGlobal

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=300)
    | st.binary(min_size=1)
)
THINGS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=5), inner, max_size=5)
        | st.tuples(inner, inner)
        | st.frozensets(st.integers() | st.text(max_size=3), max_size=4)
    ),
    max_leaves=30,
)


def streamed(data: bytes, replace=lambda filled: filled):
    distant = distant_references(io.BytesIO(data), lambda position: None)
    return load(io.BytesIO(data), "some.pkl", distant, replace)


@pytest.fixture
def short_memory(monkeypatch):
    """A window of three objects, so that almost every reference back is a distant one."""
    monkeypatch.setattr(pickle_stream, "WINDOW", 3)


@given(
    things=st.lists(THINGS, max_size=8),
    order=st.lists(st.integers(0, 7), max_size=20),
    protocol=st.sampled_from(PROTOCOLS),
)
def test_it_makes_the_same_object_as_the_ordinary_unpickler(things, order, protocol):
    shared = [things[i] for i in order if i < len(things)] + things  # the same objects again and again
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pickle_stream, "WINDOW", 3)
        data = pickle.dumps(shared, protocol)
        assert streamed(data) == pickle.loads(data)


@pytest.mark.usefixtures("short_memory")
def test_an_object_that_is_asked_for_again_much_later_is_the_same_object():
    early = ["early"]
    again = streamed(pickle.dumps([early, [[str(i)] for i in range(1000)], early], 2))
    assert again[0] is again[2]
    assert again[0] == early


@pytest.mark.usefixtures("short_memory")
def test_only_what_is_asked_for_later_is_distant():
    early, late = ["early"], ["late"]
    data = pickle.dumps([early, *([str(i)] for i in range(100)), late, late, early], 2)
    assert len(distant_references(io.BytesIO(data), lambda position: None)) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_long_strings_across_the_ends_of_the_buffer_are_skipped_whole(monkeypatch, protocol):
    monkeypatch.setattr(pickle_stream, "_BUFFER", 1 << 11)
    things = ["x" * n for n in (3, 200, 300, 1000, 2047, 2048, 2049, 10_000, 70_000)] + [b"y" * 70_000, 1 << 4000]
    assert streamed(pickle.dumps(things, protocol)) == things


def test_each_dictionary_can_be_replaced_once_it_is_filled():
    data = pickle.dumps({"a": {"sum": 1, "of": 2}, "b": {"sum": 3, "of": 4}}, 2)
    assert streamed(data, lambda d: d["sum"] + d["of"] if "sum" in d else d) == {"a": 3, "b": 7}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_that_ends_early_is_an_error_wherever_it_ends(protocol):
    data = pickle.dumps({"a": ["text" * 10, 1.5, (1, 2, 3, 4)], "b": {3: 4}}, protocol)
    for end in range(len(data)):
        with pytest.raises((EOFError, pickle.UnpicklingError, ValueError)):
            distant_references(io.BytesIO(data[:end]), lambda position: None)


@pytest.mark.parametrize(
    "data", [b"", b"not a pickle", b"\x80\x02X\xff\xff\xff\xffshort.", b"\x80\x04\x8d" + b"\xff" * 8]
)
def test_what_is_no_pickle_is_an_error(data):
    with pytest.raises((EOFError, pickle.UnpicklingError)):
        distant_references(io.BytesIO(data), lambda position: None)


class Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_planted_command_is_named_and_not_run(tmp_path, protocol):
    data = pickle.dumps({"a": Evil(f"touch {tmp_path / 'witness'}")}, protocol)
    with pytest.raises(ForbiddenGlobal, match=r"some\.pkl: the pickle asks for posix\.system"):
        streamed(data)
    assert not (tmp_path / "witness").exists()
