"""Strict JSON: text in, plain values out; everything else is a ValueError with a plain message.

Python's own reader accepts more than JSON has (NaN, Infinity, a key given twice, half of a surrogate pair, numbers that
become infinite), and raises other errors than ValueError for some texts. The values returned here are safe to compare,
to encode as UTF-8 and to write as JSON again.

Independent of files, lines and cells: callers say where the text is.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Any, NoReturn

SHOWN = 40  # characters of a number in a message
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


def parse_json(text: bytes | str, any_number: bool = False) -> Any:
    """One JSON value; a byte order mark at the start is skipped.

    Args:
        any_number: let NaN and infinities through, for callers that check each number and can say which it is.

    Raises:
        ValueError: not UTF-8, not JSON, nested too deeply, a key given twice, half of a surrogate pair, or a number
            that is NaN, infinite or too large; says which.
    """
    written = _decoded(text)
    try:
        value = json.loads(
            written,
            parse_constant=float if any_number else _constant,
            parse_float=float if any_number else _float,
            parse_int=_int,
            object_pairs_hook=_object,
        )
        if _SURROGATE.search(written):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from None
    except UnicodeEncodeError:
        raise ValueError("a text has half of a surrogate pair, which is no character") from None
    except RecursionError:
        raise ValueError("nested too deeply for JSON") from None
    return value


def _decoded(text: bytes | str) -> str:
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return bytes(text).removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"not JSON: not UTF-8: byte {error.start + 1} is 0x{error.object[error.start]:02x}") from None


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed in JSON; write null")


def _float(digits: str) -> float:
    if math.isinf(value := float(digits)):
        raise ValueError(f"the number {digits:.{SHOWN}} is too large")
    return value


def _int(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # more digits than Python reads
        raise ValueError(f"the number {digits:.{SHOWN}}... has {len(digits)} digits, too many") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r:.80} is given twice")
    return made
