"""The effects that an API can be asked for with a request, as data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from reconciler.model.canonical import Json
from reconciler.model.content import Content
from reconciler.model.lookup import Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send one HTTP request; it may be sent again after an answer was lost.

    ``what`` fits after "cannot": "create the container shop". ``path`` is below the API's own and already quoted.
    ``body`` is a text, by default JSON: secrets in it are filled in within its strings. A status 2xx is success, and so
    is one in ``fine`` (404 for what shall be gone, 304 or 409 for what is so already). ``stale`` are statuses that say
    that somebody else has changed the thing since it was looked at. Where ``only_if`` is given, that is asked for
    first, and the request is sent only when it says yes (2xx). Where ``unless`` is given, it is looked up first, and
    nothing is sent when it is there; after the request it has to be there.

    ``values`` go into a JSON body at their JSON pointers: what was seen when the plan was made. ``secrets`` maps the
    names of markers in ``headers`` to references. ``once`` names the header that gets the same value whenever this
    request is sent again.
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
    unless: Lookup | None = None
    values: tuple[tuple[str, Json], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    once: str | None = None
    limit: timedelta = timedelta(seconds=60)
    op: Literal["send"] = "send"
