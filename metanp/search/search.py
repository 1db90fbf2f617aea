"""Ask and tell: which cells to evaluate next, and their results.

    candidates + history -> strategy -> picks -> journal -> you -> scores -> journal -> history

    search = Search(get_space("nasbench201"), journal="run.sqlite")
    for cell in [*search.pending, *search.ask(5)]:  # pending: asked for before, without a result
        search.tell(cell, train(cell))  # or search.tell(cell, FAILED)
    search.best()

A training that reports its epochs can be stopped early: `if not search.report(cell, epoch, score): break`.

Scores may come late, in any order, several times for one cell, and for cells that were never asked for; they may be
taken back (`retract`). Everything is in the journal before a call returns: start again with the same file, in as many
processes as you like. Threads may share one `Search`.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from metanp.brief import brief, clipped, short
from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.given import InputError, check_alike, read_cells, read_count, read_flag, read_numbers, read_seed, shown
from metanp.search.agreement import agree
from metanp.search.candidates import Candidates, Feasible
from metanp.search.failed import Failed
from metanp.search.history import History
from metanp.search.journal import Journal, JournalError
from metanp.search.listed import A_LIST, Listed
from metanp.search.open_space import Open
from metanp.search.retraction import retract
from metanp.search.stopping import Stopping
from metanp.search.strategies import make
from metanp.search.strategy import Pick, Strategy
from metanp.search.trainings import Trainings
from metanp.spaces import Space

if TYPE_CHECKING:
    from metanp.pictures import Picture

ATTEMPTS = 20  # to find picks that nobody else takes at the same moment


class SearchWarning(UserWarning):
    """Input that is accepted, but may be a mistake."""


@dataclass(frozen=True)
class Suggestion:
    """A cell worth an evaluation, and why.

    mean, std: expected score and its standard deviation, in the units told (in standard deviations before any score was
    told). p_improve: probability of being better than the best cell so far. None where the strategy has no model that
    gives it. note: other entries of the strategy.
    """

    cell: Cell
    mean: float | None
    std: float | None
    p_improve: float | None
    note: Mapping[str, Any]

    __repr__ = brief

    @classmethod
    def of(cls, pick: Pick, sign: int) -> Suggestion:
        """From a strategy's note, where higher is better; sign: -1 where lower is better in the units told."""
        note = dict(pick.note)
        mean = note.pop("mean", None)
        mean = None if mean is None else sign * mean
        return cls(pick.cell, mean, note.pop("std", None), note.pop("p_improve", None), note)


@dataclass(frozen=True)
class Best:
    """The best cell until now; score is the mean of its measurements."""

    cell: Cell
    score: float
    measurements: int

    __repr__ = brief


