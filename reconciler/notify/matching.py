"""Which policies speak of a notice. Pure."""

from fnmatch import fnmatchcase

from reconciler.model.access import EVERYTHING, Match, Placed
from reconciler.model.notification import Notice, NotificationPolicy
from reconciler.policy.matching import fits
from reconciler.policy.select import has


def speaks_of(policy: NotificationPolicy, notice: Notice, placed: Placed) -> bool:
    """Whether the policy wants this told: by event, severity, and what it is about."""
    named = not policy.events or any(fnmatchcase(notice.topic, glob) for glob in policy.events)
    return named and notice.severity.rank >= policy.severity.rank and is_about(policy.match, notice, placed)


def is_about(match: Match, notice: Notice, placed: Placed) -> bool:
    """Whether what the notice is about is among what matches."""
    if notice.unit is not None:
        return fits(match, notice.unit, placed)
    if match == EVERYTHING:
        return True
    # A whole environment is part of what a policy speaks of that speaks of any app in it.
    if not notice.environment or match.apps:
        return False
    globs = not match.units or any(fnmatchcase(f"*@{notice.environment}", glob) for glob in match.units)
    return globs and has(placed.environment, match.environments)


def template(policy: NotificationPolicy | None, notice: Notice) -> str:
    """Return the policy's text for the notice: that of the first glob that fits; empty: the usual one."""
    texts = policy.templates if policy else {}
    return next((text for glob, text in texts.items() if fnmatchcase(notice.topic, glob)), "")
