"""NPENAS-NP: evolution whose children a graph network ranks before any is evaluated.

Setting: the paper's: 10 random cells, then 10 at a time, the highest predicted of 100 children of the best ten. The
paper's network has three GIN layers of 32, mean over nodes and a sigmoid; here it is the four convolutions of 64 of
`metanp.baselines.graph_networks.BONAS`, trained as NPENAS trains its own.

Needs a space, for neighbours.

Source: Wei et al. 2020, "NPENAS: Neural Predictor Guided Evolution for Neural Architecture Search" (arXiv:2003.12857);
github.com/auroua/NPENASv1.
"""

from __future__ import annotations

from collections.abc import Callable

from metanp.baselines.graph_networks import BONAS
from metanp.baselines.networks import Training
from metanp.contract import About, Predictor
from metanp.search.strategies.guided_evolution import GuidedEvolution
from metanp.search.strategies.mutants import Brood

BROOD = Brood(parents=10, each=10, enough=100)


class Ranker(BONAS):
    """The network of BONAS in the training of NPENAS."""

    about = About("graph network", "Wei et al. 2020, arXiv:2003.12857, on the network of BONAS", needs=("cells",))
    training = Training(epochs=300, batch=16, rate=5e-3, weight_decay=1e-4, cosine=True)


class NPENAS(GuidedEvolution):
    """Args: as `GuidedEvolution`."""

    title = "NPENAS"
    source = "Wei et al. 2020, arXiv:2003.12857"

    def __init__(
        self,
        predictor: str | Callable[..., Predictor] = Ranker,
        first: int = 10,
        batch: int = 10,
        brood: Brood = BROOD,
        checkpoint: str = "default",
    ):
        super().__init__(predictor, first, batch, brood, checkpoint)
        self.title = type(self).title
