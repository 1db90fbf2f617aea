"""Seconds of proxies that share a pass: each as if it were alone. The clock here is set by hand."""

import pytest

from metanp.proxies import measure
from metanp.proxies.meter import Meter, Part
from tests.small_networks import colour, convolutional


class Watch:
    """A clock that stands still until somebody works."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        self.now += seconds


class Owner:
    """forward takes 10 s, 3 of which are for patterns alone; backward reads forward, and takes 20 s of its own."""

    def __init__(self):
        self.watch = Watch()
        self.meter = Meter(self.watch)

    @Part
    def forward(self) -> str:
        self.watch.work(7)
        with self.meter.aside("patterns"):
            self.watch.work(3)
        return "scores"

    @Part
    def backward(self) -> str:
        self.watch.work(20)
        return f"gradients of {self.forward}"

    @Part
    def patterns(self) -> str:
        self.watch.work(1)
        return f"patterns of {self.forward}"


def seconds_of(owner: Owner, *parts: str, own: float = 0.0) -> float:
    with owner.meter.span() as span:
        for part in parts:
            getattr(owner, part)
        owner.watch.work(own)
    return owner.meter.alone(span)


def test_a_part_is_made_once():
    owner = Owner()
    assert owner.backward == "gradients of scores"
    assert owner.backward == "gradients of scores"
    assert owner.watch.now == 7 + 3 + 20


@pytest.mark.parametrize("first", ["forward", "backward", "patterns"])
def test_who_reads_a_part_is_charged_for_it_whoever_made_it(first):
    owner = Owner()
    seconds_of(owner, first)
    assert seconds_of(owner, "forward", own=0.5) == 7.5
    assert seconds_of(owner, "backward", own=0.25) == 27.25
    assert seconds_of(owner, "patterns", "forward") == 7 + 3 + 1
    assert seconds_of(owner, own=2) == 2


def test_a_part_that_fails_is_charged_to_who_asked():
    meter = Meter(watch := Watch())

    def broken() -> None:
        watch.work(4)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"), meter.span() as span:
        meter.read("broken", broken)
    assert meter.alone(span) + span.inner == 4


def test_together_proxies_take_less_than_one_by_one():
    names = ["grad_norm", "snip", "jacov", "params"]
    found = measure(convolutional(), colour(), names)
    assert list(found.seconds) == names
    assert 0 < found.together < sum(found.seconds.values())
    assert found.seconds["params"] < found.seconds["snip"]
