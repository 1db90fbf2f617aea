"""Where a module stands in a network: channels that come in and go out, and by how much it shrinks the image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """What a module must fit.

    inputs, outputs: channels.
    stride: 1 keeps the image's size, 2 halves height and width.
    """

    inputs: int
    outputs: int
    stride: int = 1

    @property
    def keeps_shape(self) -> bool:
        """Whether what comes out has the channels and pixels of what goes in."""
        return self.inputs == self.outputs and self.stride == 1

    def after(self) -> Place:
        """The place behind this one, which keeps the shape."""
        return Place(self.outputs, self.outputs)
