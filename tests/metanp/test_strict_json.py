"""Strict JSON: what is JSON is read as it is, and whatever else is a ValueError that says why."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metanp.strict_json import parse_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_what_was_written_is_read_again_from_text_and_from_bytes(value, ascii_only):
    written = json.dumps(value, ensure_ascii=ascii_only)
    assert parse_json(written) == value
    assert parse_json(written.encode()) == value
    assert parse_json(b"\xef\xbb\xbf" + written.encode()) == value
    assert parse_json("\ufeff" + written) == value


@given(st.binary(max_size=30))
def test_no_bytes_end_in_another_error(data):
    try:
        parse_json(data)
    except ValueError as error:
        said = str(error)
    else:
        said = ""
    assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not JSON: Expecting value"),
        (b"{", "not JSON: Expecting property name"),
        (b"1 2", "not JSON: Extra data"),
        (b"\xef\xbb\xbf\xef\xbb\xbf1", "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8: byte 8 is 0xff"),
        (b"\xff\xfe1\x00", "not UTF-8: byte 1 is 0xff"),
        ('"tab\there"', "not JSON: Invalid control character"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("NaN", "NaN is not allowed"),
        ('{"score": Infinity}', "Infinity is not allowed"),
        ("[-Infinity]", "-Infinity is not allowed"),
        ("1e999", "the number 1e999 is too large"),
        ("-1e999", "the number -1e999 is too large"),
        ("9" * 5000, "has 5000 digits, too many"),
        ('{"a": 1, "b": 2, "a": 3}', "the key 'a' is given twice"),
        ('[{"score": 1, "score": 1}]', "the key 'score' is given twice"),
        ('"\\ud800"', "half of a surrogate pair"),
        ('{"\\uDFFF": 1}', "half of a surrogate pair"),
        ('"\ud800"', "half of a surrogate pair"),
    ],
)
def test_what_is_no_strict_json_is_said_in_one_line(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_json(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ('"\\\\ud800"', "\\ud800"),
        (str(10**400), 10**400),
        ("1e-999", 0.0),
        (b" \t[1, 2]\r\n", [1, 2]),
        ("null", None),
    ],
)
def test_what_only_looks_wrong_is_read(text, value):
    assert parse_json(text) == value
