"""Search: from a handful of evaluations to the best cell.

candidates.py    the cells that a search may evaluate: listed.py, a list; open_space.py, a space too large to list
history.py       what was asked and told; failed.py, the result of an evaluation that failed
strategy.py      history and candidates in, picks out; strategies/ has one file each
belief.py        MetaNP's predictions for the candidates; acquisitions.py chooses picks from them
journal.py       everything asked and told, in a file that survives any crash: schema.py, its tables and formats;
                 event.py, one event and its checksum; fold.py, the state after all events; process.py, who writes
trainings.py     trainings that report epochs: curve_log.py, their curves; stopping.py, whether one is worth its end
agreement.py     whether a journal may be continued with some candidates; retraction.py, taking results back
search.py        ask and tell: all of these together
command_line/    `metanp search`: the same by hand, or driving a training command

from metanp.search import Search
search = Search(get_space("nasbench201"), journal="run.sqlite")
"""

from metanp.search.candidates import Candidates
from metanp.search.failed import FAILED, Failed
from metanp.search.history import Evaluated, History
from metanp.search.journal import JournalError
from metanp.search.listed import Listed
from metanp.search.open_space import Open
from metanp.search.search import Best, Search, SearchWarning, Suggestion
from metanp.search.stopping import Stopping
from metanp.search.strategies import STRATEGIES, make
from metanp.search.strategy import Pick, Strategy

__all__ = [
    "FAILED",
    "STRATEGIES",
    "Best",
    "Candidates",
    "Evaluated",
    "Failed",
    "History",
    "JournalError",
    "Listed",
    "Open",
    "Pick",
    "Search",
    "SearchWarning",
    "Stopping",
    "Strategy",
    "Suggestion",
    "make",
]
