"""The one-time code that some decisions need: it comes with the command, or is asked for on a terminal."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reconciler.model.asking import Ruling


def with_code(asked: "Callable[[str], Awaitable[Ruling]]", code: str) -> "Ruling":
    """Return the ruling; where a code is needed and somebody is there to type it, ask for it and ask once more."""
    from reconciler.model.asking import FactorNeeded

    try:
        return asyncio.run(_ruled(asked, code))
    except FactorNeeded:
        if code or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise
    typed = click.prompt("code of your device", hide_input=True, err=True)
    return asyncio.run(_ruled(asked, typed.strip()))


async def _ruled(asked: "Callable[[str], Awaitable[Ruling]]", code: str) -> "Ruling":
    return await asked(code)
