"""Learning curves of a search's trainings, as they are reported epoch by epoch.

    report, report, report, ... -> the curve of each cell

A training may be killed and begin again, or go on from a checkpoint: its first report (`begins`) may be of an epoch
that was reported before, and takes the place of what was said from there on. Within a training epochs go up by one.

Independent of files. Scores are as the user gave them.
"""

from __future__ import annotations

import json
import math
import zlib
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from metanp.brief import brief

_ENCODER = json.JSONEncoder(separators=(",", ":"))


class Report(NamedTuple):
    """One report as the journal stores it.

    time: seconds since 1970. key: of the cell. begins: 1 for the first report of a training.
    """

    id: int
    time: float
    key: str
    epoch: int
    score: float
    begins: int
    worker: str

    def checksum(self) -> int:
        """Over all fields, exact to the last bit of the score."""
        return zlib.crc32(_ENCODER.encode(self).encode())


def read_report(row: tuple[Any, ...], checksum: object) -> Report:
    """A report from its columns.

    Raises:
        ValueError: it is not as it was written.
    """
    report = Report(*row)
    if not isinstance(report.score, float) or not math.isfinite(report.score) or not isinstance(report.epoch, int):
        raise ValueError(f"its epoch is {report.epoch!r:.40} and its score {report.score!r:.40}; expected numbers")
    if checksum != report.checksum():
        raise ValueError("does not fit its checksum: something of it was changed after it was written")
    return report


@dataclass
class Curve:
    """first: the epoch of the first value, 0 for an untrained network."""

    first: int
    values: list[float] = field(default_factory=list)

    __repr__ = brief

    @property
    def next(self) -> int:
        """The epoch that has to come next."""
        return self.first + len(self.values)

    @property
    def epochs(self) -> int:
        """How many epochs were trained."""
        return self.next - 1


class CurveLog:
    """The curves until now, by key of the cell. last: number of the last report."""

    def __init__(self) -> None:
        self.last = 0
        self.curves: dict[str, Curve] = {}

    def add(self, report: Report) -> None:
        """Add the next report.

        Raises:
            ValueError: what `check` refuses.
        """
        self.last = report.id
        self.check(report.key, report.epoch, bool(report.begins))
        curve = self.curves.get(report.key)
        if curve is None or (report.begins and report.epoch <= curve.first):
            curve = self.curves[report.key] = Curve(report.epoch)
        del curve.values[report.epoch - curve.first :]
        curve.values.append(report.score)

    def check(self, key: str, epoch: int, begins: bool) -> None:
        """Whether this may be the next report of a cell.

        Raises:
            ValueError: epochs that go backwards or are missing; names them and the remedy.
        """
        curve = self.curves.get(key)
        if curve is None or (begins and epoch in (0, 1)):
            if epoch not in (0, 1):
                raise ValueError(
                    f"the first epoch that is reported is {epoch}; begin with 1, or with 0 for the untrained network"
                )
        elif epoch > curve.next:
            raise ValueError(
                f"epoch {epoch} comes after {curve.epochs}, and none between; report every epoch, or number the "
                "evaluations 1, 2, 3, ..."
            )
        elif epoch < curve.next and not begins:
            raise ValueError(
                f"epoch {epoch} comes after {curve.epochs}: epochs go up; of a training that began again say so, "
                "report(..., anew=True)"
            )
