"""The predictors of `configs/catalogue/`, made without the scripts that read it."""

from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import OmegaConf

PATH = Path(__file__).parent.parent / "configs" / "catalogue" / "all.yaml"
ENTRIES: dict[str, dict[str, Any]] = {
    str(name): entry for name, entry in dict(OmegaConf.to_container(OmegaConf.load(PATH))).items()
}


def made(name: str, **settings: Any) -> Any:
    """The predictor of this name, unfitted."""
    return instantiate(ENTRIES[name]["make"], **settings)
