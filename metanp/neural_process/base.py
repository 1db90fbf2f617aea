"""The interface of every neural process here.

Reading the context and predicting targets are two steps, so that a pool of any size can be predicted in pieces.

Axes: task, context, target. Scores are in the model's units. `mask` is True where a context cell is real.

Source: Garnelo et al. 2018 (arXiv:1807.01613).
"""

from abc import abstractmethod
from typing import Any

from jaxtyping import Bool, Float
from torch import Generator, Tensor, nn

from metanp.distribution import Mixture
from metanp.encoder import Points


class NeuralProcess(nn.Module):
    """Points and scores in, a distribution for every target out.

    weighs_measurements: whether `condition` uses `spread`.
    """

    weighs_measurements = False

    @property
    def reads_roles(self) -> bool:
        """Whether the hints of side features with a role move predictions."""
        return False

    @abstractmethod
    def condition(
        self,
        xc: Points,
        yc: Float[Tensor, "task context"],
        mask: Bool[Tensor, "task context"],
        spread: Float[Tensor, "task context"] | None = None,
    ) -> Any:
        """Read the context; returns a state for `predict` and `sampler` alone.

        The state has `prune(weight)`: the same state without its parts of less weight, if it has parts; and `quick()`:
        what `reach` needs of it.

        Args:
            spread: variance of a measurement beyond the noise that all have, where measurements of one cell contradict
                one another; ignored where the process does not weigh measurements.
        """

    @abstractmethod
    def predict(self, state: Any, xt: Points) -> Mixture:
        """The distribution of a new measurement of each target."""

    def reach(self, state: Any, xt: Points) -> Float[Tensor, "task target"]:
        """About how high each target may be: two standard deviations above its mean, in less time than `predict`."""
        mean, std = self.predict(state, xt).without_noise().moments()
        return mean + 2 * std

    @abstractmethod
    def sampler(self, state: Any, n: int, rng: Generator) -> Any:
        """A function from `Points` (1, target) to (n, target): `n` functions drawn jointly, the same at every call."""

    def left_out(self, state: Any, yc: Float[Tensor, "task context"]) -> Float[Tensor, "task context"] | None:
        """The mean of each context cell as the others predict it; None where that needs to read the context again."""
        return None

    def evidence(self, state: Any, yc: Float[Tensor, "task context"]) -> Float[Tensor, " task"] | None:
        """Sum of the log-densities of the context's cells, each as the others predict it; None as in `left_out`."""
        return None

    def forward(
        self, xc: Points, yc: Float[Tensor, "task context"], mask: Bool[Tensor, "task context"], xt: Points
    ) -> Mixture:
        return self.predict(self.condition(xc, yc, mask), xt)

    def log_likelihood(
        self, mixture: Mixture, yt: Float[Tensor, "task target"], mask: Bool[Tensor, "task target"]
    ) -> Float[Tensor, " task"]:
        """What meta-training maximises: the mean over a task's targets."""
        return (mixture.log_prob(yt) * mask).sum(-1) / mask.sum(-1).clamp(min=1)
