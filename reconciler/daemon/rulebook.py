"""What Git says of who may do what, as the desk asks for it: roles, labels, policies of a unit."""

from collections.abc import Mapping
from datetime import datetime

from reconciler.control.asked import Principal
from reconciler.model.access import NO_ACCESS, Access, Action, Identity, Login, Placed
from reconciler.model.asking import Lock, Request, Unlock
from reconciler.model.governance import FREE, Governance
from reconciler.model.identity import UnitId
from reconciler.model.standing import Standing
from reconciler.model.unit import Desired
from reconciler.model.word import Delegated
from reconciler.policy import access

_TOKENS = frozenset({"issue", "revoke"})


def action_of(request: Request) -> Action:
    """Return what somebody has to be allowed to do for a request."""
    return Action.TOKENS if request.verb in _TOKENS else Action(request.verb)


class Rulebook:
    """The roles, bindings and policies of one commit; None: no commit has loaded, so nobody is bound to anything."""

    def __init__(self, desired: Desired | None) -> None:
        self._access: Access = desired.access if desired else NO_ACCESS
        self._placed: Mapping[UnitId, Placed] = desired.placed if desired else {}
        self._governance: Mapping[UnitId, Governance] = desired.governance if desired else {}

    def granted(self, request: Request, who: Identity, unit: UnitId | None) -> access.Granted | access.Denied:
        """Return whether somebody may ask for that; a whole environment is asked for unit by unit."""
        action = action_of(request)
        if isinstance(request, Lock | Unlock) and unit is None:
            return access.may_all(self._access, self._placed, who, action, request.environment)
        return access.may(self._access, self._placed, who, action, unit)

    def knows(self, unit: UnitId | None) -> bool:
        """Return whether it is a unit of the commit."""
        return unit in self._placed

    def may(self, who: Identity, action: Action, unit: UnitId | None) -> bool:
        """Return whether somebody may do that to the unit, or to everything."""
        return isinstance(access.may(self._access, self._placed, who, action, unit), access.Granted)

    def roles(self, who: Identity, unit: UnitId | None) -> tuple[str, ...]:
        """Return the roles that are bound to somebody over the unit; where none is named, over any."""
        if unit:
            return access.roles_of(self._access, self._placed, who, unit)
        found = {role for each in self._placed for role in access.roles_of(self._access, self._placed, who, each)}
        return tuple(sorted(found))

    def instead_of(
        self, who: Identity, unit: UnitId | None, standing: Standing, now: datetime
    ) -> tuple[Principal, ...]:
        """Return in whose place somebody may approve: of those who may themselves, as Git says now."""
        given = (each for each in standing.words if isinstance(each, Delegated))
        return tuple(
            Principal(name=each.author, roles=self.roles(absent, unit), emails=each.emails)
            for each in given
            if each.to == who.name and each.until > now
            if self.may(absent := _absent(each), Action.APPROVE, unit)
        )

    def governance(self, unit: UnitId | None) -> Governance:
        """Return what governs changes of the unit."""
        return self._governance.get(unit, FREE) if unit else FREE


def _absent(word: Delegated) -> Identity:
    return Identity(name=word.author, login=Login.LOCAL, groups=word.groups, emails=word.emails)
