"""Who we are to an API: headers made of secrets, and tokens that are fetched and kept until they run out."""

import asyncio
import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never
from urllib.parse import quote_plus, urlencode

from reconciler.model.target import Basic, Bearer, ClientCredentials, HttpApi, NoAuth
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Broken, Denied, Unreachable
from reconciler.ports.secrets import Secrets
from reconciler.providers.http import Http, Request
from reconciler.providers.http_api.words import said
from reconciler.providers.metrics_answers import secret

_OK, _TOO_MANY, _OWN_FAULT = 200, 429, 500
_USUALLY = timedelta(minutes=5)
_EARLY = timedelta(seconds=60)


class Login:
    """Headers that say who we are. Secrets are read anew each time, so one that was renewed is used at once."""

    def __init__(self, api: HttpApi, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._api = api
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._token: tuple[str, datetime] | None = None
        self._fetching = asyncio.Lock()
        self.used: set[str] = set()
        """Values that were sent, so that what an API says can be shown without them."""

    async def headers(self) -> Mapping[str, str]:
        """Return the headers; raise WorldError."""
        auth = self._api.auth
        match auth:
            case NoAuth():
                return {}
            case Bearer():
                return {auth.header: auth.prefix + await self._secret(auth.token)}
            case Basic():
                return {"Authorization": _basic(auth.user, await self._secret(auth.password))}
            case ClientCredentials():
                return {"Authorization": f"Bearer {await self._kept(auth)}"}
            case _:
                assert_never(auth)

    def refused(self, sent: Mapping[str, str]) -> bool:
        """Forget the token that was sent; return whether another one can be had."""
        if not isinstance(self._api.auth, ClientCredentials):
            return False
        if self._token is not None and sent.get("Authorization") == f"Bearer {self._token[0]}":
            self._token = None
        return True

    async def _secret(self, reference: str) -> str:
        purpose = f"cannot log in to {self._api.name}"
        value = await asyncio.to_thread(secret, self._secrets, reference, purpose)
        self.used.add(value)
        return value

    async def _kept(self, auth: ClientCredentials) -> str:
        async with self._fetching:
            if self._token is None or self._token[1] <= self._clock.now():
                token, lasts = await self._fetch(auth)
                self.used.add(token)
                self._token = (token, self._clock.now() + lasts - min(_EARLY, lasts / 10))
            return self._token[0]

    async def _fetch(self, auth: ClientCredentials) -> tuple[str, timedelta]:
        # As RFC 6749, 2.3.1 and 4.4 have it.
        form = {"grant_type": "client_credentials", **({"scope": " ".join(auth.scopes)} if auth.scopes else {})}
        answer = await self._http.exchange(
            Request(
                url=auth.token_url,
                method="POST",
                headers={
                    "Authorization": _basic(quote_plus(auth.client), quote_plus(await self._secret(auth.secret))),
                    "Content-Type": "application/x-www-form-urlencoded",
                    "Accept": "application/json",
                },
                body=urlencode(form).encode(),
                limit=self._api.limit,
            )
        )
        if answer.status != _OK:
            words = f"no token for {self._api.name} from {auth.token_url}: {said(answer, self.used)}"
            away = answer.status == _TOO_MANY or answer.status >= _OWN_FAULT
            raise Unreachable(words) if away else Denied(words)
        try:
            given = json.loads(answer.body)
            token, lasts = given["access_token"], given.get("expires_in")
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Broken(f"{auth.token_url} answered no token for {self._api.name}") from error
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise Broken(f"the token of {auth.token_url} for {self._api.name} cannot stand in a header")
        number = isinstance(lasts, int | float) and not isinstance(lasts, bool) and lasts > 0
        return token, timedelta(seconds=min(float(lasts), 86_400.0)) if number else _USUALLY


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
