"""NASNet: two cells of five nodes with thirteen operations, 5.1e33 genotypes.

A node may read one state twice, and the nodes that no other reads make up the output. Counted as Radosavovic et al.
do: 720^2 wirings x 13^10 operations a cell, which is their 71,465,842 billion, squared.

One genotype in 36 has a reduction cell that does not read the normal one. It is in the space, but of the graph the
normal cell is pruned: such a cell is recognised as `Cell.from_darts` writes it, and not after pruning.

Sources: Zoph et al., "Learning transferable architectures", CVPR 2018 (arXiv:1707.07012); Radosavovic et al., "On
network design spaces for visual recognition", ICCV 2019 (arXiv:1905.13214).
"""

from metanp.spaces.genotype_space import GenotypeSpace

OPERATIONS = (
    "skip_connect",
    "conv_3x1_1x3",
    "conv_7x1_1x7",
    "dil_conv_3x3",
    "avg_pool_3x3",
    "max_pool_3x3",
    "max_pool_5x5",
    "max_pool_7x7",
    "conv_1x1",
    "conv_3x3",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "sep_conv_7x7",
)

SPACE = GenotypeSpace("nasnet", OPERATIONS, nodes=5, distinct=False, loose=True)
