"""Searches that are copied and pickled."""

import copy
import pickle
import threading

import pytest

from metanp.search import FAILED, JournalError, Search, make
from metanp.spaces import get_space
from tests.metanp.search.search_runs import DISTINCT
from tests.tiny_model import write_checkpoint

AGAIN = [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]


@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("strategy", ["random", "local_search", "weak_nas_boosting"])
def test_a_search_in_memory_is_read_again_with_its_events(again, strategy):
    search = Search(get_space("nasbench_macro"), strategy, rng=3, maximize=False)
    cells = search.ask(4)
    search.tell(cells[0], 0.5)
    search.tell(cells[1], FAILED)
    other = again(search)
    assert other.best() == search.best()
    assert (other.pending, other.history.failed) == (search.pending, search.history.failed)
    assert other.ask(3) == search.ask(3)
    other.tell(cells[2], 0.1)
    assert search.best().score == 0.5  # events of its own
    assert other.best().score == 0.1


@pytest.mark.parametrize("again", AGAIN)
def test_a_search_in_a_file_opens_it_again(path, again, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with Search(DISTINCT, "random", journal="run.sqlite") as search:
        search.tell(search.ask(2)[0], 90.0)
        monkeypatch.chdir("/")
        with again(search) as other:
            other.tell(other.pending[0], 92.0)
            assert search.best().score == 92.0  # one file


def test_a_search_of_which_the_file_is_gone_or_another_says_so(path):
    with Search(DISTINCT, "random", journal=path) as search:
        search.ask()
        kept = pickle.dumps(search)
    path.unlink()
    with pytest.raises(JournalError, match=r"run\.sqlite of this search is not there any more"):
        pickle.loads(kept)
    Search(get_space("nasbench_macro"), "random", journal=path).close()
    with pytest.raises(JournalError, match="is the journal of another search"):
        pickle.loads(kept)


def test_a_search_with_a_loaded_model_pickles_small_and_says_the_same(tmp_path):
    checkpoint = str(write_checkpoint(tmp_path / "tiny.safetensors"))
    for strategy in (make("metanp", checkpoint=checkpoint), make("weak_nas_metanp", checkpoint=checkpoint)):
        search = Search(DISTINCT, strategy)
        for i, cell in enumerate(search.ask(12)):
            search.tell(cell, 90.0 + i)
        assert search.suggestions(2)
        kept = pickle.dumps(search)
        assert len(kept) < 300_000
        assert pickle.loads(kept).ask(3) == search.ask(3)


def test_threads_may_share_what_was_read_again():
    search = pickle.loads(pickle.dumps(Search(DISTINCT, "random")))
    asked = []
    threads = [threading.Thread(target=lambda: asked.extend(search.ask(2))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({cell.key for cell in asked}) == 8
