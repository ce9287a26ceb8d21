"""A small issuer of tokens over HTTP: it describes itself, publishes keys, signs what it is asked to, and rotates."""

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from types import TracebackType
from typing import Any

from joserfc import jwk, jwt
from joserfc.errors import SecurityWarning

from reconciler.providers.token_keys import DISCOVERY
from tests.providers.listener import Listener

KEYS = "/keys"
AUDIENCE = "reconciler"


class Issuing:
    """Use it as a context: within, it listens on loopback."""

    def __init__(self) -> None:
        self._answers: dict[str, tuple[int, bytes]] = {}
        self._listener = Listener(self._answers)
        self.keys: dict[str, jwk.Key] = {}

    def __enter__(self) -> "Issuing":
        self._listener.__enter__()
        self.describe()
        self.publish(_own())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        return self._listener.url

    @property
    def times_asked_for_keys(self) -> int:
        return sum(each.path == KEYS for each in self._listener.asked)

    @property
    def asked(self) -> list[str]:
        return [each.path for each in self._listener.asked]

    def describe(self, **other: Any) -> None:
        about = {"issuer": self.url, "jwks_uri": self.url + KEYS, **other}
        self._answers[DISCOVERY] = (200, json.dumps(about).encode())

    def publish(self, *keys: jwk.Key, beside: tuple[Mapping[str, Any], ...] = ()) -> None:
        self.keys = {str(each.kid): each for each in keys}
        published = [each.as_dict(private=False) for each in keys] + list(beside)
        self._answers[KEYS] = (200, json.dumps({"keys": published}).encode())

    def fail(self, status: int = 503, body: bytes = b"away") -> None:
        self._answers[KEYS] = (status, body)

    def claims(self, now: datetime, **other: Any) -> dict[str, Any]:
        times = {"iat": int(now.timestamp()), "exp": int((now + timedelta(minutes=5)).timestamp())}
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", **times, **other}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, now: datetime, **other: Any) -> str:
        return sign(self.keys["rsa"], "RS256", self.claims(now, **other))


def key(kid: str, sort: str, size: str | int = 2048, **parameters: str) -> jwk.Key:
    size = {"RSA": size, "EC": "P-256", "OKP": "Ed25519"}[sort]
    return jwk.JWKRegistry.generate_key(sort, size, {"kid": kid, "use": "sig", **parameters})


@cache
def _own() -> jwk.Key:
    """One key for all issuers of the tests: to make one takes a while."""
    return key("rsa", "RSA")


def sign(signer: jwk.Key, algorithm: str, claims: Mapping[str, Any], **header: Any) -> str:
    named = {"alg": algorithm, "kid": str(signer.kid), **header}
    named = {name: value for name, value in named.items() if value is not None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jwt.encode(named, dict(claims), signer, algorithms=[algorithm])


def by_hand(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes | None = None) -> str:
    """A token as no library makes one: without a signature, or with an HMAC of whatever bytes."""
    signed = f"{_part(json.dumps(dict(header)).encode())}.{_part(json.dumps(dict(claims)).encode())}"
    signature = b"" if secret is None else hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_part(signature)}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
