"""Neural processes: points and scores of the evaluated cells in, a distribution for every other cell out.

`WhitenedConvCNP` is this project's; the others are the textbook processes it is compared with.
"""

from metanp.neural_process.attention import CNP, AttentionConfig, AttentiveCNP, TransformerNP
from metanp.neural_process.base import NeuralProcess
from metanp.neural_process.convcnp import ConvCNP, ConvCNPConfig
from metanp.neural_process.whitened import WhitenedConfig, WhitenedConvCNP

__all__ = [
    "CNP",
    "AttentionConfig",
    "AttentiveCNP",
    "ConvCNP",
    "ConvCNPConfig",
    "NeuralProcess",
    "TransformerNP",
    "WhitenedConfig",
    "WhitenedConvCNP",
]
