"""Requests to AWS, signed: Signature Version 4. Pure.

Source: AWS, "Create a signed AWS API request" (IAM user guide); the tests have the examples that AWS published.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from reconciler.providers.http import Request

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsKeyPair:
    """Who signs. ``session`` comes with keys that last for a while only; ``until`` is when they end."""

    key: str
    secret: str = field(repr=False)
    session: str = field(default="", repr=False)
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a signature is good for."""

    region: str
    service: str
    at: datetime

    @property
    def moment(self) -> str:
        """The time as it is signed and sent."""
        return self.at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    @property
    def text(self) -> str:
        """The scope as it is signed."""
        return f"{self.moment[:8]}/{self.region}/{self.service}/aws4_request"


def signed(request: Request, by: AwsKeyPair, scope: Scope) -> Request:
    """Return the request with the headers that sign it. Its URL has no query."""
    url = request.url
    session = {"X-Amz-Security-Token": by.session} if by.session else {}
    sent = {**request.headers, "X-Amz-Date": scope.moment, **session}
    named = {"host": urlsplit(url).netloc, **{name.lower(): " ".join(text.split()) for name, text in sent.items()}}
    names = ";".join(sorted(named))
    lines = "".join(f"{name}:{named[name]}\n" for name in sorted(named))
    path, body = quote(urlsplit(url).path or "/"), request.body or b""
    asked = "\n".join((request.method, path, "", lines, names, hashlib.sha256(body).hexdigest()))
    to_sign = "\n".join((_ALGORITHM, scope.moment, scope.text, hashlib.sha256(asked.encode()).hexdigest()))
    key = f"AWS4{by.secret}".encode()
    for part in scope.text.split("/"):
        key = _hmac(key, part)
    signature = _hmac(key, to_sign).hex()
    who = f"Credential={by.key}/{scope.text}"
    proof = f"{_ALGORITHM} {who}, SignedHeaders={names}, Signature={signature}"
    return replace(request, headers={**sent, "Authorization": proof})


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
