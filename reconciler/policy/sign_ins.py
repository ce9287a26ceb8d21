"""Which logins are written down: everybody who comes, and again only after a while. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

from reconciler.model.access import Identity, Login
from reconciler.model.deed import SignedIn

EACH = timedelta(hours=1)
"""The same login from the same address is written down once in this time."""

AT_MOST_OF_ONE = 50
"""From so many addresses one name is written down in that time: who has many must not fill the journal."""

REMEMBERED = 10_000

Seen: TypeAlias = Mapping[tuple[str, Login, str], datetime]
"""When a name, known so, was written down last at an address."""


def came(before: Seen, who: Identity, address: str, at: datetime) -> tuple[Seen, SignedIn | None]:
    """Return what is known after somebody came, and what is to be written down of it, if anything."""
    key = (who.name, who.login, address)
    if (last := before.get(key)) and at < last + EACH:
        return before, None
    now = {each: seen for each, seen in before.items() if at < seen + EACH}
    if sum(1 for name, login, _ in now if (name, login) == key[:2]) >= AT_MOST_OF_ONE:
        return now, None
    kept = dict(list(now.items())[-REMEMBERED // 2 :]) if len(now) >= REMEMBERED else now
    return {**kept, key: at}, SignedIn(name=who.name, login=who.login, address=address)
