"""Whether a unit is one of those that a policy, a binding or a token speaks of. Pure."""

from fnmatch import fnmatchcase

from reconciler.model.access import Match, Placed
from reconciler.model.identity import UnitId
from reconciler.policy.select import has


def fits(match: Match, unit: UnitId, placed: Placed) -> bool:
    """Whether the unit's environment and app have all the labels, and its name fits a glob where there are any."""
    named = not match.units or any(fnmatchcase(str(unit), glob) for glob in match.units)
    return named and has(placed.environment, match.environments) and has(placed.app, match.apps)
