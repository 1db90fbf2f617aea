"""One event of a journal: its fields, what they may be, and the checksum over all of them.

Independent of files: an invalid event is a ValueError that says why.
"""

from __future__ import annotations

import json
import math
import zlib
from typing import Any, Literal, NamedTuple, get_args

from metanp.cell import Cell

Kind = Literal["ask", "tell", "fail", "stop", "drop", "retract", "void"]
SCORED = ("tell", "stop")
TEXTS = ("kind", "key", "cell", "note", "worker", "name")
_ENCODER = json.JSONEncoder(
    separators=(",", ":")
)  # the same text on every machine, as characters beyond ASCII are escaped


class Event(NamedTuple):
    """An event as the journal stores it.

    time: seconds since 1970. key: of the cell. cell, note: JSON. score: as the user gave it, of a "tell"; of a
    "stop" the predicted end. name: the cell's name when it was asked for or told, if it had one.
    """

    id: int
    time: float
    kind: Kind
    key: str
    cell: str
    score: float | None
    note: str
    worker: str
    name: str = ""

    def read_cell(self) -> Cell:
        """The cell.

        Raises:
            ValueError: its text is not one.
        """
        try:
            return Cell.from_json(json.loads(self.cell))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"its cell cannot be read ({error})") from None

    def read_note(self) -> dict[str, Any]:
        """The note.

        Raises:
            ValueError: its text is no JSON object.
        """
        if self.note == "{}":
            return {}
        try:
            note = json.loads(self.note)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"its note cannot be read ({error})") from None
        if not isinstance(note, dict):
            raise ValueError(f"its note is {self.note!r:.40}, no JSON object")
        return note

    def checksum(self) -> int:
        """Over all fields, exact to the last bit of the score."""
        return zlib.crc32(_ENCODER.encode(self).encode())


def read_event(row: tuple[Any, ...], checksum: int | None) -> Event:
    """An event from its columns.

    Args:
        checksum: the one that the journal has; without it fields are checked one by one, and the key against the cell.

    Raises:
        ValueError: it is not as it was written.
    """
    event = Event(*row)
    if event.kind == "void":
        return event
    if wrong := [name for name in TEXTS if not isinstance(getattr(event, name), str)]:
        raise ValueError(f"its {wrong[0]} is {getattr(event, wrong[0])!r:.40}; expected text")
    if event.kind not in get_args(Kind):
        raise ValueError(f"it is of the unknown kind {event.kind!r:.40}")
    if event.kind in SCORED and not (isinstance(event.score, float) and math.isfinite(event.score)):
        raise ValueError(f"its score is {event.score!r:.40}; expected a number")
    if not isinstance(event.time, float) or not isinstance(event.score, float | None):
        raise ValueError(f"its time is {event.time!r:.40} and its score {event.score!r:.40}; expected numbers")
    if checksum is None:
        _check_fields(event)
    elif event.checksum() != checksum:
        raise ValueError("does not fit its checksum: something of it was changed after it was written")
    return event


def _check_fields(event: Event) -> None:
    if event.kind != "tell" and event.score is not None:
        raise ValueError(f"it is no 'tell', and has the score {event.score!r:.40}")
    try:
        "".join(getattr(event, name) for name in TEXTS).encode()
    except UnicodeEncodeError:
        raise ValueError("it holds bytes that are no text") from None
    event.read_note()
    if (key := event.read_cell().key) != event.key:
        raise ValueError(f"its key is {event.key!r:.40}, and its cell's is {key}")
