"""Neural processes: points and scores of the evaluated cells in, a distribution for every other cell out.

`WhitenedConvCNP` is this project's; `ConvCNP` holds the two textbook processes it is compared with.
"""

from metanp.neural_process.base import NeuralProcess
from metanp.neural_process.convcnp import ConvCNP, ConvCNPConfig
from metanp.neural_process.whitened import WhitenedConfig, WhitenedConvCNP

__all__ = ["ConvCNP", "ConvCNPConfig", "NeuralProcess", "WhitenedConfig", "WhitenedConvCNP"]
