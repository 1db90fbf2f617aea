"""Which tables and columns of the benchmarks are available, and what to say of missing ones.

Packages bring some tables and columns; others are files to be downloaded once (`data.fetch`). A command uses what is
available, says once what is missing and how to get it, and stops only where nothing is left to run on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from data import FileUnavailable, Table, load_benchmark
from scripts.command import say


@dataclass(frozen=True)
class Missing:
    """Missing columns -> the file that contains them; these files -> why they are missing, and the remedy."""

    columns: Mapping[str, str] = field(default_factory=dict)
    why: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table, names: Iterable[str]) -> Missing:
        """Those of `names` that are columns of a missing file; a name that no file has is ignored here."""
        columns = {name: table.absent[name] for name in names if name in table.absent}
        return cls(columns, {file: table.missing[file] for file in columns.values()})

    @classmethod
    def joined(cls, several: Iterable[Missing]) -> Missing:
        """All of them as one."""
        several = list(several)
        columns = {name: file for one in several for name, file in one.columns.items()}
        return cls(columns, {file: why for one in several for file, why in one.why.items()})

    def __bool__(self) -> bool:
        return bool(self.columns)

    @property
    def note(self) -> str:
        """A sentence for a page or a table."""
        return f"Without the columns {self._listed}, which were not available." if self else ""

    @property
    def _listed(self) -> str:
        by_file: dict[str, list[str]] = {}
        for column, file in self.columns.items():
            by_file.setdefault(file, []).append(column)
        return "; ".join(f"{_few(columns)} (of {file})" for file, columns in by_file.items())

    def report(self, command: str, publish: bool) -> None:
        """Print one line if anything is missing; FileUnavailable if it is to be published, which needs all columns."""
        if self and publish:
            raise self.refusal("publish=true")
        if self:
            say(command, f"left out, as not available: {self._listed}. {'; '.join(self.why.values())}")

    def refusal(self, what: str) -> FileUnavailable:
        """The error that `what` needs the missing columns."""
        return FileUnavailable(f"{what} needs {self._listed}. {'; '.join(self.why.values())}")


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) < 5 else f"{', '.join(names[:3])} and {len(names) - 3} more"


def available_tables(names: Iterable[str], download: bool = False) -> tuple[dict[str, Table], dict[str, str]]:
    """Tables by name; and by name, why others are not available and what to do."""
    found: dict[str, Table] = {}
    missing: dict[str, str] = {}
    for name in names:
        try:
            found[name] = load_benchmark(name, download)
        except FileUnavailable as error:
            missing[name] = str(error)
    return found, missing


def tables_for(command: str, names: Iterable[str], download: bool, option: str) -> dict[str, Table]:
    """The available tables by name; prints which are missing, and the command's option to download them.

    Raises:
        FileUnavailable: all are missing.
    """
    found, missing = available_tables(names, download)
    why = "; ".join(missing.values())
    if not found:
        raise FileUnavailable(why)
    if missing:
        say(command, f"left out, as not available: {why}", option)
    return found
