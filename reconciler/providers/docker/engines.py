"""The engines that are kept connections with, by the name of their target."""

import asyncio
from typing import TYPE_CHECKING

from reconciler.model.target import DockerEngine, Swarm, TlsSocket
from reconciler.ports.secrets import Secrets
from reconciler.providers.docker.doors import SocketTunnel, door

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine


class Engines:
    """All engines: each is made when it is first asked for, and anew when what is said of it changes."""

    def __init__(self, tunnel: SocketTunnel, secrets: Secrets) -> None:
        self._tunnel = tunnel
        self._secrets = secrets
        self._kept: dict[tuple[str, str], tuple[DockerEngine | Swarm, Engine]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def of(self, target: DockerEngine | Swarm) -> "Engine":
        """Return the target's engine; raise Denied when its TLS key cannot be had."""
        from reconciler.providers.docker.client import Engine  # noqa: PLC0415 - slow, and not needed by most starts

        key = (target.sort, target.name)
        kept = self._kept.get(key)
        if kept is not None and kept[0].endpoint == target.endpoint:
            return kept[1]
        engine = Engine(target.name, door(target, self._tunnel, self._secrets), _doubt(target))
        if kept is not None:
            closing = asyncio.create_task(kept[1].close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        self._kept[key] = (target, engine)
        return engine

    async def close(self) -> None:
        """Close all connections."""
        kept, self._kept = list(self._kept.values()), {}
        await asyncio.gather(*(engine.close() for _, engine in kept), *self._closing)


def _doubt(target: DockerEngine | Swarm) -> str:
    """What a connection that was closed may mean: with TLS 1.3 that is all one hears of a certificate it refuses."""
    return "; does it accept our certificate?" if isinstance(target.endpoint, TlsSocket) else ""
