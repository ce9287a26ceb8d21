"""Whether a commit may be followed: who signed it, and whether it goes on from the one that was accepted last. Pure.

A signature is worth what its signer is: a valid one, by a key that is listed, for the very person whom the commit
names as its committer. Whoever may sign for themselves may not sign for another.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

Rewrites: TypeAlias = Literal["hold", "follow"]


@dataclass(frozen=True, slots=True)
class Unsigned:
    """The commit has no signature."""


@dataclass(frozen=True, slots=True)
class Broken:
    """There is a signature that does not fit the commit, or that nobody can read."""

    detail: str


@dataclass(frozen=True, slots=True)
class Unlisted:
    """The signature is of a key that counts for nobody: not listed, expired, revoked. ``why`` follows "which"."""

    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A good signature by a listed key. ``names`` are those the key is listed for; the committer may not be one."""

    key: str
    names: tuple[str, ...]
    for_committer: bool


Signature: TypeAlias = Unsigned | Broken | Unlisted | Signed


def distrust(signature: Signature, committer: str) -> str | None:
    """Return why a commit with this committer (an email) is not trusted, as the end of a sentence; None when it is."""
    match signature:
        case Unsigned():
            return "it is not signed; its committer signs it (git commit --amend -S) and pushes again"
        case Broken(detail):
            return f"its signature is bad: {detail}"
        case Unlisted(key, why):
            return f"it is signed with {key}, which {why}"
        case Signed(for_committer=True):
            return None
        case Signed(key, names):
            return f"it is signed by {' or '.join(names)} ({key}), but its committer is {committer}"
        case _:
            assert_never(signature)


def goes_on(head: str, accepted: str | None, let_by: Collection[str], contained: Collection[str]) -> bool:
    """Whether the branch goes on at ``head`` from the accepted commit, or from one that a person let by since.

    ``contained`` are those of them that the history of ``head`` has in it.
    """
    known = {*let_by} if accepted is None else {accepted, *let_by}
    return accepted is None or head in known or not known.isdisjoint(contained)
