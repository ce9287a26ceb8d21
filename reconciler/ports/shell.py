"""Running a POSIX sh script on a host."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol, TypeAlias

from reconciler.model.target import Host

Payload: TypeAlias = bytes | Path
"""Bytes for the script's standard input, or the local file that holds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A POSIX sh script and the payloads that follow it on its standard input, in order.

    The script reads payload i with ``dd`` for exactly its size
    (``head`` may read ahead). ``limit`` bounds the whole run.
    """

    text: str
    payloads: Sequence[Payload] = ()
    limit: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Completed:
    """How a script ended. ``errors`` is the text it left on standard error, for a person."""

    status: int
    output: bytes
    errors: str


class Shell(Protocol):
    """A shell on every host, over a connection that is kept."""

    async def run(self, host: Host, script: Script) -> Completed:
        """Run the script with the rights ``host.become`` asks for; raise WorldError when it could not be run."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


def quote(text: str) -> str:
    """Return the text as one word of sh. The only way data gets into a script; ValueError on a NUL character."""
    if "\0" in text:
        raise ValueError("a NUL character cannot be part of a shell word")
    return shlex.quote(text)


def quote_path(path: str) -> str:
    """Return a path as one word of sh; a leading ``~/`` is the home of the connection's user."""
    if path == "~":
        return '"$HOME"'
    return '"$HOME"/' + quote(path[2:]) if path.startswith("~/") else quote(path)
