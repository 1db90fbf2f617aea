"""What of the benchmarks is at hand, and what to say of what is not.

Packages bring some tables and columns; others are files to be downloaded once (`data.fetch`). A command does with what
is there, says once what is not and how to have it, and stops only where nothing is left to run on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from data import FileUnavailable, Table, load_benchmark
from scripts.command import say


@dataclass(frozen=True)
class Absent:
    """Columns that are not at hand -> the file that brings them; files -> why they are not, and the remedy."""

    columns: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, wanted: Iterable[str]) -> Absent:
        """Those of `wanted` that only a missing file has; a name that no file has is somebody else's to refuse."""
        columns = {name: table.absent[name] for name in wanted if name in table.absent}
        return cls(columns, {file: table.missing[file] for file in columns.values()})

    @classmethod
    def joined(cls, several: Iterable[Absent]) -> Absent:
        """All of them in one."""
        several = list(several)
        columns = {name: file for one in several for name, file in one.columns.items()}
        return cls(columns, {file: why for one in several for file, why in one.why.items()})

    def __bool__(self) -> bool:
        return bool(self.columns)

    @property
    def note(self) -> str:
        """For a page or a table."""
        return f"Without the columns {self._listed}, which were not at hand." if self else ""

    @property
    def _listed(self) -> str:
        by_file: dict[str, list[str]] = {}
        for column, file in self.columns.items():
            by_file.setdefault(file, []).append(column)
        return "; ".join(f"{_few(columns)} (of {file})" for file, columns in by_file.items())

    def tell(self, command: str, publish: bool) -> None:
        """Say it, once; what is published has all columns."""
        if self and publish:
            raise self.refuse("publish=true")
        if self:
            say(command, f"left out, as not at hand: {self._listed}. {'; '.join(self.why.values())}")

    def refuse(self, what: str) -> FileUnavailable:
        """The error that `what` cannot do without them."""
        return FileUnavailable(f"{what} needs {self._listed}. {'; '.join(self.why.values())}")


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 5 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def tables_at_hand(names: Iterable[str], download: bool = False) -> tuple[dict[str, Table], dict[str, str]]:
    """Tables by name; and by name, why others are not at hand and what to do."""
    there: dict[str, Table] = {}
    absent: dict[str, str] = {}
    for name in names:
        try:
            there[name] = load_benchmark(name, download)
        except FileUnavailable as error:
            absent[name] = str(error)
    return there, absent
