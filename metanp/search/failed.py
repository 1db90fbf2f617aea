"""The result to tell instead of a score: the evaluation failed, and why."""

from __future__ import annotations

LONGEST = 250  # characters of a reason: it is shown in tables and in one line of a log


class Failed:
    """Instead of a score: the evaluation failed. `FAILED`, or with a reason `Failed("out of memory")`, `Failed(error)`.

    Args:
        reason: text, an exception ("ValueError: what it says"), or a class of exceptions; kept as one line.

    Raises:
        TypeError: the reason is something else.
    """

    def __init__(self, reason: str | BaseException | type[BaseException] = ""):
        self.reason = one_line(_text(reason))

    def __repr__(self) -> str:
        return f"Failed({self.reason!r})"


def _text(reason: object) -> str:
    if isinstance(reason, str):
        return reason
    if isinstance(reason, BaseException):
        return f"{type(reason).__name__}: {reason}".removesuffix(": ")
    if isinstance(reason, type) and issubclass(reason, BaseException):
        return reason.__name__
    raise TypeError(f"the reason of a failure is {reason!r:.80}; expected text, an exception or a class of exceptions")


def one_line(text: str) -> str:
    """A short text without line breaks and control characters that a terminal would act on."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    line = " ".join("".join(c if c.isprintable() else " " for c in whole).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


FAILED = Failed()
