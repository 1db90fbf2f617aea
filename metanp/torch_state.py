"""PyTorch's default settings, in force around every computation of a predictor.

A default type of float64, autocast, inference mode, a default device, or matrix products in lower precision are global
to a process or a thread. Set by a user for other networks, they would change results here, or make them fail.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

_lock = threading.RLock()
_inside = 0  # how many threads and calls are inside; the first sets what is global to the process, the last restores it
_before: tuple[Any, str] | None = None


@contextmanager
def usual_torch() -> Iterator[None]:
    """float32, full precision, no autocast, no inference mode, the CPU as default device; all as before afterwards.

    Works as a decorator, too. Does nothing where PyTorch was not imported.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with ExitStack() as stack:
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if torch.is_inference_mode_enabled():
            stack.enter_context(torch.inference_mode(False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        _enter(torch)
        stack.callback(_leave, torch)
        yield


def _enter(torch: Any) -> None:
    global _inside, _before
    with _lock:
        if not _inside:
            _before = torch.get_default_dtype(), torch.get_float32_matmul_precision()
            if _before[0] != torch.float32:
                torch.set_default_dtype(torch.float32)
            if _before[1] != "highest":
                torch.set_float32_matmul_precision("highest")
        _inside += 1


def _leave(torch: Any) -> None:
    global _inside
    with _lock:
        _inside -= 1
        if not _inside and _before is not None:
            if _before[0] != torch.float32:
                torch.set_default_dtype(_before[0])
            if _before[1] != "highest":
                torch.set_float32_matmul_precision(_before[1])


def read_device(device: Any) -> Any:
    """A `torch.device` that exists here; "auto" is a GPU where there is one, else the CPU.

    Raises:
        ValueError: no device, or one that this machine does not have.
    """
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        found = torch.device(device)
        if found.type == "meta":
            raise RuntimeError("tensors there hold no numbers")
        with usual_torch():
            torch.zeros(1, device=found)
    except (RuntimeError, AssertionError, NotImplementedError, TypeError, ImportError) as error:
        why = str(error).strip().split("\n")[0][:120]
        raise ValueError(f"there is no device {device!r} here ({why}); give 'cpu', 'cuda' or 'auto'") from None
    return found
