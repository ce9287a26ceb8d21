"""How an app does at rest, by what its health checks say since its rollout."""

from collections.abc import Iterator
from typing import Any

from reconciler.cli.render.words import lasted
from reconciler.control.clean import clean
from reconciler.control.where import ailing
from reconciler.model.record import Picture
from reconciler.model.standing import UnitStanding

NAMED_TARGETS = 3


def sentences(picture: Picture, known: UnitStanding) -> Iterator[str]:
    """Yield where it does not do well, since when, and which check says so."""
    found = ailing(known)
    for each in found[:NAMED_TARGETS]:
        time = lasted(picture.now - each.since)
        yield f"{each.condition} on {clean(each.target)} for {time}: {clean(each.detail)}"
    if len(found) > NAMED_TARGETS:
        more = len(found) - NAMED_TARGETS
        yield f"degraded or unhealthy on {more} more {'target' if more == 1 else 'targets'}"


def health_json(known: UnitStanding) -> list[dict[str, Any]]:
    """Return the targets where the app does not do well as a JSON value."""
    return [
        {
            "target": each.target,
            "condition": each.condition.value,
            "detail": each.detail,
            "since": each.since.isoformat(),
        }
        for each in ailing(known)
    ]
