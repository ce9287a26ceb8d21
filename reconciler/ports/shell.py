"""Running a POSIX sh script on a host."""

import shlex
from collections.abc import AsyncGenerator, Callable, Sequence
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
    (``head`` may read ahead). ``limit`` bounds the whole run. ``sift`` is given what the script prints as it comes, cut
    anywhere, and returns what of it belongs to the answer.
    """

    text: str
    payloads: Sequence[Payload] = ()
    limit: timedelta = timedelta(seconds=60)
    sift: Callable[[bytes], bytes] = bytes


@dataclass(frozen=True, slots=True)
class Completed:
    """How a script ended. ``errors`` is the text it left on standard error, for a person."""

    status: int
    output: bytes
    errors: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A script that looks and changes nothing, and that is asked again and again: it may be run twice for one answer.

    It reads nothing and prints a text: NULs in it, and newlines at its end, are not kept, nor is what it says on
    standard error when it ends well. ``known`` is the mark of an answer to it that the asker still has.
    """

    text: str
    known: str = ""
    limit: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host says to a question, with a mark to ask for it again. None: the very same as what ``known`` marks."""

    mark: str
    completed: Completed | None


class Shell(Protocol):
    """A shell on every host, over a connection that is kept."""

    async def run(self, host: Host, script: Script) -> Completed:
        """Run the script with the rights ``host.become`` asks for; raise WorldError when it could not be run."""
        ...

    async def run_anew(self, host: Host, script: Script) -> Completed:
        """Run the script as ``run`` does, over a connection that is made for it alone, with login and all."""
        ...

    async def ask(self, host: Host, question: Question) -> Reply:
        """Ask the question with the rights ``host.become`` asks for; raise WorldError when it could not be asked."""
        ...

    def follow(self, host: Host, text: str) -> AsyncGenerator[bytes, None]:
        """Run a script that looks, without end, and yield its lines as they come; raise WorldError when it ends.

        Its standard input ends when nobody listens any more, and when the connection is gone. Close it (``aclosing``).
        """
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
