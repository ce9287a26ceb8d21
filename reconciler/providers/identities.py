"""Who comes through a door: by a token of ours, an issuer's token, a trusted proxy, or the Unix socket itself.

What is wrong is refused and never passed over: who shows a bad token does not come in as somebody else.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal, TypeAlias

from reconciler.model.access import Identity, Login
from reconciler.model.word import TokenIssued, Word
from reconciler.policy.names import is_name
from reconciler.policy.token_text import PREFIX, matches, token_id
from reconciler.ports.clock import Clock
from reconciler.ports.identities import PASSED_ON, Credentials, Stranger
from reconciler.ports.secrets import SecretMissing
from reconciler.providers.peers import ON_BEHALF, Peers
from reconciler.providers.tokens import IssuerTokens

Said: TypeAlias = Callable[[], Awaitable[Sequence[Word]]]
"""What people said that is about no unit, as the journal has it now."""

NOBODY = Stranger("nobody has said who they are: bring a token (Authorization: Bearer TOKEN)")
_BAD_TOKEN = Stranger("there is no such token, or it was revoked")
_NOT_A_PROXY = Stranger("this does not come from a proxy that is believed")
_SHORTEST_SECRET = 16
_MOST_GROUPS = 1000
_NO_TOKEN = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedProxy:
    """A proxy that says who somebody is. ``secret`` reads what it proves itself with, and raises SecretMissing.

    Header names are in lower case. ``addresses`` are networks, or ``unix`` for the Unix socket.
    """

    secret: Callable[[], str]
    addresses: tuple[IPv4Network | IPv6Network | Literal["unix"], ...]
    secret_header: str
    user_header: str
    groups_header: str
    email_header: str


class KnownIdentities:
    """``ports.identities.Identities``: asks whoever can know the credentials that are shown, one and no other."""

    def __init__(
        self, said: Said, clock: Clock, peers: Peers, issuer: IssuerTokens | None, proxy: TrustedProxy | None
    ) -> None:
        self._said = said
        self._clock = clock
        self._peers = peers
        self._issuer = issuer
        self._proxy = proxy
        self._passed_on = PASSED_ON | ({proxy.secret_header} if proxy else set())

    async def identify(self, credentials: Credentials) -> Identity | Stranger:
        """Return who it is, or a stranger; raises JournalUnavailable."""
        if self._proxy and credentials.headers.get(self._proxy.secret_header):
            return await self._through(self._proxy, credentials)
        if credentials.authorization:
            return await self._by_token(credentials.authorization)
        if credentials.peer is None:
            return NOBODY
        if not self._passed_on.isdisjoint(credentials.headers):
            # The process at the socket is a proxy: whoever comes through it must not be taken for it.
            return _NOT_A_PROXY
        on_behalf = credentials.headers.get(ON_BEHALF, "")
        return await asyncio.to_thread(self._peers.identify, credentials.peer, on_behalf)

    async def _through(self, proxy: TrustedProxy, credentials: Credentials) -> Identity | Stranger:
        """Who comes through the proxy is never taken for the proxy's own process, also where it names nobody."""
        refused = await asyncio.to_thread(_proved, proxy, credentials)
        if refused is not None:
            return refused
        if credentials.headers.get(proxy.user_header):
            return _by_proxy(proxy, credentials)
        return await self._by_token(credentials.authorization) if credentials.authorization else NOBODY

    async def _by_token(self, authorization: str) -> Identity | Stranger:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return Stranger("expected the header Authorization: Bearer TOKEN")
        if token.startswith(PREFIX):
            return self._issued(token, await self._said())
        if self._issuer is None:
            return Stranger(f"this is no token of ours: those begin with {PREFIX}")
        return await self._issuer.identify(token)

    def _issued(self, token: str, words: Sequence[Word]) -> Identity | Stranger:
        wanted = token_id(token)
        found = next((each for each in words if isinstance(each, TokenIssued) and each.id == wanted), None)
        # Compared also where there is none: how long it takes does not tell which ids there are.
        if not matches(token, found.digest if found else _NO_TOKEN) or found is None:
            return _BAD_TOKEN
        if found.until and self._clock.now() >= found.until:
            return Stranger(f"the token was good until {found.until:%Y-%m-%d %H:%M}Z")
        return Identity(
            name=found.name,
            login=Login.TOKEN,
            groups=found.groups,
            emails=found.emails,
            scope=found.scope,
            until=found.until,
        )


def _proved(proxy: TrustedProxy, credentials: Credentials) -> Stranger | None:
    """Return None when it is the proxy. It reads the secret anew each time, so that it can be changed."""
    if not _from(proxy, credentials):
        return _NOT_A_PROXY
    try:
        expected = proxy.secret().encode()
    except SecretMissing as missing:
        return Stranger(f"the proxy cannot be believed now: {missing}")
    if len(expected) < _SHORTEST_SECRET:
        return Stranger(f"the proxy cannot be believed: its secret has less than {_SHORTEST_SECRET} characters")
    shown = credentials.headers[proxy.secret_header].encode(errors="surrogateescape")
    return None if hmac.compare_digest(shown, expected) else _NOT_A_PROXY


def _from(proxy: TrustedProxy, credentials: Credentials) -> bool:
    if credentials.peer:
        return "unix" in proxy.addresses
    try:
        address = ip_address(credentials.address)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(not isinstance(each, str) and address in each for each in proxy.addresses)


def _by_proxy(proxy: TrustedProxy, credentials: Credentials) -> Identity | Stranger:
    name = credentials.headers[proxy.user_header]
    if not is_name(name):
        return Stranger("the proxy says no name")
    groups = tuple(_parts(credentials.headers.get(proxy.groups_header, "")))[:_MOST_GROUPS]
    emails = tuple(_parts(credentials.headers.get(proxy.email_header, "")))[:_MOST_GROUPS]
    return Identity(name=name, login=Login.PROXY, groups=groups, emails=emails)


def _parts(text: str) -> Iterator[str]:
    return (each for each in dict.fromkeys(part.strip() for part in text.split(",")) if is_name(each))
