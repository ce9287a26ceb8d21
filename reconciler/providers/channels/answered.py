"""Questions to HTTP channels, and what their answers mean: delivered, later, or never."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from reconciler.ports.channels import TooMany
from reconciler.ports.errors import Broken, Denied, Refused, Unreachable, WorldError
from reconciler.providers.http import Http, Request, Response

_LONGEST = timedelta(hours=1)
_SHOWN = 200
_WAY = re.compile(r"(https?://)(?:[^/\s?#]*@)?([^/\s?#]+)[^\s]*")


async def exchange(http: Http, request: Request) -> Response:
    """Return the answer; whoever has such an address can write to the channel, so no error says more than its host."""
    try:
        return await http.exchange(request)
    except WorldError as error:
        raise type(error)(_WAY.sub(r"\1\2", str(error))) from None


def check(channel: str, answer: Response, now: datetime) -> None:
    """Return when the channel has taken it; else raise what ``ports.channels`` says, in words without our secrets."""
    status = answer.status
    if 200 <= status < 300:
        return
    told = f"channel {channel}: HTTP {status}: {said(answer)}"
    match status:
        case 429:
            raise TooMany(told, retry_after(answer.headers.get("retry-after", ""), now))
        case 401 | 403 | 404 | 407:
            raise Denied(f"{told}; is its address or its key still good?")
        case 408 | 425:
            raise Unreachable(told)
        case _ if status >= 500:
            raise Unreachable(told)
        case _ if 300 <= status < 400:
            raise Broken(f"{told}; it sends us elsewhere, which is not followed")
        case _:
            raise Refused(told)


def said(answer: Response) -> str:
    """Return the beginning of what was answered, on one line."""
    return " ".join(answer.body.decode(errors="replace").split())[:_SHOWN] or "nothing else"


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Read ``Retry-After`` (seconds or a date, RFC 9110), an hour at most; None when it says nothing."""
    try:
        if text.strip().isdigit():
            return min(_LONGEST, timedelta(seconds=int(text[:9])))
        then = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(timedelta(0), min(_LONGEST, aware - now))
