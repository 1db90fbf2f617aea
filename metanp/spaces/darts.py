"""DARTS, also the space of NAS-Bench-301: two cells of four nodes, each with two earlier states, 1.08e18 genotypes.

Seven operations, without the `none` of the search; the two inputs of a node differ; all nodes make up the output.
Counted as published: 180 wirings x 7^8 operations a cell, squared. Every genotype of the benchmark `nb301` is in it;
those of the benchmark `darts` have one cell, `none` and a node that reads one input twice, and are not.

Sources: Liu, Simonyan and Yang, "DARTS", ICLR 2019 (arXiv:1806.09055); Zela et al., "Surrogate NAS Benchmarks", ICLR
2022 (arXiv:2008.09777).
"""

from metanp.genotypes import NUMBERED
from metanp.spaces.genotype_space import GenotypeSpace

SPACE = GenotypeSpace("darts", NUMBERED, nodes=4, distinct=True, loose=False)
