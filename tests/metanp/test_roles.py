"""Roles of side features: what is known of them counts before any label, and only as far as labels agree."""

import json

import numpy as np
import pytest

from metanp import MetaNP
from metanp.metrics import kendall_tau
from metanp.search import Search
from metanp.search.strategies import make
from metanp.side import Side, standardise_hint
from metanp.spaces import get_space

CELLS = get_space("nasbench201").arrays()[::97].to_cells()
EARLY = np.random.default_rng(0).normal(size=len(CELLS))


@pytest.fixture(scope="module")
def model():
    return MetaNP("label-free")


# --- what is read ---


def test_a_role_is_on_the_scale_of_the_evaluated_cells_and_keeps_all_orders():
    evaluated = Side.of({"f": [1.0, 2.0, 3.0]}, 3).with_roles({"f": "score"})
    hint = evaluated.hint(Side.of({"f": [0.0, 2.0, 50.0, 1e6]}, 4))
    assert hint[1, 0] == pytest.approx(0)
    assert (np.diff(hint[:, 0]) > 0).all()
    assert not hint[:, 1].any()


def test_losses_go_against_scores_and_costs_are_sizes():
    side = Side(("a", "b"), np.array([[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]))

    def hint(**roles: str) -> np.ndarray:
        return side.with_roles(roles).hint(side)

    assert hint(a="score") == pytest.approx(hint(b="loss"))
    assert hint(a="cost") == pytest.approx(hint(a="size"))
    assert hint(a="size")[:, 0] == pytest.approx(0)
    assert hint(a="score", b="score") == pytest.approx(0)  # they say the opposite


def test_without_an_evaluated_cell_the_scale_is_that_of_the_candidates_and_missing_ones_say_nothing():
    cells = np.array([[4.0], [np.nan], [6.0]])
    hint = standardise_hint(np.zeros((0, 1)), cells, cells)
    assert hint[1, 0] == 0
    assert hint[0, 0] == pytest.approx(-hint[2, 0])
    assert hint[2, 0] > 0
    equal = np.full((3, 1), 7.0)
    assert not standardise_hint(np.zeros((0, 1)), equal, equal).any()
    # one evaluated cell gives no scale either
    np.testing.assert_array_equal(standardise_hint(np.array([[4.0]]), cells, cells), hint)


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"f": "sizze"}, r"'f' has the role 'sizze'; nearest: size"),
        ({"ff": "size"}, r"'ff' has a role, but there is no such side feature; nearest: f"),
        (["f"], r"roles are .*; give names and roles"),
    ],
)
def test_what_is_no_role_is_named(model, roles, said):
    with pytest.raises(ValueError, match=said):
        model.fit(CELLS[:5], EARLY[:5], features={"f": EARLY[:5]}, roles=roles)


# --- what it changes ---


def test_a_checkpoint_that_knows_no_roles_refuses_them_with_one_that_does():
    with pytest.raises(ValueError, match="'cross-space-nasbench201' knows no roles; load 'label-free'"):
        MetaNP("cross-space-nasbench201").fit(CELLS[:9], EARLY[:9], features={"f": EARLY[:9]}, roles={"f": "score"})


def test_before_any_label_an_early_score_orders_candidates_and_a_loss_the_other_way(model):
    for role, sign in (("score", 1), ("loss", -1)):
        mean = model.fit([], [], roles={"f": role}).predict(CELLS, features={"f": EARLY})
        assert sign * kendall_tau(mean, EARLY) > 0.4


def test_what_is_said_of_a_candidate_is_the_same_whichever_others_are_asked_beside_it(model):
    model.fit([], [], roles={"f": "score"})
    pool = model.encode(CELLS, features={"f": EARLY})
    some = np.argsort(EARLY)[-5:]
    np.testing.assert_allclose(model.predict(pool.only(some)), model.predict(pool)[some], rtol=1e-5)
    ranking = model.rank(pool, k=3)
    assert ((ranking.lower < ranking.mean) & (ranking.mean < ranking.upper)).all()


def test_the_first_label_does_not_silence_a_role(model):
    mean = model.fit(CELLS[:1], EARLY[:1], features={"f": EARLY[:1]}, roles={"f": "score"}).predict(
        CELLS, features={"f": EARLY}
    )
    assert kendall_tau(mean, EARLY) > 0.4


def test_labels_that_say_the_opposite_are_believed(model):
    chosen = np.random.default_rng(1).permutation(len(CELLS))[:20]
    cells = [CELLS[i] for i in chosen]
    fitted = model.fit(cells, -EARLY[chosen], features={"f": EARLY[chosen]}, roles={"f": "score"})
    assert kendall_tau(fitted.predict(CELLS, features={"f": EARLY}), -EARLY) > 0.8


def test_a_search_and_the_command_line_read_roles(metanp, tmp_path):
    strategy = make("metanp", checkpoint="label-free")
    search = Search(CELLS, strategy, features={"f": EARLY}, roles={"f": "score"})
    assert search.candidates.roles == {"f": "score"}
    assert len(search.ask(3)) == 3
    pool = tmp_path / "pool.jsonl"
    rows = [{"cell": cell.to_json(), "features": {"f": f}} for cell, f in zip(CELLS, EARLY, strict=True)]
    pool.write_text("".join(json.dumps(row) + "\n" for row in rows))
    files = ["--candidates", str(pool), "-k", "5", "--json", "--checkpoint", "label-free"]
    status, out, err = metanp("rank", *files, "--role", "f=score")
    assert (status, len(json.loads(out)["ranking"])) == (0, 5), err
    status, out, err = metanp("rank", *files, "--role", "f")
    assert status == 2
    assert "as flops=size" in err
