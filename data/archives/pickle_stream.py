"""A restricted unpickler whose memory does not grow with the pickle: finished objects are dropped on the way.

An ordinary unpickler cannot drop objects: each gets a number in its memo, and a later opcode may refer to it. So the
pickle is read twice. The first pass follows the opcodes without making objects and records which numbers are referred
to `WINDOW` or more objects later (in practice a few shared strings); the second keeps those and the last `WINDOW`
objects, and passes each dictionary, once filled, to a function that may replace it by something small.

Knows no archive. Only names that `data.unpickle` allows are accepted; nothing else is ever called.

Source: CPython, `pickletools` (the opcodes and the sizes of their arguments) and `pickle._Unpickler`.
"""

import os
import pickle
import pickletools
from collections.abc import Callable
from typing import Any, BinaryIO, ClassVar

from data.unpickle import HARMLESS, Restricted

WINDOW = 4096  # objects; several times what one training of NAS-Bench-201 refers back to
_BUFFER = 1 << 20  # bytes
_MARGIN = 1 << 10  # bytes; an opcode with a fixed or text argument is never longer
_GLOBAL = ord("c")  # the one opcode with a text argument (two lines) that protocol 2 still writes
_GET, _PUT, _MEMOIZE, _STOP = {ord("h"): 1, ord("j"): 4}, {ord("q"): 1, ord("r"): 4}, 0x94, ord(".")

# Opcode -> bytes of its argument, and opcode -> bytes of the length in front of its argument.
_FIXED = {ord(op.code): op.arg.n if op.arg else 0 for op in pickletools.opcodes}
_FIXED = {code: n for code, n in _FIXED.items() if n >= 0}
_WIDTH = {"1": 1, "4": 4, "8": 8}  # the digit in the name of pickletools' argument descriptors
_LED = {
    ord(op.code): _WIDTH[op.arg.name.rstrip("u")[-1]]
    for op in pickletools.opcodes
    if op.arg and op.arg.n <= pickletools.TAKEN_FROM_ARGUMENT1
}

Replace = Callable[[dict[Any, Any]], Any]


def distant_references(file: BinaryIO, progress: Callable[[int], None]) -> set[int]:
    """Memo numbers that one pickle refers to `WINDOW` or more objects after it assigned them.

    Args:
        file: at the start of the pickle; afterwards anywhere behind its end.
        progress: called with the position in the file.

    Raises:
        EOFError: the pickle is cut short.
        pickle.UnpicklingError: an opcode that protocols 2 to 5 do not write; a foreign or damaged file.
    """
    distant: set[int] = set()
    latest, buffer, at = -1, b"", 0
    while True:
        if at + _MARGIN > len(buffer):
            buffer, at = _refilled(file, buffer, at), 0
            progress(file.tell())
            if not buffer:
                raise EOFError("the pickle ends before its last opcode")
        code = buffer[at]
        if code in _FIXED:
            size = _FIXED[code]
            if code in _GET:
                number = int.from_bytes(buffer[at + 1 : at + 1 + size], "little")
                if latest - number >= WINDOW:
                    distant.add(number)
            elif code in _PUT:
                latest = int.from_bytes(buffer[at + 1 : at + 1 + size], "little")
            elif code == _MEMOIZE:
                latest += 1
            elif code == _STOP:
                return distant
            at += 1 + size
        elif code in _LED:
            width = _LED[code]
            at += 1 + width + int.from_bytes(buffer[at + 1 : at + 1 + width], "little")
        elif code == _GLOBAL:
            at = buffer.index(b"\n", buffer.index(b"\n", at) + 1) + 1
        else:
            raise pickle.UnpicklingError(f"opcode {code:#x}")


def _refilled(file: BinaryIO, buffer: bytes, at: int) -> bytes:
    """The bytes from position `at` of `buffer` on, which may lie beyond its end."""
    while buffer and at > len(buffer):
        buffer, at = file.read(_BUFFER), at - len(buffer)
    return buffer[at:] + file.read(_BUFFER)


def load(file: BinaryIO, path: str | os.PathLike[str], distant: set[int], replace: Replace) -> Any:
    """The object that one pickle describes, made while replacing dictionaries that have been filled.

    Args:
        file: at the start of the pickle; afterwards right behind its end.
        path: named in errors.
        distant: what `distant_references` found in the same pickle.
        replace: given each dictionary that was just filled, whole or by a batch, returns it or a replacement.

    Raises:
        ForbiddenGlobal: the pickle names a function or class that data does not need; nothing of it was called.
        Exception: of any kind, from a damaged pickle.
    """
    return _Streamed(file, os.fspath(path), distant, replace).load()


# The unpickler in Python, as the one in C can neither drop nor replace; type stubs lack its methods.
_Unpickler: Any = pickle._Unpickler


class _Streamed(_Unpickler):
    dispatch: ClassVar = dict(_Unpickler.dispatch)
    find_class = Restricted.find_class

    def __init__(self, file: BinaryIO, path: str, distant: set[int], replace: Replace):
        super().__init__(file)
        self.path, self.allowed = path, HARMLESS
        self.distant, self.replace = distant, replace
        self.memo: dict[int, Any] = {}
        self.latest, self.limit = -1, 2 * WINDOW

    def remember(self, number: int) -> None:
        """Give the object on top of the stack a number; from time to time, drop old ones."""
        self.memo[number] = self.stack[-1]
        self.latest = number
        if len(self.memo) > self.limit:
            oldest, distant = number - WINDOW, self.distant
            self.memo = {n: value for n, value in self.memo.items() if n > oldest or n in distant}
            self.limit = len(self.memo) + WINDOW

    def load_binput(self) -> None:
        self.remember(self.read(1)[0])

    def load_long_binput(self) -> None:
        self.remember(int.from_bytes(self.read(4), "little"))

    def load_memoize(self) -> None:
        self.remember(self.latest + 1)

    def load_setitem(self) -> None:
        super().load_setitem()
        self.stack[-1] = self.replace(self.stack[-1])

    def load_setitems(self) -> None:
        super().load_setitems()
        self.stack[-1] = self.replace(self.stack[-1])

    dispatch[pickle.BINPUT[0]] = load_binput
    dispatch[pickle.LONG_BINPUT[0]] = load_long_binput
    dispatch[pickle.MEMOIZE[0]] = load_memoize
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
