"""The event loop that the daemon runs in: uvloop where it is installed (``pip install 'reconciler[speed]'``)."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine to its end, as ``asyncio.run`` does, and return what it returns."""
    # What is imported by now stays to the end: no collection needs to walk it.
    gc.freeze()
    with asyncio.Runner(loop_factory=fastest()) as runner:
        return runner.run(main)


def fastest() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fastest event loop that this machine has; None is asyncio's own."""
    try:
        return getattr(import_module("uvloop"), "new_event_loop", None)
    except ImportError:
        return None
