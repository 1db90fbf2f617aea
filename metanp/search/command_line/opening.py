"""A search as the command line opens it: from options and from those of earlier commands, which the journal stores.

The first command states what is searched and how; the journal stores that beside the events. Later commands need the
journal alone; their own options hold for them alone. Where candidates are a file, cells have the ids in it, and the
numbers beside them may be limited or be a cost; all other cells have their key as id.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from metanp import json_lines
from metanp.cell import Cell
from metanp.nearest import nearest_one
from metanp.search.journal import Journal, JournalError, ReadOnlyError, remembered
from metanp.search.listed import Listed
from metanp.search.search import Search
from metanp.search.strategies import make
from metanp.search.strategy import Strategy
from metanp.spaces import Space, get_space
from metanp.spaces.own import current_folder
from metanp.strict_json import parse_json


@dataclass(frozen=True)
class Names:
    """The names of cells.

    space: in whose text cells are written; without it text is JSON. ids: of the rows of a pool. recorded: names of
    cells when they were asked for or told, by key.
    """

    space: Space | None
    pool: Listed | None
    ids: tuple[str | None, ...]
    recorded: Mapping[str, str] = field(default_factory=dict)

    def id(self, cell: Cell) -> str:
        """The pool's id of a cell, or the recorded one, or the cell's key."""
        return self.given(cell) or self.recorded.get(cell.key) or cell.key

    def given(self, cell: Cell) -> str | None:
        """The pool's id of a cell, if it has one."""
        rows = self.pool.rows(cell).tolist() if self.pool else []
        return self.ids[rows[0]] if rows else None

    def text(self, cell: Cell) -> str:
        """The cell as the benchmark writes it, or compact JSON."""
        return self.space.write_text(cell) if self.space else json.dumps(cell.to_json(), separators=(",", ":"))

    def find(self, name: str, journal: Journal) -> Cell:
        """The cell of this name.

        Raises:
            ValueError: none is, in the pool or in the journal.
        """
        if name in self._rows and self.pool:
            return self.pool.cell(self._rows[name])
        if (cell := journal.cell(self._keys.get(name, name))) is None:
            where = "neither in the pool nor in the journal" if self.pool else "not in the journal"
            raise ValueError(f"the id {name!r:.80} is {where}; give the 'cell' itself")
        return cell

    def read(self, written: Any) -> Cell:
        """A cell in any form of `Cell.from_json`, or in the benchmark's text, which may be JSON too."""
        refused = None
        if isinstance(written, str) and self.space:
            try:
                return self.space.parse_text(written)
            except ValueError as error:
                if not written.lstrip().startswith("{"):
                    raise
                refused = error
        try:
            return Cell.from_json(parse_json(written) if isinstance(written, str) else written)
        except ValueError as error:
            raise refused or error from None
        except (TypeError, KeyError, AttributeError, OverflowError) as error:
            raise refused or ValueError(f"not a cell: {written!r:.80} ({error})") from None

    def with_recorded(self, journal: Journal) -> Names:
        """With the names that the journal recorded.

        Raises:
            JournalError: the pool has another id for one of them by now, so that results could go to another cell.
        """
        recorded = journal.names()
        cells = [cell for key in recorded if (cell := journal.cell(key))]
        rows = self.pool.first_rows(cells).tolist() if self.pool else list[int]()
        for cell, row in zip(cells, rows, strict=False):
            now, before = self.ids[row] if row >= 0 else None, recorded[cell.key]
            if now not in (None, before):
                raise JournalError(
                    f"{journal.path} knows a cell as {before!r:.80} that the pool calls {now!r:.80} by now; "
                    "give it its id back"
                )
        return replace(self, recorded=recorded)

    def number(self, name: str) -> Callable[[Cell], float]:
        """The number of this name that the pool gives for a cell."""
        pool = self.pool
        assert pool is not None
        column = pool.side.names.index(name)
        return lambda cell: float(pool.side.values[pool.rows(cell)[0], column])

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {name: key for key, name in self.recorded.items()}

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.ids) if name is not None}


@dataclass(frozen=True)
class Opened:
    """A search, and the names of its cells."""

    search: Search
    names: Names


