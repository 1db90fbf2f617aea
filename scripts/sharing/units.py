"""The pieces of the study of weight sharing, in the order in which they are trained.

    seeds, orders, shuffled    supernets of all 64 children, which differ in their first weights, in a fixed order of
                               the children, in an order shuffled anew for each pass
    fine                       one such supernet, from which each child is trained on alone
    random, lexicographic      one group of children, which has a supernet of its own
    prefix                     children that share their first cells alone
    alone                      one child by itself
    one_shot, rsws             supernets of NAS-Bench-201's space, as predictors

Each round is of use without the next ones: the first instances of each kind come before all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from scripts.results.provenance import settings_digest
from scripts.trainings.shared import SharedRecipe

INSTANCES = 5  # of seeds, orders and shuffled
GROUPED = (2, 4, 8, 16, 32)  # numbers of groups
GROUP_INSTANCES = 2
PREFIXES = (0, 1, 2, 3, 4)  # cells that are shared
ALONE = 3  # trainings of each child
PREDICTORS = 3  # seeds of each
CHILDREN = 64
SHARED = ("seeds", "orders", "shuffled")


@dataclass(frozen=True)
class Unit:
    """One piece. parts: groups, or cells that are shared. number: of the group, or of the child."""

    kind: str
    instance: int
    parts: int = 0
    number: int = 0

    @property
    def title(self) -> str:
        """For people."""
        more = f", {self.parts} parts, number {self.number}" if self.kind not in SHARED else ""
        return f"{self.kind} {self.instance}{more}"


@dataclass
class Size:
    """What all pieces have alike.

    data, side, train: images to train on. read: test images that children are read on. calibration: training images
    that averages are recalibrated with. channels: of the skeleton `subgraphs`.
    """

    data: str = "cifar10_jpeg"
    side: int = 16
    train: int = 10_000
    read: int = 500
    calibration: int = 256
    channels: int = 8
    epochs: int = 20
    batch_size: int = 64  # the paper has 256, which would leave a child twelve mini-batches

    @property
    def recipe(self) -> SharedRecipe:
        """The paper's, but for its length and the size of images and crops."""
        return SharedRecipe(epochs=self.epochs, batch_size=self.batch_size, weight_decay=1e-3)

    @property
    def steps(self) -> int:
        """Of a training."""
        return self.epochs * (self.train // self.batch_size)

    @property
    def digest(self) -> str:
        """Of everything that rows of one study have alike."""
        return settings_digest([asdict(self), asdict(self.recipe)])


def units() -> list[Unit]:
    """Every piece, once."""
    return list(dict.fromkeys(_in_rounds()))


def _in_rounds() -> Iterator[Unit]:
    for instances in (range(2), range(INSTANCES)):
        for instance in instances:
            yield from (Unit(kind, instance) for kind in SHARED)
        yield Unit("fine", 0)
        yield from _groups(4, 0)
    yield from (Unit("prefix", 0, cells) for cells in PREFIXES)
    yield from _alone(0)
    for count in GROUPED:
        yield from _groups(count, 0)
    for run in range(1, ALONE):
        yield from _alone(run)
    for instance in range(1, GROUP_INSTANCES):
        for count in GROUPED:
            yield from _groups(count, instance)
    for seed in range(PREDICTORS):
        yield from (Unit(kind, seed) for kind in ("rsws", "one_shot"))


def _groups(count: int, instance: int) -> Iterator[Unit]:
    for kind in ("lexicographic", "random"):
        yield from (Unit(kind, instance, count, number) for number in range(count))


def _alone(run: int) -> Iterator[Unit]:
    yield from (Unit("alone", run, 0, child) for child in range(CHILDREN))
