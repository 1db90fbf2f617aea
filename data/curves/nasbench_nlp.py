"""Curves of NAS-Bench-NLP: 14,322 recurrent cells, 50 epochs each, losses in nats per token of three texts.

The cells are those of `load_benchmark("nasbench_nlp")`, in its order. 2,724 runs broke off, and are NaN from there on.
`load_benchmark` has five of the 50 epochs; all are here. The test loss is a quantity like the others: TEST.

Source: Klyuchnikov et al., "NAS-Bench-NLP", IEEE Access 2022 (arXiv:2006.07116).
"""

from __future__ import annotations

import numpy as np

from data.curves.table import CurveSource, CurveTable, Inputs, sources
from metanp.curves import Curves, Quantity

FILE = "nas_bench_nlp_curves.npz"
QUANTITIES = {
    "val_losses": Quantity("validation_loss", "nats", False),
    "train_losses": Quantity("train_loss", "nats", False),
    "test_losses": Quantity("test_loss", "nats", False),
    "wall_times": Quantity("train_time", "s", False),
}


def build(inputs: Inputs) -> CurveTable:
    with np.load(inputs[FILE].path, allow_pickle=False) as arrays:
        values = np.stack([arrays[name].astype(np.float64) for name in QUANTITIES], axis=1)
        parameters, ids = arrays["num_params"].astype(np.float64), arrays["recepie_id"]
    failed = ~np.isfinite(values[:, 0])  # the clock of a run that broke off goes on, or stands at 0
    values[np.broadcast_to(failed[:, None], values.shape)] = np.nan
    n, _, epochs = values.shape
    curves = Curves(
        tuple(QUANTITIES.values()),
        values,
        np.arange(1, epochs + 1),
        np.full(n, epochs),
        architecture={"parameters": parameters},
    )
    where = sources(inputs, ", ".join(QUANTITIES))
    return CurveTable("nasbench_nlp", "ptb", tuple(map(str, ids)), curves, where, benchmark="nasbench_nlp")


SOURCES = [CurveSource("nasbench_nlp", build, (FILE,))]
