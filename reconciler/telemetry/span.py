"""A span as a value, and ids that follow from what it is about: whoever tells of it again tells of the same one."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

Value: TypeAlias = str | int | bool | float

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
LARGEST_HEADER = 128


@dataclass(frozen=True, slots=True)
class Context:
    """Which span of which trace: 128 and 64 bits, neither 0."""

    trace: int
    span: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened during a span."""

    name: str
    at: datetime
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something that took time. ``failed`` says why it ended badly, None when it did not.

    ``outward`` is that it was a call of somebody else. ``links`` are spans that led to it, or that it led to.
    """

    name: str
    context: Context
    parent: Context | None = None
    began: datetime
    ended: datetime
    attributes: Mapping[str, Value] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    links: tuple[Context, ...] = ()
    failed: str | None = None
    outward: bool = False


def of_rollout(rollout: str) -> Context:
    """Return the root of a rollout's trace."""
    return Context(_bits(f"trace of rollout {rollout}", 16), _bits(f"rollout {rollout}", 8))


def of_step(rollout: str, plan: str, index: int) -> Context:
    """Return the span of a step: of its transactions on targets as well, whose id says all of this."""
    return Context(of_rollout(rollout).trace, _step(f"{rollout}-{plan.rpartition(':')[2][:12]}-{index}"))


def of_transaction(transaction: str) -> Context | None:
    """Return the span of the step that a transaction is part of; None for one that no rollout asked for."""
    rollout, _, rest = transaction.partition("-")
    return Context(of_rollout(rollout).trace, _step(transaction)) if rest.count("-") == 1 else None


def of_id(made: str) -> Context:
    """Return a root of its own, for what has an id that nobody used before."""
    return Context(_bits(f"trace {made}", 16), _bits(f"span {made}", 8))


def below(parent: Context, made: str) -> Context:
    """Return another span of that trace, for what has an id that nobody used before."""
    return Context(parent.trace, _bits(f"span {made}", 8))


def parsed(traceparent: str) -> Context | None:
    """Return what a W3C ``traceparent`` says, None when it is none."""
    found = _TRACEPARENT.fullmatch(traceparent[:LARGEST_HEADER].strip())
    return Context(int(found[1], 16), int(found[2], 16)) if found else None


def _step(key: str) -> int:
    return _bits(f"step {key}", 8)


def _bits(text: str, octets: int) -> int:
    # An id of nothing but zeros is none; one in 2^64.
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:octets]) or 1
