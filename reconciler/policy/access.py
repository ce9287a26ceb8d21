"""Who may do what: what is bound to somebody in Git, within the limits of what they came with. Pure.

Nothing is allowed that no binding allows. There is no binding that forbids: to take a right away is to end a binding.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from reconciler.model.access import EVERYTHING, Access, Action, Identity, Placed, Role, RoleBinding, Scope
from reconciler.model.identity import UnitId
from reconciler.policy.matching import fits

_LOOK = (Action.READ, Action.PLAN)
_ONLY_ADMIN = frozenset({Action.ACCEPT, Action.WAIVE, Action.REVIEW, Action.TOKENS})
_CONSENT = (Action.APPROVE, Action.REJECT, Action.DELEGATE)

BUILT_IN: Mapping[str, Role] = {
    role.name: role
    for role in (
        Role(name="viewer", actions=_LOOK),
        Role(
            name="operator",
            actions=tuple(each for each in Action if each not in _ONLY_ADMIN and each not in _CONSENT),
        ),
        Role(name="approver", actions=(*_LOOK, *_CONSENT)),
        Role(name="admin", actions=tuple(Action)),
    )
}
"""The roles that are there without a document; a Role document of the same name is instead of one."""

OF_ONESELF = frozenset({Action.DELEGATE})
"""Actions that pass on what somebody has, unit by unit: who may do them anywhere may do them."""

Where: TypeAlias = Mapping[UnitId, Placed]
"""The labels of the units of a commit. A unit that is not there has none."""


@dataclass(frozen=True, slots=True)
class Granted:
    """It is allowed. ``roles`` are those that allow it, by name; none for the machine's owner, who needs none."""

    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Denied:
    """It is not allowed. ``reason`` says what is missing."""

    reason: str


def may(access: Access, placed: Where, who: Identity, action: Action, unit: UnitId | None) -> Granted | Denied:
    """Return whether somebody may do that to the unit; where none is named, to everything there is or will be."""
    if too_much := _beyond(who.scope, placed, action, unit):
        return Denied(f"{who.name} may not {_said(action, unit)}: {too_much}")
    if who.owner:
        return Granted()
    bound = (each for each in _bound(access, who) if _over(each, placed, action, unit))
    roles = sorted({each.role for each in bound if action in _actions(access, each)})
    if roles:
        return Granted(tuple(roles))
    return Denied(f"{who.name} may not {_said(action, unit)}: no role that allows it is bound to {_subjects(who)}")


def may_all(access: Access, placed: Where, who: Identity, action: Action, environment: str) -> Granted | Denied:
    """Return whether somebody may do that to a whole environment: to each unit in it, or to everything if it has none.

    The roles are those that allow it for each of them.
    """
    units: list[UnitId | None] = [unit for unit in sorted(placed) if unit.environment == environment]
    roles: set[str] | None = None
    for unit in units or [None]:
        match may(access, placed, who, action, unit):
            case Denied() as denied:
                return denied
            case Granted(found):
                roles = set(found) if roles is None else roles & set(found)
    return Granted(tuple(sorted(roles or ())))


def roles_of(access: Access, placed: Where, who: Identity, unit: UnitId) -> tuple[str, ...]:
    """Return the roles that are bound to somebody over a unit, sorted; being the machine's owner is no role."""
    if not _within(who.scope, placed, unit):
        return ()
    return tuple(sorted({each.role for each in _bound(access, who) if _fits(each, placed, unit)}))


def _bound(access: Access, who: Identity) -> Iterator[RoleBinding]:
    """Yield the bindings of somebody. Nobody has an empty name."""
    subjects = {f"user:{who.name}"} if who.name else set()
    subjects |= {f"group:{group}" for group in who.groups if group}
    return (each for each in access.bindings if not subjects.isdisjoint(each.subjects))


def _over(binding: RoleBinding, placed: Where, action: Action, unit: UnitId | None) -> bool:
    if unit is None:
        return binding.match == EVERYTHING or action in OF_ONESELF
    return _fits(binding, placed, unit)


def _fits(binding: RoleBinding, placed: Where, unit: UnitId) -> bool:
    return fits(binding.match, unit, placed.get(unit, Placed()))


def _actions(access: Access, binding: RoleBinding) -> tuple[Action, ...]:
    """What a binding's role allows; nothing where nobody knows the role."""
    role = access.roles.get(binding.role) or BUILT_IN.get(binding.role)
    return role.actions if role else ()


def _beyond(scope: Scope, placed: Where, action: Action, unit: UnitId | None) -> str | None:
    if scope.actions is not None and action not in scope.actions:
        return f"the token is only for: {', '.join(scope.actions) or 'nothing'}"
    if action is Action.DELEGATE and scope.actions is not None and Action.APPROVE not in scope.actions:
        return "the token is not for approve, so it does not pass that on"
    if unit is None:
        return None if scope.match == EVERYTHING else "the token is only for some units"
    return None if _within(scope, placed, unit) else "the token is only for other units"


def _within(scope: Scope, placed: Where, unit: UnitId) -> bool:
    return fits(scope.match, unit, placed.get(unit, Placed()))


def _said(action: Action, unit: UnitId | None) -> str:
    if unit:
        return f"{action} {unit}"
    return f"{action}" if action in OF_ONESELF else f"{action} everything"


def _subjects(who: Identity) -> str:
    subjects = [f"user:{who.name}", *(f"group:{group}" for group in who.groups[:_FEW])]
    more = f" and {len(who.groups) - _FEW} more groups" if len(who.groups) > _FEW else ""
    return " or ".join(subjects) + more


_FEW = 8
