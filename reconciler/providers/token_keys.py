"""The public keys of an issuer of tokens: found where it says they are, kept for a while, and asked for anew seldom.

Nothing but the issuer's own documents is followed: no address and no key that a token brings.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from reconciler.ports.clock import Clock
from reconciler.ports.errors import WorldError
from reconciler.providers.http import Http, Request

DISCOVERY = "/.well-known/openid-configuration"
"""Where an issuer describes itself (OpenID Connect Discovery 1.0, section 4)."""

FRESH = timedelta(hours=1)
"""Keys that are older are asked for anew."""

STALE = timedelta(hours=12)
"""While the issuer cannot be asked, keys count for so long: it may have taken one back."""

APART = timedelta(seconds=30)
"""The issuer is asked at most so often, however many tokens name a key that nobody knows."""

_LIMIT = timedelta(seconds=5)
_MOST = 100
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})

Jwk = Mapping[str, Any]


class NoKeys(Exception):
    """The keys of the issuer cannot be had now. The text says why."""


@dataclass(frozen=True, slots=True)
class _Kept:
    keys: tuple[Jwk, ...]
    at: datetime


class IssuerKeys:
    """The keys of one issuer. Several who need them at once ask once."""

    def __init__(self, issuer: str, http: Http, clock: Clock) -> None:
        self._issuer = issuer
        self._http = http
        self._clock = clock
        self._kept: _Kept | None = None
        self._trouble = "it was asked a moment ago and has not answered"
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def named(self, kid: str | None) -> Jwk | None:
        """Return the key of that id, None when the issuer has none; where it has but one, no id is needed.

        Raises NoKeys.
        """
        if (found := _named(self._fresh(), kid)) is not None:
            return found
        async with self._asking:
            if (found := _named(self._fresh(), kid)) is not None:
                return found
            await self._ask()
        return _named(self._usable(), kid)

    def _fresh(self) -> tuple[Jwk, ...]:
        kept = self._kept
        return kept.keys if kept and self._clock.now() < kept.at + FRESH else ()

    def _usable(self) -> tuple[Jwk, ...]:
        kept = self._kept
        if kept is None or self._clock.now() >= kept.at + STALE:
            raise NoKeys(f"cannot get the keys of {self._issuer}: {self._trouble}")
        return kept.keys

    async def _ask(self) -> None:
        now = self._clock.now()
        if self._asked_at and now < self._asked_at + APART:
            return
        self._asked_at = now
        try:
            self._kept = _Kept(await self._fetched(), now)
        except (WorldError, ValueError, RecursionError) as error:
            self._trouble = str(error)

    async def _fetched(self) -> tuple[Jwk, ...]:
        about = await self._document(self._issuer.rstrip("/") + DISCOVERY)
        if about.get("issuer") != self._issuer:
            raise ValueError(f"it calls itself {str(about.get('issuer'))[:200]!r}; the setting has to say the same")
        place = about.get("jwks_uri")
        if not isinstance(place, str) or not _as_private(place, self._issuer):
            raise ValueError("it does not say where its keys are (jwks_uri) or they are not sent over TLS")
        keys = (await self._document(place)).get("keys")
        if not isinstance(keys, list):
            raise ValueError(f"there are no keys at {place}")  # noqa: TRY004 - what is wrong is what was answered
        return tuple(each for each in keys[:_MOST] if _signs(each))

    async def _document(self, url: str) -> Mapping[str, Any]:
        answer = await self._http.exchange(Request(url=url, headers={"Accept": "application/json"}, limit=_LIMIT))
        if answer.status != 200:
            raise ValueError(f"{url} answers HTTP {answer.status}")
        document = json.loads(answer.body)
        if not isinstance(document, dict):
            raise ValueError(f"{url} is no JSON object")  # noqa: TRY004 - as above
        return document


def _as_private(url: str, issuer: str) -> bool:
    """Whether what is fetched there is protected as well as what the issuer itself says."""
    scheme = urlsplit(url).scheme
    return scheme == "https" or (scheme == "http" == urlsplit(issuer).scheme)


def _signs(key: Any) -> bool:
    """Whether it is a public key to check signatures with; a shared secret never is."""
    return isinstance(key, dict) and key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"


def _named(keys: tuple[Jwk, ...], kid: str | None) -> Jwk | None:
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((each for each in keys if each.get("kid") == kid), None)