class Search:
    """A search for the cell of the highest score.

    Args:
        where: a space, a list of cells, or `Candidates`.
        strategy: a name of `metanp.search.strategies.STRATEGIES`, a class of your own, as "my.module:Mine", or an
            object of one.
        rng: a seed, or a generator that gives one; None for another search each time. The same seed and the same scores
            give the same search, in one process or in several one after another.
        journal: file that stores the search; created where there is none. Without it the search is kept in memory. A
            list of cells may have grown since, be in another order, or lack cells neither asked for nor told.
        maximize: False where lower is better.
        feasible: whether a cell may be asked for.
        features: side features of a list of cells, as in `MetaNP.fit`.
        roles: what is known of these, as in `MetaNP.fit`; read by strategies that condition MetaNP, and no others.
        stop: probability with which a training has to end no better than the best, to be stopped (`report`); or
            `Stopping`, with other settings. None stops nothing.

    Raises:
        ValueError: no candidates, an unknown strategy (names the nearest) or one that they do not fit, features that do
            not fit.
        metanp.search.journal.JournalError: the journal is of another search.
    """

    def __init__(
        self,
        where: Space | Sequence[Cell] | CellArray | Candidates,
        strategy: str | Strategy = "metanp",
        *,
        rng: Any = 0,
        journal: str | Path | None = None,
        maximize: bool = True,
        feasible: Feasible | None = None,
        features: Any = None,
        roles: Any = None,
        stop: float | Stopping | None = None,
    ):
        check_alike(where, features, "features")
        if feasible is not None and not callable(feasible):
            raise InputError(f"feasible is {shown(feasible)}; give a function from a cell to True or False")
        self.candidates = candidates_of(where, feasible, features, roles)
        self.strategy = make(strategy) if isinstance(strategy, str) else strategy
        if not isinstance(self.strategy, Strategy):
            raise InputError(f"strategy is {shown(strategy)}; give a name, such as 'metanp', or a Strategy")
        if journal is not None and (not isinstance(journal, str | Path) or not str(journal)):
            raise InputError(f"journal is {shown(journal)}; give the name of a file, or None")
        if self.strategy.needs_neighbours and self.candidates.space is None:
            raise ValueError(f"{self.strategy.title} edits cells: a list needs its space, as in Listed(cells, space)")
        self.sign = 1 if read_flag(maximize, "maximize") else -1
        self.seed = read_seed(rng)
        self.journal = Journal(journal, {}, maximize)
        self.trainings = Trainings(self.journal, stop)
        agree(self.journal, self.candidates)
        self._thinking = threading.Lock()  # models and caches of candidates serve one thread at a time

    def __repr__(self) -> str:
        where = f"<Search of {clipped(self.candidates.name, 100)}"
        kept = f"; journal {short(str(self.journal.path))}" if self.journal.path is not None else ""
        try:
            history, best = self.history, self.best()
        except (sqlite3.Error, JournalError) as error:
            return f"{where}: {clipped(str(error), 80)}{kept}>"
        found = f", best {best.score:.5g}" if best else ""
        counts = f"{len(history.pending):,} pending, {len(history.failed):,} failed"
        counts += f", {len(history.stopped):,} stopped" if history.stopped else ""
        return f"{where}: {len(history.evaluated):,} evaluated{found}, {counts}; by {self.strategy.title[:60]}{kept}>"

    def _repr_html_(self) -> str:
        from metanp.pictures.tables import search_page

        best = self.best()
        return search_page(repr(self), self.plot(), best.cell.plot() if best else None)

    def plot(self) -> Picture:
        """The scores in order of evaluation, and the best until then."""
        from metanp.pictures.search import draw_search

        return draw_search((self.sign * self.history.scores).tolist(), self.sign > 0, self.candidates.name)

    def __getstate__(self) -> dict[str, Any]:
        """A copy has the same journal: the same file, opened again, or its own copy of events in memory."""
        return {name: value for name, value in vars(self).items() if name != "_thinking"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._thinking = threading.Lock()
        agree(self.journal, self.candidates)

    def __enter__(self) -> Search:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the journal; everything is in it already."""
        self.journal.close()

    @property
    def history(self) -> History:
        """What was asked and told until now, by all processes; scores such that higher is better."""
        history = self.journal.history(self.candidates.has)
        return history.within(self.candidates.has) if self.candidates.identity == A_LIST else history

    @property
    def pending(self) -> list[Cell]:
        """Cells that were asked for, by any process, and have no result."""
        return list(self.history.pending)

    def ask(self, n: int = 1, worker: str = "") -> list[Cell]:
        """Cells to evaluate next, best first; fewer than `n` where no more are left.

        Args:
            worker: who evaluates them, where there are several: cells of one that is gone can be taken over by another
                (`metanp search run` does).

        Raises:
            ValueError: `n` below 1.
            metanp.search.journal.JournalError: others repeatedly took all that was chosen.
        """
        return [pick.cell for pick in self.ask_with_notes(n, worker)]

    def ask_with_notes(self, n: int = 1, worker: str = "", budget: int | None = None) -> list[Pick]:
        """As `ask`, with the strategy's note for each cell.

        Args:
            budget: evaluations in total, as in `metanp.search.journal.Journal.room`; fewer cells where no room is left.

        Raises:
            ValueError: `n` below 1.
            metanp.search.journal.JournalError: others repeatedly took all that was chosen.
        """
        given: list[Pick] = []
        n = _at_least_one(n)
        for lost in range(ATTEMPTS):
            missing = n - len(given)
            picks = self._propose(missing + lost)  # after each conflict with others, choose from more
            given += self.journal.ask(picks, worker, budget, missing)
            if len(given) == n or not picks or (budget is not None and not self.journal.room(budget)):
                return given
        if not given:
            raise JournalError(f"others took all that was chosen, {ATTEMPTS} times one after another; ask again")
        return given

    def suggestions(self, n: int = 10) -> list[Suggestion]:
        """What `ask` would return, and why; nothing is given out.

        Raises:
            ValueError: `n` below 1.
        """
        return [Suggestion.of(pick, self.sign) for pick in self._propose(n)]

    def tell(self, cell: Cell, score: float | Failed, worker: str = "", known: bool = False) -> None:
        """Report the result of a cell; a second score of the same cell is a second measurement.

        Args:
            known: a result that was known beforehand, not evaluated for this search: it counts in no budget, and the
                cell need not be a candidate. If it is not, the model learns from it, but it is never suggested or best.

        Warns:
            SearchWarning: the cell was never asked for, or was told before. Both are kept.

        Raises:
            ValueError: the cell is no candidate, or the score is not finite; nothing is written.
        """
        cell = self._find(cell, known)
        self.trainings.ended(cell)
        note = {"known": known, "outside": known and not self.candidates.has(cell)}
        if isinstance(score, Failed):
            self.journal.tell("fail", cell, note={"reason": score.reason, **note}, worker=worker)
            return
        value = _number(score)
        with self.journal.together():
            before, asked = self.journal.scores(cell.key), self.journal.was_asked(cell.key)
            self.journal.tell("tell", cell, value, note, worker)
        if before:
            mean = self.sign * sum(before) / len(before)
            _say(f"this cell has {mean:g} and now {value:g}: taken as repeated, noisy measurements")
        elif not asked and not known:
            _say("this cell was never asked for; its score is kept all the same")

    def report(self, cell: Cell, epoch: int, score: float, worker: str = "", anew: bool = False) -> bool:
        """Report the score of a running training after an epoch; False where it should be stopped.

        A training that is stopped counts as one evaluation, known to be bad: the strategy learns from the end that was
        predicted, and the cell is neither asked for again nor the best. There is nothing to tell of it; a score that is
        told all the same takes the place of the prediction. Without `stop` every training goes on, and is recorded.

        Args:
            epoch: 1, 2, 3, ...; 0 for the untrained network. A cell's first report to this object may be of an epoch
                that an earlier process reported: what that one said from there on is replaced.
            anew: the training began again, or goes on from a checkpoint, within this process.

        Raises:
            ValueError: the cell is not running, another worker has it, an epoch goes backwards or is missing, or the
                score is not finite; names the remedy, and nothing is written.
        """
        cell, epoch = self._find(cell), read_count(epoch, "epoch", least=0)
        try:
            value = _number(score)
        except ValueError as error:
            raise ValueError(f"epoch {epoch}: {error}") from None
        return self.trainings.report(cell, epoch, value, worker, anew)

    def retract(self, cell: Cell, last: bool = False) -> None:
        """Take back results of a cell: wrong scores, or a failure that was none.

        A cell without any result left is free again: it may be asked for, or told anew. Results that were taken back
        count in no budget any more; their events stay in the journal.

        Args:
            last: only the last of several results.

        Raises:
            ValueError: the cell has no result; nothing is written.
        """
        _check_cell(cell)
        retract(self.journal, cell, last)

    def drop(self, cell: Cell, worker: str = "") -> None:
        """Give up a cell that was asked for, or forget that it failed; it may be asked for again.

        Args:
            worker: who has it; nothing happens if another worker has it by now. Without it, whoever has it.
        """
        cell = self._find(cell)
        self.trainings.ended(cell)
        self.journal.tell("drop", cell, worker=worker)

    def best(self) -> Best | None:
        """The best cell until now; None before any score was told."""
        best = self.history.best
        return None if best is None else Best(best.cell, self.sign * best.score, len(best.scores))

    def _propose(self, n: int) -> list[Pick]:
        n = _at_least_one(n)
        with self._thinking:
            rng = np.random.default_rng([self.seed, self.journal.asked()])
            return self.strategy.propose(self.history, self.candidates, n, rng)

    def _find(self, cell: Cell, known: bool = False) -> Cell:
        _check_cell(cell)
        if known and not self.candidates.has(cell):
            return cell
        try:
            return self.candidates.find(cell)
        except ValueError as error:
            raise ValueError(
                f"{error}; a result of a cell outside of the candidates is told with known=True "
                "(metanp search tell --known)"
            ) from None


def _at_least_one(n: Any) -> int:
    if (count := read_count(n, "n", least=None)) < 1:
        raise ValueError(f"n is {count}; ask for at least one cell")
    return count


def _check_cell(cell: Cell) -> None:
    if not isinstance(cell, Cell):
        raise InputError(f"{shown(cell)} is no Cell; a space reads its own text: space.parse_text(...)")


def candidates_of(
    where: Space | Sequence[Cell] | CellArray | Candidates,
    feasible: Feasible | None = None,
    features: Any = None,
    roles: Any = None,
) -> Candidates:
    """The candidates of a search, arguments and errors as `Search`."""
    if isinstance(where, Candidates):
        if feasible is not None or features is not None or roles is not None:
            raise ValueError(f"give feasible, features and roles to {type(where).__name__}, not beside it")
        return where
    if isinstance(where, str):
        raise ValueError(f"{where!r:.80} is a text; to search a space give get_space({where!r:.80}), of metanp.spaces")
    if isinstance(where, Space) and not where.is_listed:
        if features is not None or roles is not None:
            raise ValueError(f"{where.name} is not listed, and has no rows that side features could follow")
        return Open(where, feasible)
    if isinstance(where, Space):
        return Listed.of(where, feasible, features, roles)
    return Listed(read_cells(where, "candidates"), None, features, feasible, roles)


def _number(score: Any) -> float:
    try:
        value = float(read_numbers([score], "score")[0])
    except ValueError:
        raise InputError(f"the score is {shown(score)}; expected a number, or FAILED") from None
    if not math.isfinite(value):
        raise ValueError(f"the score is {value}; did the evaluation fail? Then tell FAILED instead")
    return value


def _say(text: str) -> None:
    warnings.warn(text, SearchWarning, stacklevel=3)
