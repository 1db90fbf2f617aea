"""How long each proxy would take alone, though several share a pass.

What they share is made in parts, each when it is first read. A part's seconds are charged to everyone who reads it, if
only through another part: so a proxy costs what it would without the others, and all together less than their sum.

Seconds are processor time of this process, so that other work on the machine counts little; on a GPU they are those of
the clock, once the GPU is done.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

Clock = Callable[[], float]


def clock_of(network: nn.Module) -> Clock:
    """In seconds, on the network's device."""
    device = next((p.device for p in network.parameters()), torch.device("cpu"))
    if device.type != "cuda":
        return time.process_time

    def finished() -> float:
        torch.cuda.synchronize(device)
        return time.perf_counter()

    return finished


@dataclass
class Span:
    """A stretch of work. inner: seconds in it that belong to parts. parts: that it read, if only through others."""

    inner: float = 0.0
    parts: set[str] = field(default_factory=set)
    own: float = 0.0


class Meter:
    """Makes parts once, and knows what each took."""

    def __init__(self, clock: Clock = time.process_time):
        self.clock = clock
        self._made: dict[str, Any] = {}
        self._needs: dict[str, set[str]] = {}
        self._own: dict[str, float] = defaultdict(float)
        self._open = [Span()]

    def read(self, name: str, make: Callable[[], Any]) -> Any:
        """The part of this name, made if it is not there yet."""
        if name not in self._made:
            with self.span() as span:
                value = make()
            self._own[name] += span.own
            self._made[name], self._needs[name] = value, span.parts | {name}
        self._open[-1].parts |= self._needs[name]
        return self._made[name]

    @contextmanager
    def span(self) -> Iterator[Span]:
        """Work whose own seconds, without parts made within, are known at its end."""
        span, start = Span(), self.clock()
        self._open.append(span)
        try:
            yield span
        finally:
            self._open.pop()
            took = self.clock() - start
            span.own = took - span.inner
            self._open[-1].inner += took

    @contextmanager
    def aside(self, name: str) -> Iterator[None]:
        """Work in the midst of a part that only the part of this name is made of."""
        with self.span() as span:
            yield
        self._own[name] += span.own

    def alone(self, span: Span) -> float:
        """Seconds of a span that is over, if nobody else had read its parts."""
        return span.own + sum(self._own[part] for part in span.parts)


class Part:
    """An attribute that the owner's `meter` makes and times."""

    def __init__(self, make: Callable[[Any], Any]):
        self.make, self.__doc__ = make, make.__doc__

    def __get__(self, owner: Any, kind: Any = None) -> Any:
        return self if owner is None else owner.meter.read(self.make.__name__, lambda: self.make(owner))
