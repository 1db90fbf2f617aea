"""Evolution by a score, followed by hand, and SWAP-NAS, which evaluates nothing."""

from dataclasses import replace

import numpy as np
import pytest

from metanp import Cell
from metanp.networks import network
from metanp.proxies import swap
from metanp.proxies.image_file import draw_batch, read_images
from metanp.search import Evaluated, History, Listed, Open, Search, make
from metanp.search.scored_evolution import Moves, Sizes, evolve
from metanp.spaces import get_space

SPACE = get_space("nasbench201")
FEW = {"population": 4, "tournament": 2, "mutants": 2, "cycles": 4}


def numbers(scored: list[int]) -> Moves[int]:
    """Whole numbers, one edit is one more or less; the nearer to 30 the better."""

    def score(x: int) -> float:
        scored.append(x)
        return -abs(x - 30.0)

    def mutate(x: int, rng: np.random.Generator) -> int:
        return x + int(rng.choice([-1, 1]))

    return Moves(lambda x: x, lambda rng: int(rng.integers(20)), mutate, lambda a, b, rng: (a + b) // 2, score)


def test_evolution_climbs_and_scores_nothing_twice():
    scored: list[int] = []
    met = evolve(numbers(scored), Sizes(population=10, cycles=200), np.random.default_rng(0))
    assert met[0] == (30, 0.0)
    assert len(scored) == len(set(scored)) == len(met)
    assert [score for _, score in met] == sorted((score for _, score in met), reverse=True)


def test_without_cycles_evolution_is_random_search():
    met = evolve(numbers([]), Sizes(population=30, cycles=0), np.random.default_rng(0))
    rng = np.random.default_rng(0)
    assert {x for x, _ in met} == {int(rng.integers(20)) for _ in range(30)}


def test_the_best_mutant_joins_and_the_worst_member_goes():
    moves = replace(numbers([]), mutate=lambda x, rng: 2 * x, sample=lambda rng: int(rng.integers(1, 3)))
    met = evolve(moves, Sizes(population=2, tournament=2, mutants=1, cycles=3, crossover=0), np.random.default_rng(1))
    best = max(x for x, _ in met if x <= 2)
    assert {best * 2, best * 4, best * 8} <= {x for x, _ in met}


@pytest.fixture(scope="module")
def pool() -> Listed:
    return Listed(SPACE.arrays()[::400], SPACE)


def test_cells_are_asked_for_in_the_order_of_their_swap_and_none_is_evaluated(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "images.npz", x=rng.normal(size=(40, 3, 8, 8)), y=np.arange(40) % 10)
    strategy = make("swap_nas", images=str(tmp_path / "images.npz"), sizes=FEW)
    picks = strategy.propose(History(), Open(SPACE), 5, np.random.default_rng(0))
    found = [pick.note["swap"] for pick in picks]
    assert found == sorted(found, reverse=True)
    batch = draw_batch(*read_images(tmp_path / "images.npz"), 32, 0)
    assert found[0] == swap(network(picks[0].cell, "small", rng=0), batch, 0)


def test_what_is_told_changes_nothing_and_a_search_made_again_goes_on_the_same():
    candidates = Open(SPACE)
    first = make("swap_nas", sizes=FEW).propose(History(), candidates, 3, np.random.default_rng(0))
    after = {}
    for sign in (1, -1):
        told = [Evaluated(pick.cell, (sign * float(i),), pick.note) for i, pick in enumerate(first)]
        again = make("swap_nas", sizes=FEW).propose(History(told), Open(SPACE), 3, np.random.default_rng(sign + 5))
        after[sign] = [pick.cell.key for pick in again]
        assert not {pick.cell.key for pick in first} & {*after[sign]}
    assert after[1] == after[-1]


def test_where_evolution_met_too_few_the_rest_is_random(pool):
    strategy, history = make("swap_nas", sizes={"population": 2, "cycles": 0}), History()
    picks = strategy.propose(history, pool, 30, np.random.default_rng(0))
    assert len({pick.cell.key for pick in picks}) == 30
    assert sum("swap" in pick.note for pick in picks) <= 2


def test_only_feasible_cells_are_asked_for():
    candidates = Open(SPACE, feasible=lambda cell: "conv3x3" not in cell.operations)
    picks = make("swap_nas", sizes=FEW).propose(History(), candidates, 6, np.random.default_rng(0))
    assert not any("conv3x3" in pick.cell.operations for pick in picks)


def test_a_size_that_is_wanted_is_found():
    def parameters(cell: Cell) -> float:
        return sum(p.numel() for p in network(cell, "small", rng=0).parameters()) / 1e3

    def best(**more: float) -> float:
        strategy = make("swap_nas", sizes=FEW | {"population": 12, "cycles": 8}, **more)
        return parameters(strategy.propose(History(), Open(SPACE), 1, np.random.default_rng(0))[0].cell)

    assert abs(best(mu=90.0, sigma=100.0) - 90) < abs(best() - 90)


def test_mu_without_sigma_is_refused():
    with pytest.raises(ValueError, match="give both"):
        make("swap_nas", mu=1.0)


def test_a_space_without_modules_is_refused():
    with pytest.raises(ValueError, match="has no module here"):
        Search(get_space("nasbench_graph"), make("swap_nas", sizes=FEW)).ask(1)
