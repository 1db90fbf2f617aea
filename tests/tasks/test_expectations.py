"""What usually helps, over many prior tasks: convolutions, ways around, and no more than is known of the operations."""

from dataclasses import replace

import numpy as np
import pytest

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.features import FEATURE_NAMES
from metanp.graphs import Graphs
from metanp.spaces import get_space
from tasks.prior import PriorConfig, random_score

QUIET = PriorConfig(relabelled=0.0, ceiling=0.0, cliff=0.0, side=0.0)
SEEDS = range(60)


@pytest.fixture(scope="module")
def pool() -> Graphs:
    return Graphs.distinct(get_space("transnas").arrays())[0]


@pytest.fixture(scope="module")
def many_tasks() -> tuple[Graphs, dict[float, list[np.ndarray]]]:
    """Cells of NAS-Bench-201, and the scores of sixty tasks on them, tilted and not."""
    graphs = Graphs.distinct(get_space("nasbench201").arrays()[::16])[0]
    drawn = {
        tilted: [random_score(graphs, replace(QUIET, tilted=tilted), np.random.default_rng(seed)) for seed in SEEDS]
        for tilted in (0.0, 1.0)
    }
    return graphs, drawn


@pytest.mark.parametrize(
    ("feature", "sign"), [("all_conv3x3", 1), ("most_spatial", 1), ("mean_pool", -1), ("fewest_pool", -1)]
)
def test_tilted_tasks_like_convolutions_and_dislike_pooling(many_tasks, feature, sign):
    """What is known of networks, over many tasks of NAS-Bench-201's cells."""
    graphs, drawn = many_tasks
    x = graphs.features[:, FEATURE_NAMES.index(feature)]
    mean = {
        tilted: np.mean([np.corrcoef(x, score)[0, 1] for score in scores if score.std() > 0])
        for tilted, scores in drawn.items()
    }
    assert sign * mean[1.0] > 0.15
    assert abs(mean[0.0]) < 0.15


def test_a_stronger_tilt_makes_tasks_more_alike(pool):
    def agreement(tilt: float) -> float:
        config = replace(QUIET, tilted=1.0, tilt=tilt, expected=0.0)
        scores = [random_score(pool[:500], config, np.random.default_rng(seed)) for seed in SEEDS]
        return float(np.mean(np.corrcoef([score for score in scores if score.std() > 0])))

    assert agreement(6.0) > agreement(1.0) + 0.05 > agreement(0.0) + 0.1


def test_tilted_tasks_like_a_way_around():
    """Convolutions everywhere and a skip from input to output are better than the same with nothing in its place."""
    cells = get_space("nasbench201").arrays()[::16]
    stacked = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|{}~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    two = [Cell.from_nasbench201(stacked.format(operation)) for operation in ("none", "skip_connect")]
    graphs = Graphs.of(CellArray.concatenate([cells, CellArray.from_cells(two)]).pruned())
    scores = [random_score(graphs, replace(QUIET, tilted=1.0), np.random.default_rng(seed)) for seed in SEEDS]
    mean = np.mean(scores, axis=0)
    assert mean[-1] > mean[-2] + 0.1
    assert (mean > mean[-1]).sum() < 10


def test_what_is_expected_is_expected_of_image_networks_alone(pool):
    without, full = (replace(QUIET, tilted=1.0, expected=share) for share in (0.0, 1.0))
    aggregating = ["input", "gcn", "gat", "output"]
    edges = [[(0, 1), (1, 2), (2, 3)], [(0, 1), (0, 2), (1, 3), (2, 3)], [(0, 1), (0, 2), (1, 2), (2, 3)]]
    unknown = Graphs.of(CellArray.from_cells([Cell(aggregating, e) for e in edges]).pruned())
    for seed in range(10):
        one, other = (random_score(unknown, config, np.random.default_rng(seed)) for config in (without, full))
        assert np.allclose(one, other, rtol=0, atol=1e-9)

    def agreement(config: PriorConfig) -> float:
        return float(np.mean(np.corrcoef([random_score(pool, config, np.random.default_rng(s)) for s in SEEDS])))

    assert agreement(full) > agreement(without) + 0.15
