"""A list of candidates that grows, is reordered or loses cells keeps its journal; a space does not change."""

import json

import pytest

from metanp import Cell
from metanp.search import FAILED, JournalError, Listed, Open, Search
from metanp.search.journal import Journal
from metanp.spaces import get_space
from tests.metanp.search.search_runs import DISTINCT, write_pool

SPACE = get_space("nasbench201")
ALIEN = Cell(["input", "conv5x5", "output"], [(0, 1), (1, 2)])


@pytest.fixture
def path(tmp_path):
    """Of twenty cells: two evaluated, one failed, one pending, one dropped, one taken back, one known from outside."""
    path = tmp_path / "run.sqlite"
    with Search(DISTINCT[:20], "random", journal=path, rng=1) as search:
        for cell in DISTINCT[:6]:
            search.journal.ask([_pick(cell)])
        search.tell(DISTINCT[0], 90.0)
        search.tell(DISTINCT[1], 91.0)
        search.tell(DISTINCT[2], FAILED)
        search.drop(DISTINCT[4])
        search.tell(DISTINCT[5], 931.0)
        search.retract(DISTINCT[5])
        search.tell(ALIEN, 99.0, known=True)
        search.tell(DISTINCT[30], 98.0, known=True)
    return path


def _pick(cell):
    from metanp.search import Pick

    return Pick(cell)


CHANGED = {
    "longer": DISTINCT[:40],
    "longer before": DISTINCT[20:29] + DISTINCT[:20],
    "reversed": DISTINCT[:20][::-1],
    "as short as can be": DISTINCT[:4],
    "without what was dropped and taken back": DISTINCT[:4] + DISTINCT[6:12],
    "twice": DISTINCT[:20] * 2,
    "canonical": [cell.canonical for cell in DISTINCT[:20]],
    "with the cell known from outside": [*DISTINCT[:20], ALIEN],
}


@pytest.mark.parametrize("cells", CHANGED.values(), ids=CHANGED)
@pytest.mark.parametrize("with_space", [True, False])
def test_a_list_that_changed_goes_on(path, cells, with_space):
    with Search(Listed(cells, SPACE) if with_space else cells, "random", journal=path) as search:
        history = search.history
        assert [cell.key for cell in history.cells][:2] == [DISTINCT[0].key, DISTINCT[1].key]
        assert [cell.key for cell in history.failed] == [DISTINCT[2].key]
        assert [cell.key for cell in history.pending] == [DISTINCT[3].key]
        inside = {cell.key for cell in cells}
        known = {ALIEN.key: 99.0, DISTINCT[30].key: 98.0}
        assert {one.cell.key for one in history.outside} == known.keys() - inside
        assert search.best().score == max([91.0, *(score for key, score in known.items() if key in inside)])
        asked = {cell.key for cell in search.ask(100)}
        assert asked == inside - {cell.key for cell in DISTINCT[:4]} - known.keys()


@pytest.mark.parametrize("lost", range(4))
def test_a_list_that_lost_a_cell_of_the_journal_is_refused_by_its_name(path, lost):
    before = path.read_bytes()
    cells = [cell for i, cell in enumerate(DISTINCT[:20]) if i != lost]
    with pytest.raises(JournalError, match=r"put it back into the list, or drop it .*retract it") as caught:
        Search(cells, "random", journal=path)
    assert json.dumps(DISTINCT[lost].to_json()["edges"]) in str(caught.value).replace("'", '"')
    assert path.read_bytes() == before


@pytest.mark.parametrize("lost", range(4))
def test_a_cell_that_was_taken_out_of_the_journal_may_leave_the_list(path, lost):
    with Search(DISTINCT[:20], "random", journal=path) as search:
        if lost < 2:
            search.retract(DISTINCT[lost])
        else:
            search.drop(DISTINCT[lost])
    cells = [cell for i, cell in enumerate(DISTINCT[:20]) if i != lost]
    with Search(cells, "random", journal=path) as search:
        assert len(search.history.taken) == 3


@pytest.mark.parametrize("strategy", ["random", "local_search"])
def test_the_same_list_seed_and_scores_give_the_same_search(tmp_path, strategy):
    asked = []
    for name in ("a", "b"):
        asked.append([])
        for _ in range(3):
            with Search(Listed(DISTINCT, SPACE), strategy, journal=tmp_path / name, rng=5) as search:
                for cell in search.ask(3):
                    asked[-1].append(cell)
                    search.tell(cell, float(len(asked[-1])))
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (lambda: DISTINCT, lambda: SPACE),
        (lambda: SPACE, lambda: DISTINCT),
        (lambda: DISTINCT, lambda: Open(SPACE)),
        (lambda: Open(SPACE), lambda: DISTINCT),
        (lambda: Open(SPACE), lambda: Listed(DISTINCT, SPACE)),
        (lambda: SPACE, lambda: get_space("nasbench_macro")),
        (lambda: SPACE, lambda: list(SPACE.arrays()[:2000].to_cells())),
    ],
)
def test_a_list_is_no_space_and_a_space_no_other(tmp_path, first, second):
    path = tmp_path / "run.sqlite"
    with Search(first(), "random", journal=path) as search:
        search.ask()
    before = path.read_bytes()
    with pytest.raises(JournalError, match=r"is the journal of another search: its candidates is .*, not "):
        Search(second(), "random", journal=path)
    assert path.read_bytes() == before


