"""What a journal remembers of the options that it was begun with."""

import json

from metanp.search.command_line.opening import Options
from tests.bad_strategies import GivesUp
from tests.metanp.search.command_line.command_lines import IDS, kinds, one_line, write
from tests.metanp.search.search_runs import DISTINCT, write_pool
from tests.tiny_model import write_checkpoint


def test_a_strategy_of_ones_own_is_remembered_where_its_class_is(metanp, journal):
    begin = ["search", "--space", "nasbench_macro", "--journal", journal, "--strategy", "tests.bad_strategies:GivesUp"]
    assert metanp(*begin, "ask")[0] == 0
    assert type(Options(journal).open().search.strategy) is GivesUp


def test_direction_strategy_and_seed_are_remembered_and_a_later_option_holds_once(metanp, search, journal):
    metanp(*search[:3], "--journal", journal, "--minimize", "--strategy", "random", "--seed", 7, "ask")
    known = Options(journal).open().search
    assert (known.sign, known.seed, known.strategy.title) == (-1, 7, "random search")
    assert Options(journal, strategy="weak_nas_boosting").open().search.strategy.title != "random search"
    assert Options(journal).open().search.strategy.title == "random search"
    code, _, error = metanp("search", "--journal", journal, "--maximize", "status")
    assert code == 2
    assert "its better is lower, not higher" in one_line(error)


def test_lower_is_better_when_told_so(metanp, search, journal, tmp_path):
    told = write(tmp_path / "told", *({"id": name, "score": i} for i, name in enumerate(IDS[:4])))
    metanp(*search, "--minimize", "tell", told)
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["best"]["score"], found["scores"]) == (0, [0, 1, 2, 3])


def test_a_pool_is_found_where_it_was_and_may_move_and_change_but_not_its_ids(
    metanp, search, pool, journal, monkeypatch
):
    metanp(*search, "ask")
    monkeypatch.chdir("/")
    assert metanp("search", "--journal", journal, "ask")[0] == 0
    moved = pool.rename(pool.with_name("moved.jsonl"))
    code, _, error = metanp("search", "--journal", journal, "ask")
    assert code == 2
    assert f"there is no pool of candidates at {pool}" in one_line(error)
    assert metanp("search", "--journal", journal, "status")[0] == 0
    assert metanp("search", "--journal", journal, "--pool", moved, "ask")[0] == 0
    write_pool(moved, IDS[::-1])
    assert "give it its id back" in one_line(metanp("search", "--journal", journal, "--pool", moved, "ask")[2])
    assert kinds(journal) == ["ask"] * 3
    write_pool(moved, IDS[::-1], DISTINCT[:30][::-1])
    assert metanp("search", "--journal", journal, "--pool", moved, "ask")[0] == 0


def test_the_same_seed_asks_the_same_and_another_does_not(metanp, search, tmp_path):
    def ask(seed, name):
        return metanp(*search[:3], "--strategy", "random", "--journal", tmp_path / name, "--seed", seed, "ask", "-n", 5)

    assert ask(1, "a")[1] == ask(1, "b")[1] != ask(2, "c")[1]


def test_a_checkpoint_that_does_not_exist_is_not_remembered(metanp, pool, journal, tmp_path):
    where = ["search", "--pool", pool, "--journal", journal]
    code, _, error = metanp(*where, "ask", "--checkpoint", "nosuch")
    assert code == 2
    assert "no checkpoint 'nosuch'" in one_line(error)
    checkpoint = write_checkpoint(tmp_path / "tiny.safetensors")
    assert metanp("search", "--pool", pool, "--journal", journal, "ask", "--checkpoint", checkpoint)[0] == 0
    assert metanp("search", "--journal", journal, "ask")[0] == 0
