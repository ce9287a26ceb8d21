"""A checkpoint: a signed word about how far the record was, and what its newest entry was, at a time."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The entry ``number`` had this link; all before it follows from that.

    ``previous`` is the number of the checkpoint before it, 0 for the first: one that is taken away is missed. ``at`` is
    a time as entries have it. ``key`` is the public key, Ed25519, in base64, as is the signature.
    """

    number: int
    link: str
    at: str
    controller: str
    previous: int
    key: str
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """The entries from ``first`` to ``last`` are in a file of the archive; ``link`` is that of the last of them."""

    first: int
    last: int
    link: str
    file: str
