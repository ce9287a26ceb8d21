"""What a backup says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from reconciler.model.canonical import Digest

JOURNAL = "journal.db"
FILES = (JOURNAL, "controller", "secret-key", "audit-key", "audit-key.pub")
"""What of the state folder is in a backup; all else in it can be had again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of a backup: its size in bytes and its digest."""

    size: int
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a backup, by name, and how far its journal goes: the newest entry's ``number`` and ``link``.

    ``journal_form`` is the form of its tables, ``settings`` the digest of the settings that were in force.
    """

    made_at: datetime
    version: str
    controller: str
    number: int
    link: str
    journal_form: str
    settings: Digest
    parts: Mapping[str, Part]
    format: int = 1