@dataclass(frozen=True)
class Options:
    """Options of the command line; None where not given.

    limits: the highest value that a candidate may have, by name of the number beside it. cost: the name of another
    such number; the search is for the front of score against it, unless a strategy is given.
    """

    journal: Path | None = None
    space: str | None = None
    pool: Path | None = None
    minimize: bool | None = None
    seed: int | None = None
    strategy: str | None = None
    checkpoint: str | None = None
    limits: Mapping[str, float] | None = None
    cost: str | None = None

    @property
    def file(self) -> Path:
        """The journal's file.

        Raises:
            ValueError: none was given.
        """
        if self.journal is None:
            raise ValueError("say which journal: metanp search --journal FILE ...")
        return self.journal

    def with_remembered(self, facts: Mapping[str, str]) -> Options:
        """With what the journal stored, wherever nothing was given."""
        known: dict[str, Any] = {
            name: facts[name] for name in ("strategy", "seed", "checkpoint", "cost") if name in facts
        }
        if self.cost not in (None, known.get("cost")):
            known.pop("strategy", None)  # of a search for the best score, or against another cost
        if self.strategy not in (None, known.get("strategy")):
            known.pop("checkpoint", None)  # of another strategy
        if self.space is None and self.pool is None:
            known |= {name: facts[name] for name in ("space", "pool") if name in facts}
        known |= {"minimize": facts["better"] == "lower"} if "better" in facts else {}
        try:
            known |= {"limits": json.loads(facts["limits"])} if "limits" in facts else {}
            known |= {name: kind(known[name]) for name, kind in (("seed", int), ("pool", Path)) if name in known}
        except ValueError as error:
            raise JournalError(f"the journal {self.journal} is damaged: its limits or seed ({error})") from None
        return replace(self, **{name: value for name, value in known.items() if getattr(self, name) is None})

    def open(self) -> Opened:
        """Open the search.

        Raises:
            ValueError: what is searched, or how, is stated nowhere; or what `Search` raises.
        """
        said = self.with_remembered(remembered(self.file))
        try:
            where, names = said.where()
        except ValueError as error:
            if self.space is None and said.space and ":" in said.space and said.space in str(error):
                raise ValueError(f"{error}; give --space module:NAME from the folder that has it") from error
            raise
        search = Search(
            where, said.make_strategy(names), rng=said.seed or 0, journal=self.file, maximize=not said.minimize
        )
        names = names.with_recorded(search.journal)
        search.journal.naming = names.given
        with suppress(ReadOnlyError):  # commands that only read go on
            search.journal.remember(said.facts())
        return Opened(search, names)

    def where(self) -> tuple[Space | Listed, Names]:
        """What is searched, and the names of its cells."""
        space = None if self.space is None else get_space(self.space)
        if self.pool is None and space is None:
            raise ValueError(f"{self.file} does not say what is searched; give --space NAME or --pool FILE")
        limits = self.limits or {}
        numbers = list(dict.fromkeys([*limits, *([self.cost] if self.cost else [])]))
        if self.pool is None:
            assert space is not None
            if numbers:
                raise ValueError(f"{numbers[0]!r} is a number beside the cells of a pool; give --pool FILE")
            return space, Names(space, None, ())
        try:
            records = json_lines.read(self.pool)
        except FileNotFoundError:
            raise ValueError(f"there is no pool of candidates at {self.pool}; give --pool FILE") from None
        _check_numbers(records, numbers)

        def within(cell: Cell) -> bool:
            return all(names.number(name)(cell) <= most for name, most in limits.items())

        pool = Listed(records.cells, space, records.features or None, within if limits else None)
        names = Names(space, pool, tuple(records.ids))
        return pool, names

    @property
    def strategy_name(self) -> str:
        """The strategy that was given, or the default."""
        return self.strategy or ("pareto" if self.cost else "metanp")

    def make_strategy(self, names: Names) -> Strategy:
        """The strategy, with the checkpoint if one was given."""
        name = self.strategy_name
        settings: dict[str, Any] = {} if self.checkpoint is None else {"checkpoint": self.checkpoint}
        if name == "pareto":
            if self.cost is None:
                raise ValueError("strategy 'pareto' searches score against a cost; say which: --cost NAME")
            settings["cost"] = names.number(self.cost)
        try:
            with current_folder() if ":" in name else nullcontext():  # where one's own may be
                made = make(name, **settings)
        except TypeError as error:
            raise ValueError(f"strategy {name!r} cannot be made with these settings: {error}") from error
        except ImportError as error:
            raise ValueError(f"strategy {name!r}: {error}") from error
        if self.checkpoint is not None:
            from metanp.checkpoint import find  # PyTorch, which a search without a model need not load

            find(self.checkpoint)  # before the journal remembers it
        return made

    def facts(self) -> dict[str, str]:
        """What a journal has to store."""
        pool = None if self.pool is None else self.pool.absolute()
        said: dict[str, object] = {"space": self.space, "pool": pool, "strategy": self.strategy_name}
        said |= {"seed": self.seed or 0, "checkpoint": self.checkpoint, "cost": self.cost}
        said |= {"limits": json.dumps(dict(self.limits))} if self.limits else {}
        return {name: str(value) for name, value in said.items() if value is not None}

    def open_journal(self) -> tuple[Journal, Names, dict[str, str]]:
        """The journal of an existing search, without the candidates; with ids where the pool file still exists.

        A space that is remembered as `module:NAME` is left out: to read a journal runs no code that it names.

        Raises:
            JournalError: there is none.
        """
        facts = remembered(self.file)
        if not facts:
            raise JournalError(f"there is no journal at {self.file}")
        said = self.with_remembered(facts)
        if self.space is None and said.space and ":" in said.space:
            said = replace(said, space=None)
        names = Names(None if said.space is None else get_space(said.space), None, ())
        if said.pool is not None and said.pool.exists():
            names = said.where()[1]
        journal = Journal(self.file, {"better": "lower" if said.minimize else "higher"}, not said.minimize)
        return journal, names.with_recorded(journal), facts


def read_limits(written: Sequence[str]) -> dict[str, float]:
    """Limits as written on the command line, "latency=5.2".

    Raises:
        ValueError: something else; names it.
    """
    limits = {}
    for text in written:
        name, _, number = text.partition("=")
        try:
            limits[name] = float(number)
        except ValueError:
            limits[name] = math.nan
        if not name or math.isnan(limits[name]):
            raise ValueError(f"--limit {text!r:.80}: expected a name and a number, such as latency=5.2")
    return limits


def _check_numbers(records: json_lines.Records, names: Sequence[str]) -> None:
    """ValueError that names a number which some line of a pool lacks."""
    for name in names:
        if name not in records.features:
            hint = nearest_one(name, records.features) if records.features else "no line has features"
            raise ValueError(f"{records.path} has no {name!r} beside its cells; {hint}")
        if None in records.features[name]:
            line = records.lines[records.features[name].index(None)]
            raise ValueError(f"{records.path}, line {line}: no {name!r}, which every candidate needs here")
