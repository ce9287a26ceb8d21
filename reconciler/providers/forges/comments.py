"""The one comment of ours on a pull request, known again by a mark that nobody else can make.

Anybody may write a comment that looks like ours, or copy its mark into an older one of theirs, and change it later. So
the mark is a keyed digest of the comment's own id, made with a key that only the controller has.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from reconciler.model.canonical import digest
from reconciler.ports.secrets import Secrets

MAX_LENGTH = 65_000
"""The most characters of a comment that every forge takes."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as the forge has it."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Comments:
    """How a forge keeps the comments of one pull request: all of them, a new one (its id), and a new text for one."""

    all: Callable[[], Awaitable[Iterable[Comment]]]
    add: Callable[[str], Awaitable[str]]
    change: Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class OurComment:
    """Our comment on pull requests of one repository."""

    secrets: Secrets
    repository: str

    async def say(self, number: int, text: str, comments: Comments) -> None:
        """Have it say this, and write it where there is none; raise WorldError."""
        if await self.amend(number, text, comments):
            return
        written = await comments.add(f"{_cut(text)}\n")
        await comments.change(written, self._marked(number, written, text))

    async def amend(self, number: int, text: str, comments: Comments) -> bool:
        """Have it say this; return whether there is one. What says so already is left alone."""
        for each in await comments.all():
            if self._mark(number, each.id) in each.text:
                text = self._marked(number, each.id, text)
                if each.text.strip() != text.strip():
                    await comments.change(each.id, text)
                return True
        return False

    def _marked(self, number: int, comment: str, text: str) -> str:
        return f"{_cut(text)}\n\n{self._mark(number, comment)}\n"

    def _mark(self, number: int, comment: str) -> str:
        keyed = self.secrets.keyed(digest(["comment", self.repository, number, comment]))
        return f"<!-- reconciler {keyed.removeprefix('keyed:')} -->"


def _cut(text: str) -> str:
    if len(text) <= MAX_LENGTH:
        return text
    return text[: MAX_LENGTH - 100].rpartition("\n")[0] + "\n\n> **Cut to fit.**\n"
