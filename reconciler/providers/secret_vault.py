"""HashiCorp Vault and OpenBao: the key-value engine, version 2.

Source of the requests and answers: Vault's HTTP API documentation, "KV secrets engine - version 2", "AppRole auth
method" and "JWT/OIDC auth method"; OpenBao has the same.
"""

import json
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, assert_never
from urllib.parse import quote

from reconciler.model.secret_store import AppRole, JwtLogin, TokenLogin, VaultStore
from reconciler.ports.clock import Clock
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.providers.http import Request, Response
from reconciler.providers.secret_far import OK, Far
from reconciler.providers.secret_reading import Raw, StoreAway

_NO_RIGHT, _NOT_THERE = 403, 404
_EARLY = 0.9
"""A token is not used for the last tenth of its life."""


class Vault:
    """Reads values. A token is fetched by logging in, kept until it runs out, and anew once when it is refused."""

    def __init__(self, store: VaultStore, far: Far, clock: Clock) -> None:
        self._store = store
        self._far = far
        self._clock = clock
        self._logging_in = threading.Lock()
        self._token: tuple[str, datetime | None] | None = None

    def read(self, path: str, version: str) -> Raw:
        """Return the entries at the path."""
        if version and not version.isdecimal():
            raise SecretMissing(f"a version of the store {self._far.name} is a number, not {version}")
        place = quote(f"{self._store.mount}/data/{self._store.prefix}{path}")
        token = self._logged_in("")
        answer = self._get(place, version, token)
        if answer.status == _NO_RIGHT:
            answer = self._get(place, version, self._logged_in(token))
        if answer.status == _NOT_THERE:
            which = f"version {version} of the secret" if version else "the secret"
            raise SecretMissing(
                f"{which} {self._store.prefix}{path} is not in the store {self._far.name}, or deleted there"
            )
        if answer.status != OK:
            raise self._far.refused(answer, f"be asked for {path}")
        data = self._far.json(answer).get("data")
        entries = data.get("data") if isinstance(data, dict) else None
        if not isinstance(entries, dict):
            what = f"{self._store.mount} is not a key-value engine of version 2"
            raise SecretUnknown(f"the answer of the store {self._far.name} has no entries; {what}")
        return entries

    def _get(self, place: str, version: str, token: str) -> Response:
        url = f"{self._store.url}/v1/{place}" + (f"?version={version}" if version else "")
        return self._far.ask(Request(url=url, headers={**self._headers(), "X-Vault-Token": token}))

    def _headers(self) -> Mapping[str, str]:
        namespace = {"X-Vault-Namespace": self._store.namespace} if self._store.namespace else {}
        return {"X-Vault-Request": "true", **namespace}

    def _logged_in(self, refused: str) -> str:
        """Return a token that is still good, and is not the one that was refused."""
        login = self._store.login
        if isinstance(login, TokenLogin):
            return self._far.secret(login.token).strip()
        with self._logging_in:
            if self._token is None or self._token[0] == refused or self._has_run_out(self._token[1]):
                self._token = self._fresh(login)
            return self._token[0]

    def _has_run_out(self, until: datetime | None) -> bool:
        return until is not None and until <= self._clock.now()

    def _fresh(self, login: AppRole | JwtLogin) -> tuple[str, datetime | None]:
        given = {name: text.strip() for name, text in self._shown(login).items()}
        url = f"{self._store.url}/v1/auth/{quote(login.mount)}/login"
        body = json.dumps(given).encode()
        answer = self._far.ask(Request(url=url, method="POST", headers=self._headers(), body=body))
        if answer.status != OK:
            raise StoreAway(str(self._far.refused(answer, f"be logged in to with the role {login.role}")))
        auth: Any = self._far.json(answer).get("auth")
        token = auth.get("client_token") if isinstance(auth, dict) else None
        if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
            raise SecretUnknown(f"the store {self._far.name} let us in and gave no token")
        lasts = auth.get("lease_duration")
        lasting = isinstance(lasts, int) and lasts > 0
        return token, self._clock.now() + timedelta(seconds=lasts * _EARLY) if lasting else None

    def _shown(self, login: AppRole | JwtLogin) -> Mapping[str, str]:
        match login:
            case AppRole():
                return {"role_id": login.role, "secret_id": self._far.secret(login.secret)}
            case JwtLogin():
                return {"role": login.role, "jwt": self._far.secret(login.token)}
            case _:
                assert_never(login)
