"""The effects that an API can be asked for with a request, as data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from reconciler.model.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send one HTTP request; it may be sent again after an answer was lost.

    ``what`` fits after "cannot": "create the container shop". ``path`` is below the API's own and already quoted.
    ``body`` is a text, by default JSON: secrets in it are filled in within its strings. A status 2xx is success, and so
    is one in ``fine`` (404 for what shall be gone, 304 or 409 for what is so already). ``stale`` are statuses that say
    that somebody else has changed the thing since it was looked at. Where ``only_if`` is given, that is asked for
    first, and the request is sent only when it says yes (2xx).
    """

    what: str
    method: Literal["POST", "PUT", "PATCH", "DELETE"]
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: Content | None = None
    media: str = "application/json"
    fine: tuple[int, ...] = ()
    stale: tuple[int, ...] = ()
    only_if: str | None = None
    limit: timedelta = timedelta(seconds=60)
    op: Literal["send"] = "send"
