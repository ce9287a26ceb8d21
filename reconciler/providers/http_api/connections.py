"""The APIs that are kept connections with, by the name of their target."""

import asyncio
import ssl

from reconciler.model.target import ApiTls, HttpApi
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Denied
from reconciler.ports.secrets import SecretMissing, Secrets
from reconciler.providers import client_tls
from reconciler.providers.http import Http
from reconciler.providers.http_api.connection import Connection


class Connections:
    """All APIs: each is made when it is first asked for, and anew when what is said of it changes."""

    def __init__(self, secrets: Secrets, clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        self._kept: dict[str, tuple[Connection, Http]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, api: HttpApi) -> Connection:
        """Return the API; raise Denied when its TLS key cannot be had or used."""
        kept = self._kept.get(api.name)
        if kept is not None and kept[0].api == api:
            return kept[0]
        http = Http(self._tls(api))
        if kept is not None:
            closing = asyncio.create_task(kept[1].close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        connection = Connection(api, http, self._secrets, self._clock)
        self._kept[api.name] = (connection, http)
        return connection

    async def close(self) -> None:
        """Close all connections."""
        kept, self._kept = list(self._kept.values()), {}
        await asyncio.gather(*(http.close() for _, http in kept), *self._closing)

    def _tls(self, api: HttpApi) -> ssl.SSLContext | None:
        if api.tls == ApiTls():
            return None
        try:
            key = self._secrets.value(api.tls.key) if api.tls.key is not None else None
            return client_tls.context(api.tls.ca, api.tls.certificate, key)
        except SecretMissing as error:
            raise Denied(f"cannot log in to {api.name}: {error}") from error
        except ValueError as error:
            raise Denied(
                f"cannot log in to {api.name}: ca and certificate have to be PEM, and the secret {api.tls.key} the key "
                f"of the certificate ({error})"
            ) from error
