"""`metanp proxies` on images that the clone knows by name: `python -m scripts.proxies data=cifar10 pool=cells.jsonl`.

The lines of the pool come out on standard output with the proxies among their features. Start it again to go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from data.images import load_images
from metanp.proxies import SUITE_ZERO
from metanp.proxies.command_line import Settings, run
from metanp.proxies.image_file import prepared
from metanp.proxies.pool import Plan
from scripts.command import command


@dataclass
class Config:
    """data: images, of `data.images.IMAGE_SETS`. side: pixels they are resized to; 0 leaves them as they are.

    pool: JSON lines with cells. proxies: names. skeleton: the network around a cell. batch: images. seed: of the images
    drawn, of weights and of noise. workers: processes. journal: where to go on from; in the cache where empty.
    """

    data: str = "cifar10"
    pool: str = MISSING
    proxies: list[str] = field(default_factory=lambda: list(SUITE_ZERO))
    skeleton: str = "nasbench201"
    batch: int = 32
    side: int = 0
    seed: int = 0
    workers: int = 2
    journal: str = ""
    download: bool = False


ConfigStore.instance().store(name="schema_of_proxies", node=Config)


@command("proxies")
def main(config: Config) -> None:
    images = load_images(config.data, config.download)
    images = images.resized(config.side) if config.side else images
    plan = Plan(config.skeleton, len(images.classes), seed=config.seed)
    journal = Path(config.journal) if config.journal else None
    settings = Settings(Path(config.pool), config.proxies, plan, config.batch, config.workers, journal)
    pixels = prepared(images.train.permute(0, 3, 1, 2).numpy(), images.train_labels.numpy(), config.data)
    for line in run(settings, *pixels):
        print(line)


if __name__ == "__main__":
    main()
