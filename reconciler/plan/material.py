"""What one plan is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.canonical import Digest
from reconciler.model.change import Cause
from reconciler.model.difference import Differing, Orphan
from reconciler.model.plan import LeftOut
from reconciler.model.standing import UnitStanding
from reconciler.model.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What one plan is made of: the state to reach, what is mended, what is taken away, and what cannot be touched.

    ``known`` is what the journal knows of the unit; None for one that nobody asks for any more.
    """

    unit: Unit
    cause: Cause
    parent: Digest | None
    differing: Sequence[Differing]
    delete: Sequence[Orphan] = ()
    kept: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    known: UnitStanding | None = None
