"""The APIs that are kept connections with, by the name of their target."""

import ssl
from dataclasses import dataclass

from reconciler.model.target import ApiTls, HttpApi
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Denied
from reconciler.ports.secrets import Secrets
from reconciler.providers import client_tls
from reconciler.providers.http import Http
from reconciler.providers.http_api.connection import Connection
from reconciler.providers.kept_open import Kept
from reconciler.providers.secret_use import used


@dataclass(frozen=True, slots=True)
class _Open:
    connection: Connection
    http: Http

    async def close(self) -> None:
        await self.http.close()


class Connections:
    """All APIs: each is made when it is first asked for, and anew when what is said of it changes."""

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._kept: Kept[_Open] = Kept()

    def of(self, api: HttpApi) -> Connection:
        """Return the API; raise Denied when its TLS key cannot be had or used."""

        def made() -> _Open:
            http = Http(self._tls(api))
            return _Open(Connection(api, http, self._secrets, self._clock), http)

        return self._kept.of(api.name, api, made).connection

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.close()

    def _tls(self, api: HttpApi) -> ssl.SSLContext | None:
        if api.tls == ApiTls():
            return None
        purpose = f"cannot log in to {api.name}"
        key = None if api.tls.key is None else used(self._secrets, api.tls.key, purpose, Denied)
        try:
            return client_tls.context(api.tls.ca, api.tls.certificate, key)
        except ValueError as error:
            raise Denied(
                f"cannot log in to {api.name}: ca and certificate have to be PEM, and the secret {api.tls.key} the key "
                f"of the certificate ({error})"
            ) from error
