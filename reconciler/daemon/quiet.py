"""Work in a thread that makes millions of values, without the garbage collector's stops for everybody else."""

import asyncio
import gc
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def quietly(work: Callable[[], T]) -> T:
    """Run the work in a thread; what it makes is never looked through for garbage.

    A full collection walks all that there is and holds the interpreter, and with it the event loop, for as long: a
    second for a large fleet. What a load leaves behind are values without circles, which need no collector.
    """
    gc.collect(1)
    return await asyncio.to_thread(_without_collector, work)


def _without_collector(work: Callable[[], T]) -> T:
    was_on = gc.isenabled()
    gc.disable()
    try:
        return work()
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
