"""A folder to put on PYTHONPATH in which `metanp` is all there is: what a reader has after `pip install metanp`."""

import os
from pathlib import Path

ROOT = Path(__file__).parent.parent
# layers of a clone, and what the extras bring
ABSENT = ("data", "tasks", "scripts", "tests", "pandas", "matplotlib", "hydra", "wandb", "xgboost")


def only_the_library(folder: Path) -> dict[str, str]:
    """The environment of a process that can import `metanp`, but nothing that a wheel does not bring."""
    folder.mkdir()
    (folder / "metanp").symlink_to(ROOT / "metanp", target_is_directory=True)
    for name in ABSENT:
        (folder / f"{name}.py").write_text(f"raise ModuleNotFoundError('{name} comes with no wheel', name='{name}')\n")
    return {**os.environ, "PYTHONPATH": str(folder)}