def test_a_cell_known_from_outside_is_a_candidate_when_the_list_has_it(path):
    with Search([*DISTINCT[:20], ALIEN], "random", journal=path) as search:
        assert (search.best().cell, search.best().score) == (ALIEN, 99.0)
        search.retract(ALIEN)
        assert ALIEN in search.ask(100)


@pytest.mark.parametrize("strategy", ["random", "metanp", "evolution", "local_search", "weak_nas_boosting"])
def test_a_search_goes_on_while_another_process_has_a_longer_list(tmp_path, strategy):
    """What that one asks for and tells is no candidate here."""
    path, short = tmp_path / "run.sqlite", DISTINCT[:30]
    with Search(Listed(short, SPACE), strategy, journal=path) as search:
        for i, cell in enumerate(search.ask(12)):
            search.tell(cell, 80.0 + i)
        with Search(Listed(DISTINCT, SPACE), strategy, journal=path) as other:
            for cell in DISTINCT[40:44]:
                other.journal.ask([_pick(cell)])
            other.tell(DISTINCT[40], 99.0)
            other.tell(DISTINCT[41], FAILED)
            assert other.best().cell == DISTINCT[40]
        assert search.best().score == 91.0
        assert search.pending == []
        assert [one.cell for one in search.history.outside] == [DISTINCT[40]]
        assert {cell.key for cell in search.ask(3)} <= {cell.key for cell in short}


# --- on the command line ---

IDS = [f"net[{i}]" for i in range(30)]


@pytest.fixture
def pool(tmp_path):
    return tmp_path / "pool.jsonl"


@pytest.fixture
def asked(metanp, pool, journal):
    """Ids of two cells of ten, one of them told."""
    write_pool(pool, IDS[:10])
    start = ["search", "--pool", pool, "--journal", journal, "--strategy", "random"]
    ids = [json.loads(line)["id"] for line in metanp(*start, "ask", "-n", 2)[1].splitlines()]
    metanp(*start, "tell", _written(pool, {"id": ids[0], "score": 90}))
    return ids


def _written(pool, *lines):
    told = pool.with_name("told")
    told.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return told


def rewrite(pool, order) -> None:
    write_pool(pool, [IDS[i] for i in order], [DISTINCT[i] for i in order])


@pytest.mark.parametrize("order", [range(30), range(9, -1, -1), [*range(20, 30), *range(10)]])
def test_a_pool_may_grow_and_be_reordered(metanp, pool, journal, asked, order):
    rewrite(pool, order)
    rest = [json.loads(line)["id"] for line in metanp("search", "--journal", journal, "ask", "-n", 99)[1].splitlines()]
    assert sorted([*rest, *asked]) == sorted(IDS[i] for i in order)
    code, _, error = metanp("search", "--journal", journal, "tell", _written(pool, {"id": asked[1], "score": 95}))
    assert (code, error) == (0, "metanp: told 1\n")
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["best"]["id"], found["best"]["score"]) == (asked[1], 95)


def test_a_pool_that_lost_a_cell_of_the_journal_is_refused_by_its_id_until_it_is_taken_out(
    metanp, pool, journal, asked
):
    rewrite(pool, [i for i in range(10) if IDS[i] not in asked])
    for name, command in ((asked[1], "drop"), (asked[0], "retract")):
        code, _, error = metanp("search", "--journal", journal, "ask")
        assert (code, error.count("\n"), f"a list with '{name}'" in error) == (2, 1, True)
        assert json.loads(metanp("search", "--journal", journal, "status", "--json")[1])["spent"] == 1
        assert metanp("search", "--journal", journal, command, name)[0] == 0
    assert metanp("search", "--journal", journal, "ask", "-n", 99)[0] == 0


def test_an_id_that_goes_to_another_cell_is_refused(metanp, pool, journal, asked):
    order = list(range(10))
    cells = [DISTINCT[i] for i in order]
    write_pool(pool, [IDS[(i + 1) % 10] for i in order], cells)
    for command in (["ask"], ["drop", asked[1]], ["retract", asked[0]], ["status"]):
        code, _, error = metanp("search", "--journal", journal, *command)
        assert (code, error.count("\n"), "give it its id back" in error) == (2, 1, True)
    assert len(Journal(journal, {}).events()) == 3


def test_ids_may_be_left_out_later_and_are_remembered(metanp, pool, journal, asked):
    pool.write_text("".join(json.dumps({"cell": cell.to_json()}) + "\n" for cell in DISTINCT[:10]))
    code, _, error = metanp("search", "--journal", journal, "tell", _written(pool, {"id": asked[1], "score": 95}))
    assert (code, error) == (0, "metanp: told 1\n")
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert found["best"]["id"] == asked[1]


def test_without_its_pool_a_search_is_shown_with_the_ids_that_were_given_out(metanp, pool, journal, asked):
    pool.unlink()
    found = json.loads(metanp("search", "--journal", journal, "status", "--json")[1])
    assert (found["best"]["id"], found["pending_ids"]) == (asked[0], [asked[1]])
    assert metanp("search", "--journal", journal, "drop", asked[1])[0] == 0
