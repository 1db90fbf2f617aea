"""Train a supernet on images: `python -m scripts.train_supernet space=nasbench201 regime=uniform epochs=20`.

A JSON line an epoch, and as the last line where the supernet is kept. Its validation is the mean over a few random
children, by the statistics of the batch. A training that was killed goes on after its last whole epoch when the same
command is run again, on a CPU to the same bits.
"""

from __future__ import annotations

import json

import torch
from hydra.core.config_store import ConfigStore

from scripts.command import command
from scripts.trainings.supernets import Settings, train

ConfigStore.instance().store(name="schema_of_train_supernet", node=Settings)


@command("train_supernet")
def main(config: Settings) -> None:
    if config.threads:
        torch.set_num_threads(config.threads)
    for row in train(config):
        print(json.dumps(row), flush=True)
    print(config.path)


if __name__ == "__main__":
    main()
