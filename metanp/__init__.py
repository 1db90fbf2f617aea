"""MetaNP: few-shot performance prediction for neural architecture search.

Conditioned on evaluated cells, it ranks the others:

    from metanp import Cell, MetaNP

    cells = [Cell.from_nasbench201(text) for text in evaluated]
    model = MetaNP.from_pretrained().fit(cells, accuracy)
    ranking = model.rank(candidates, k=10)
"""

from metanp.cell import Cell
from metanp.cell_array import CellArray
from metanp.checkpoint import CheckpointError
from metanp.pool import Pool
from metanp.predictor import MetaNP, NotFittedError, Ranking

__all__ = ["Cell", "CellArray", "CheckpointError", "MetaNP", "NotFittedError", "Pool", "Ranking"]
__version__ = "0.1.0"
