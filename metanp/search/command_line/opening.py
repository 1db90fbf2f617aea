"""A search as the command line opens it: from options and what the journal remembers of earlier ones.

The first command says what is searched and how; the journal keeps that beside the events. Later commands need the
journal alone, and what they say themselves holds for them alone. Where candidates are a file, cells are called by the
ids in it; all others by their key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from metanp import json_lines
from metanp.cell import Cell
from metanp.search.candidates import Candidates, Listed, candidates
from metanp.search.journal import Journal, JournalError, remembered
from metanp.search.search import Search
from metanp.search.strategies import make
from metanp.search.strategy import Strategy
from metanp.spaces import Space, get_space


@dataclass(frozen=True)
class Names:
    """What cells are called. space: whose text they have; without, text is JSON. ids: of the rows of a pool."""

    space: Space | None
    pool: Listed | None
    ids: tuple[str | None, ...]

    def id(self, cell: Cell) -> str:
        """The pool's, or the cell's key."""
        rows = self.pool.rows(cell).tolist() if self.pool else []
        return (self.ids[rows[0]] if rows else None) or cell.key

    def text(self, cell: Cell) -> str:
        """As the benchmark writes it, or compact JSON."""
        return self.space.write_text(cell) if self.space else json.dumps(cell.to_json(), separators=(",", ":"))

    def find(self, name: str, journal: Journal) -> Cell:
        """The cell that is called so.

        Raises:
            ValueError: none is, in the pool or in the journal.
        """
        if name in self._rows and self.pool:
            return self.pool.cell(self._rows[name])
        if (cell := journal.cell(name)) is None:
            where = "neither in the pool nor in the journal" if self.pool else "not in the journal"
            raise ValueError(f"the id {name!r:.80} is {where}; give the 'cell' itself")
        return cell

    def read(self, written: Any) -> Cell:
        """A cell in any form of `Cell.from_json`, or in the benchmark's text."""
        if isinstance(written, str) and self.space and not written.lstrip().startswith("{"):
            return self.space.parse_text(written)
        return Cell.from_json(written)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.ids) if name is not None}


@dataclass(frozen=True)
class Opened:
    """A search, and what its cells are called."""

    search: Search
    names: Names


@dataclass(frozen=True)
class Options:
    """What was said on the command line; None where nothing was."""

    journal: Path | None = None
    space: str | None = None
    pool: Path | None = None
    minimize: bool | None = None
    seed: int | None = None
    strategy: str | None = None
    checkpoint: str | None = None

    @property
    def file(self) -> Path:
        """The journal's.

        Raises:
            ValueError: none was said.
        """
        if self.journal is None:
            raise ValueError("say which journal: metanp search --journal FILE ...")
        return self.journal

    def with_remembered(self, facts: Mapping[str, str]) -> Options:
        """With what the journal remembers, wherever nothing was said."""
        known: dict[str, Any] = {name: facts[name] for name in ("strategy", "seed", "checkpoint") if name in facts}
        if self.strategy not in (None, known.get("strategy")):
            known.pop("checkpoint", None)  # of another strategy
        if self.space is None and self.pool is None:
            known |= {name: facts[name] for name in ("space", "pool") if name in facts}
        known |= {"minimize": facts["better"] == "lower"} if "better" in facts else {}
        known |= {name: kind(known[name]) for name, kind in (("seed", int), ("pool", Path)) if name in known}
        return replace(self, **{name: value for name, value in known.items() if getattr(self, name) is None})

    def open(self) -> Opened:
        """The search.

        Raises:
            ValueError: nothing says what is searched, or how; or what `Search` raises.
        """
        said = self.with_remembered(remembered(self.file))
        where, names = said.where()
        search = Search(where, said.make_strategy(), rng=said.seed or 0, journal=self.file, maximize=not said.minimize)
        search.journal.agree({"ids": hashlib.blake2b(json.dumps(names.ids).encode(), digest_size=8).hexdigest()})
        search.journal.remember(said.facts())
        return Opened(search, names)

    def where(self) -> tuple[Candidates, Names]:
        """The candidates, and their names."""
        space = None if self.space is None else get_space(self.space)
        if self.pool is None and space is None:
            raise ValueError(f"{self.file} does not say what is searched; give --space NAME or --pool FILE")
        if self.pool is None:
            assert space is not None
            return candidates(space), Names(space, None, ())
        try:
            records = json_lines.read(self.pool)
        except FileNotFoundError:
            raise ValueError(f"there is no pool of candidates at {self.pool}; give --pool FILE") from None
        pool = Listed(records.cells, space, records.features or None)
        return pool, Names(space, pool, tuple(records.ids))

    def make_strategy(self) -> Strategy:
        """The strategy, with the checkpoint if one was said."""
        name = self.strategy or "metanp"
        settings = {} if self.checkpoint is None else {"checkpoint": self.checkpoint}
        try:
            return make(name, **settings)
        except TypeError as error:
            raise ValueError(f"strategy {name!r} cannot be made with {settings}: {error}") from error
        except ImportError as error:
            raise ValueError(f"strategy {name!r}: {error}") from error

    def facts(self) -> dict[str, str]:
        """What a journal is to remember."""
        pool = None if self.pool is None else self.pool.absolute()
        said: dict[str, object] = {"space": self.space, "pool": pool, "strategy": self.strategy or "metanp"}
        said |= {"seed": self.seed or 0, "checkpoint": self.checkpoint}
        return {name: str(value) for name, value in said.items() if value is not None}

    def open_journal(self) -> tuple[Journal, Names, dict[str, str]]:
        """The journal of a search that was begun, without the candidates; ids where the pool is still there.

        Raises:
            JournalError: there is none.
        """
        facts = remembered(self.file)
        if not facts:
            raise JournalError(f"there is no journal at {self.file}")
        said = self.with_remembered(facts)
        names = Names(None if said.space is None else get_space(said.space), None, ())
        if said.pool is not None and said.pool.exists():
            names = said.where()[1]
        return Journal(self.file, {"better": "lower" if said.minimize else "higher"}, not said.minimize), names, facts
