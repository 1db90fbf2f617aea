"""A supernet: one network that holds every architecture of a space, which all share its weights.

    supernet = Supernet(get_space("nasbench201"), "small", classes=10, rng=0)
    supernet.choose(cell)  # from now on it computes what this child computes
    supernet.child(cell)  # the child alone, with a copy of its weights
    supernet.choose_all()  # every place adds up all of its operations

At every place of every cell stands a `Choice`, a module that has one module for each operation that may stand there;
all around is the skeleton's own network. Nothing here knows how a supernet is trained, or how its children are read:
`metanp.networks.regimes` and `metanp.networks.normalising` do.

Sources: Bender et al., "Understanding and simplifying one-shot architecture search", ICML 2018; Guo et al., "Single
path one-shot", ECCV 2020 (arXiv:1904.00420).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metanp.networks.building import find_skeleton, network
from metanp.networks.choices import Choices, Picks, choices_of
from metanp.networks.inverted import Block
from metanp.networks.layers import Zero
from metanp.networks.modules import Makers, module_of
from metanp.networks.place import Place
from metanp.networks.skeleton import ImageNetwork, Skeleton
from metanp.operations import Operation
from metanp.spaces.base import Space


class Choice(nn.Module):
    """The modules of all operations that may stand somewhere; their outputs are added up, of those that are active.

    number: of the place in the space. active: numbers of alternatives; of none, zeros are the output.
    """

    def __init__(self, number: int, alternatives: Sequence[str | Operation], place: Place, makers: Makers):
        super().__init__()
        self.options = nn.ModuleList(module_of(one, place, makers) for one in alternatives)
        self.nothing, self.number = Zero(place), number
        self.active: tuple[int, ...] = tuple(range(len(self.options)))

    def forward(self, images: Tensor) -> Tensor:
        if not self.active:
            return self.nothing(images)
        return reduce(torch.add, [self.options[i](images) for i in self.active])


class Supernet(nn.Module):
    """All architectures of a space in one network.

    Args:
        space: a space of `metanp.networks.choices`, or the alternatives of each block of a chain.
        skeleton: one of `metanp.networks.SKELETONS`, or its name, that takes architectures of the space.
        classes: that the network tells apart.
        image_channels: 3 for colours, 1 for grey.
        rng: a seed of the weights, or a generator.

    Raises:
        ValueError: a space without choices at its nodes; a skeleton that does not take its architectures, or has no
            place for an operation.
    """

    def __init__(
        self,
        space: Space | Sequence[Sequence[Block | Mapping[str, Any]]],
        skeleton: str | Skeleton,
        classes: int = 10,
        image_channels: int = 3,
        rng: Any = None,
    ):
        super().__init__()
        self.choices: Choices = choices_of(space)
        self.skeleton, self.classes, self.image_channels = find_skeleton(skeleton), classes, image_channels
        places = range(len(self.choices.places))
        self.net = self._built({place: partial(self._choice, place) for place in places}, rng)
        self._all = [module for module in self.net.modules() if isinstance(module, Choice)]

    def forward(self, images: Float[Tensor, "image channel height width"]) -> Float[Tensor, "image class"]:
        return self.net(images)

    @property
    def layers(self) -> list[nn.Module]:
        """What runs one after the other: those of the body where these do, and the head."""
        body = self.net.body
        return [*(body if isinstance(body, nn.Sequential) else [body]), self.net.head]

    def picks(self, child: Any) -> Picks:
        """What an architecture chooses at each place.

        Raises:
            ValueError: it is none of the supernet's children.
        """
        try:
            return self.choices.picks(child)
        except ValueError as error:
            raise ValueError(f"{error}; this supernet has the architectures of {self.choices.name} alone") from None

    def choose(self, child: Any) -> None:
        """Compute what this architecture computes, and train its weights alone, until another is chosen.

        Raises:
            ValueError: as `picks`.
        """
        self.pick(self.picks(child))

    def pick(self, picks: Picks | None) -> None:
        """`choose`, by picks; None is all of them."""
        if picks is None:
            return self.choose_all()
        for choice in self._all:
            pick = picks[choice.number]
            choice.active = () if pick is None else (pick,)

    def choose_all(self) -> None:
        """Add up all operations at each place."""
        for choice in self._all:
            choice.active = tuple(range(len(choice.options)))

    def child(self, child: Any) -> ImageNetwork:
        """The network of one architecture, as `network(..., prune=False)` builds it, with a copy of its weights.

        The pairs of a genotype's nodes are in the order of their inputs.

        Raises:
            ValueError: as `picks`.
        """
        picks, built = self.picks(child), []

        def option(number: int, pick: int, place: Place) -> nn.Module:
            built.append((number, pick, module := self._option(number, pick, place)))
            return module

        chosen = {i: pick for i, pick in enumerate(picks) if pick is not None}
        alone = self._built({i: partial(option, i, pick) for i, pick in chosen.items()}, 0)
        first = next(self.parameters())
        alone.to(device=first.device, dtype=first.dtype)
        own = {id(inner) for *_, module in built for inner in module.modules()}
        around = {name: module for name, module in alone.named_modules() if id(module) not in own}
        for name, module in around.items():
            _copy(self.net.get_submodule(name), module)
        places = [choice for choice in self._all if choice.number in chosen]
        for choice, (number, pick, module) in zip(places, built, strict=True):
            assert choice.number == number  # both were built in the skeleton's order
            module.load_state_dict(choice.options[pick].state_dict())
        return alone.train(self.training)

    @property
    def digest(self) -> str:
        """Of the space, the skeleton and the images: equal for supernets whose weights fit each other."""
        said = [self.choices.name, self.choices.places, self.skeleton, self.classes, self.image_channels]
        return hashlib.sha256(repr(said).encode()).hexdigest()[:12]

    def state(self) -> dict[str, Any]:
        """A checkpoint: the weights, and which supernet they are of."""
        return {"supernet": self.digest, "weights": self.state_dict()}

    def load(self, state: Mapping[str, Any]) -> None:
        """The weights of a checkpoint.

        Raises:
            ValueError: it is of another supernet.
        """
        if (found := state.get("supernet")) != self.digest:
            raise ValueError(
                f"a checkpoint of another supernet ({found}, not {self.digest}, which is {self.skeleton} on the space "
                f"{self.choices.name}); give the space, skeleton and images that it was trained with"
            )
        self.load_state_dict(state["weights"])

    def _built(self, modules: Mapping[int, Any], rng: Any) -> ImageNetwork:
        """The skeleton's network with these modules, functions of a `Place`, by the number of their place."""
        names = {number: f"place {number}" for number in modules}
        makers = {names[number]: partial(_made, make) for number, make in modules.items()}
        if not self.skeleton.makers:
            raise ValueError(f"the skeleton {self.skeleton} has no supernet: it does not look up its operations")
        skeleton = replace(self.skeleton, modules={**self.skeleton.makers, **makers})  # type: ignore[type-var]
        return network(  # type: ignore[return-value]
            self.choices.architecture(names), skeleton, self.classes, self.image_channels, prune=False, rng=rng
        )

    def _choice(self, number: int, place: Place) -> Choice:
        return Choice(number, self.choices.places[number], place, self.skeleton.makers)

    def _option(self, number: int, pick: int, place: Place) -> nn.Module:
        return module_of(self.choices.places[number][pick], place, self.skeleton.makers)


def has_choice(layer: nn.Module) -> bool:
    """Whether any place is in it."""
    return any(isinstance(module, Choice) for module in layer.modules())


def _made(make: Any, operation: Operation, place: Place) -> nn.Module:
    """A maker that reads the place alone."""
    return make(place)


def _copy(source: nn.Module, target: nn.Module) -> None:
    """Parameters and buffers that stand in a module itself, not in its parts."""
    with torch.no_grad():
        for name, value in [*target.named_parameters(recurse=False), *target.named_buffers(recurse=False)]:
            value.copy_(getattr(source, name))
