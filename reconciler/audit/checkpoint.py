"""Checkpoints as they are signed, and as lines that can be kept in a file elsewhere. Pure."""

import json
from dataclasses import asdict, fields

from reconciler.model.canonical import canonical
from reconciler.model.checkpoint import Checkpoint

FORMAT = "reconciler checkpoint 1"


class NoCheckpoint(Exception):
    """A line is no checkpoint. The text says what is wrong with it."""


def statement(checkpoint: Checkpoint) -> bytes:
    """Return the bytes that are signed: all that the checkpoint says."""
    said = {name: value for name, value in asdict(checkpoint).items() if name != "signature"}
    return canonical({"what": FORMAT, **said}).encode()


def line(checkpoint: Checkpoint) -> str:
    """Return the checkpoint as a line of JSON, without its newline."""
    return canonical(asdict(checkpoint))


def read_line(text: str) -> Checkpoint:
    """Read a line back; raise NoCheckpoint."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NoCheckpoint("it is not JSON, or is cut off") from error
    if not isinstance(said, dict) or said.keys() != _FIELDS.keys():
        raise NoCheckpoint(f"a checkpoint has just {', '.join(_FIELDS)}")
    for name, kind in _FIELDS.items():
        if type(said[name]) is not kind:
            raise NoCheckpoint(f"its {name} is not {'a number' if kind is int else 'text'}")
    return Checkpoint(**said)


_NUMBERS = frozenset({"number", "previous"})
_FIELDS = {each.name: int if each.name in _NUMBERS else str for each in fields(Checkpoint)}
