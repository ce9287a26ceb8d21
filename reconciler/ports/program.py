"""A program of this machine that makes a text from files of the repository."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Run ``command`` (looked for in PATH) in an empty folder that has only these ``files``, by relative path.

    ``key`` is where in the document it is asked for, ``install`` what a person does when there is no such command.
    """

    key: str
    command: str
    arguments: tuple[str, ...]
    files: Mapping[str, bytes]
    install: str
