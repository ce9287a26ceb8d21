"""What the proxy before an API server can do to a request, instead of passing it on."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

REASONS: Mapping[int, str] = {
    401: "Unauthorized",
    403: "Forbidden",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
"""What the API server says with these statuses."""

GONE_IN_WATCH = '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n'
"""What an API server writes in a watch whose version it no longer has; the status is 200."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The proxy answers by itself; the API server never hears of it. ``body`` is a Status object by default."""

    status: int
    retry_after: int | None = None
    body: str | None = None

    def encoded(self) -> bytes:
        """Return the answer as it goes over the wire."""
        body = (self._status_object() if self.body is None else self.body).encode()
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'OK')}", "Content-Type: application/json"]
        lines += [f"Content-Length: {len(body)}"]
        if self.retry_after is not None:
            lines.append(f"Retry-After: {self.retry_after}")
        return "\r\n".join((*lines, "", "")).encode() + body

    def _status_object(self) -> str:
        reason = REASONS.get(self.status, "Unknown")
        said = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason}
        return json.dumps({**said, "message": f"the lab says {reason}", "code": self.status})


@dataclass(frozen=True, slots=True)
class Delay:
    """The request is passed on so many seconds later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection breaks; the API server never hears of the request."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The API server does as asked, and the connection breaks before its answer is through: nobody knows."""


Fault = Answer | Delay | Cut | Lost


@dataclass(slots=True)
class Rule:
    """A fault for the next ``times`` requests whose method and target, "PATCH /api/v1/...?...", match the pattern."""

    fault: Fault
    pattern: re.Pattern[str]
    times: int

    def takes(self, request: str) -> bool:
        """Say whether this request has the fault; each that has is counted."""
        if self.times <= 0 or self.pattern.search(request) is None:
            return False
        self.times -= 1
        return True


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that came to the proxy: its method and target, what was asked for it, and the fault it had."""

    request: str
    user_agent: str
    fault: Fault | None
