"""What is asked of an engine and what it answers, as values."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from reconciler.ports.errors import Broken, Denied, Unreachable, WorldError

SAFE = ("GET", "HEAD")
AWAY = (502, 503, 504)
"""What something in front of the engine says when it cannot reach it; the engine itself never does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of an engine: ``path`` is already quoted, without a version; ``limit`` bounds all of it.

    ``quiet_for`` bounds, for streams, how long nothing may come; None: for ever. Headers and body may hold secrets.
    """

    path: str
    method: str = "GET"
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes | Path | None = field(default=None, repr=False)
    media: str = "application/json"
    limit: timedelta = timedelta(seconds=30)
    quiet_for: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine answered: the status and the whole body."""

    status: int
    body: bytes = field(repr=False)

    @property
    def fine(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def said(self) -> str:
        """What it says went wrong, in one line, for a person."""
        try:
            said = json.loads(self.body)["message"]
        except (ValueError, KeyError, TypeError):
            said = self.body.decode(errors="replace")
        return " ".join(str(said).split())[:500] or f"HTTP {self.status}"


class Declined(Broken):
    """The engine understood and would not; ``said`` are its words."""

    def __init__(self, text: str, said: str) -> None:
        super().__init__(text)
        self.said = said


def refusal(name: str, what: str, answer: Answer) -> WorldError:
    """Return an answer that is no success as the error that it is; ``what`` fits after "cannot"."""
    if answer.status in (401, 403):
        return Denied(f"{name} does not let us {what}: {answer.said}")
    if answer.status in AWAY:
        return Unreachable(f"{name} cannot {what} now: {answer.said}")
    return Declined(f"{name} cannot {what}: {answer.said}", answer.said)


def decoded(name: str, body: bytes) -> Any:
    """Return the JSON of a body; raise Broken."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise Broken(f"what {name} answers is not JSON: {error}") from error
