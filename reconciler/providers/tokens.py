"""Bearer tokens of an issuer (OpenID Connect): whose they are, if they are right in everything. Home of joserfc.

What is checked is what RFC 8725 asks for: the algorithms are listed here and never taken from the token, a key is good
for its own sort of signature, issuer, audience and times are compared, and other sorts of tokens are not taken for one.
"""

import base64
import binascii
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.model.access import Identity, Login
from reconciler.policy.names import is_name
from reconciler.ports.clock import Clock
from reconciler.ports.identities import Stranger
from reconciler.providers.http import Http
from reconciler.providers.token_keys import IssuerKeys, Jwk, NoKeys

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Signatures with a key pair only: whoever can check a token must not be able to make one."""

LEEWAY = timedelta(seconds=30)
"""So far the issuer's clock may be from ours."""

_LONGEST = 16 * 1024
_LARGEST_HEADER = 4096
_MOST_GROUPS = 1000
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt", "application/jwt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who is believed, for whom a token has to be made out, and which claims say who somebody is.

    ``prefix`` is put before names and groups. A claim that is not there by its name is looked for as a path with dots.
    """

    url: str
    audiences: tuple[str, ...]
    name_claim: str = "sub"
    groups_claim: str = "groups"
    email_claim: str = "email"
    prefix: str = ""


class _Wrong(Exception):
    """The token is not to be believed. The text is for who shows it."""


class IssuerTokens:
    """Knows people by the bearer tokens of one issuer."""

    def __init__(self, issuer: Issuer, http: Http, clock: Clock) -> None:
        self._issuer = issuer
        self._keys = IssuerKeys(issuer.url, http, clock)
        self._clock = clock

    async def identify(self, token: str) -> Identity | Stranger:
        """Return whose token it is; a stranger when anything about it is not right."""
        try:
            header = _header(token)
            key = await self._keys.named(_kid(header))
            if key is None:
                raise _Wrong("the token is signed with a key that the issuer does not have")
            claims = _verified(token, key)
            _in_force(claims, self._issuer, self._clock.now())
            return _identity(claims, self._issuer)
        except (_Wrong, NoKeys) as wrong:
            return Stranger(str(wrong))


def _header(token: str) -> Mapping[str, Any]:
    """Read the part that nobody has signed for yet: only what says which key is needed, and what is refused anyway."""
    if len(token) > _LONGEST:
        raise _Wrong(f"the token is longer than {_LONGEST // 1024} KiB")
    part = token.split(".", 1)[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or token.count(".") != 2:
        raise _Wrong("this is no token: neither one of ours nor a signed JWT")
    if header.get("alg") not in ALGORITHMS:
        raise _Wrong(f"the token is signed with {str(header.get('alg'))[:20]!r}; allowed are {', '.join(ALGORITHMS)}")
    sort = header.get("typ", "JWT")
    if not isinstance(sort, str) or sort.lower() not in _TYPES:
        raise _Wrong("the token is of a sort that says nothing about who somebody is (typ)")
    return header


def _kid(header: Mapping[str, Any]) -> str | None:
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise _Wrong("the token names its key by something that is no text (kid)")
    return kid


def _verified(token: str, key: Jwk) -> Mapping[str, Any]:
    # Imported when it is needed: most fleets have no issuer, and most commands ask none.
    from joserfc import jwk, jwt  # noqa: PLC0415
    from joserfc.errors import JoseError, SecurityWarning  # noqa: PLC0415
    from joserfc.jws import JWSRegistry  # noqa: PLC0415

    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    registry.max_header_length = _LARGEST_HEADER
    try:
        with warnings.catch_warnings():
            # EdDSA has another name since RFC 9864; issuers still use the old one.
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.decode(token, jwk.import_key(dict(key)), algorithms=ALGORITHMS, registry=registry).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        # What the library says of it may repeat parts of the token.
        raise _Wrong("the token is not signed by the issuer, or was changed since") from None


def _in_force(claims: Mapping[str, Any], issuer: Issuer, now: datetime) -> None:
    if claims.get("iss") != issuer.url:
        raise _Wrong(f"the token is not from {issuer.url}")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience if isinstance(audience, list) else []
    if not any(each in issuer.audiences for each in audiences):
        raise _Wrong(f"the token is not made out for {' or '.join(issuer.audiences)} (aud)")
    if "events" in claims:
        raise _Wrong("the token tells of an event, such as a logout, and says nothing about who somebody is")
    until = _time(claims, "exp")
    if until is None:
        raise _Wrong("the token does not say how long it is good (exp)")
    if now >= until + LEEWAY:
        raise _Wrong(f"the token was good until {until:%Y-%m-%d %H:%M:%S}Z")
    for name in ("nbf", "iat"):
        begins = _time(claims, name)
        if begins and now < begins - LEEWAY:
            raise _Wrong(f"the token is good from {begins:%Y-%m-%d %H:%M:%S}Z on ({name}); are the clocks right?")


def _time(claims: Mapping[str, Any], name: str) -> datetime | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Wrong(f"the token has no time where one belongs ({name})")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise _Wrong(f"the token has no time where one belongs ({name})") from None


def _identity(claims: Mapping[str, Any], issuer: Issuer) -> Identity:
    name = _claim(claims, issuer.name_claim)
    if not isinstance(name, str) or not is_name(issuer.prefix + name):
        raise _Wrong(f"the token does not say who it is for ({issuer.name_claim})")
    email = _claim(claims, issuer.email_claim)
    # One that nobody has verified is whatever its owner wrote there. Some issuers write the answer as text.
    verified = claims.get("email_verified", True) in (True, "true")
    return Identity(
        name=issuer.prefix + name,
        login=Login.OIDC,
        groups=tuple(issuer.prefix + each for each in _groups(_claim(claims, issuer.groups_claim))),
        emails=(email,) if isinstance(email, str) and is_name(email) and verified else (),
    )


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    if name in claims:
        return claims[name]
    value: Any = claims
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _groups(value: Any) -> Iterator[str]:
    several = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return (each for each in dict.fromkeys(_texts(several[:_MOST_GROUPS])) if is_name(each))


def _texts(several: list[Any]) -> Iterator[str]:
    return (each for each in several if isinstance(each, str))
