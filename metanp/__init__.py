"""MetaNP: few-shot performance prediction for neural architecture search.

    from metanp import Cell, MetaNP

    cells = [Cell.from_nasbench201(text) for text in evaluated]
    model = MetaNP.from_pretrained().fit(cells, accuracy)
    ranking = model.rank(candidates, k=10)

Cells need no PyTorch; the rest is imported on first use, because importing PyTorch takes seconds.
"""

import importlib
from typing import TYPE_CHECKING, Any

from metanp.cell import Cell
from metanp.cell_array import CellArray

if TYPE_CHECKING:
    from metanp.checkpoint import CheckpointError
    from metanp.fitted import ScoreWarning
    from metanp.given import InputError
    from metanp.pool import Pool
    from metanp.predictor import MetaNP, NotFittedError
    from metanp.ranking import Ranking

__all__ = ["Cell", "CellArray", "CheckpointError", "InputError", "MetaNP", "NotFittedError", "Pool", "Ranking"]
__all__ += ["ScoreWarning"]
__version__ = "0.1.0"

_LATER = {"CheckpointError": "checkpoint", "InputError": "given", "Pool": "pool", "Ranking": "ranking"}
_LATER["ScoreWarning"] = "fitted"
_LATER |= dict.fromkeys(("MetaNP", "NotFittedError"), "predictor")


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(importlib.import_module(f"metanp.{_LATER[name]}"), name)
    raise AttributeError(f"module 'metanp' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
