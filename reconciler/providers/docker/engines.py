"""The engines that are kept connections with, by the name of their target."""

from typing import TYPE_CHECKING

from reconciler.model.target import DockerEngine, Swarm, TlsSocket
from reconciler.ports.secrets import Secrets
from reconciler.providers.docker.doors import SocketTunnel, door
from reconciler.providers.kept_open import Kept

if TYPE_CHECKING:
    from reconciler.providers.docker.client import Engine


class Engines:
    """All engines: each is made when it is first asked for, and anew when what is said of it changes."""

    def __init__(self, tunnel: SocketTunnel, secrets: Secrets) -> None:
        self._tunnel = tunnel
        self._secrets = secrets
        self._kept: Kept[Engine] = Kept()

    def of(self, target: DockerEngine | Swarm) -> "Engine":
        """Return the target's engine; raise Denied when its TLS key cannot be had."""
        from reconciler.providers.docker.client import Engine  # noqa: PLC0415 - slow, and not needed by most starts

        def made() -> Engine:
            return Engine(target.name, door(target, self._tunnel, self._secrets), _doubt(target))

        return self._kept.of((target.sort, target.name), target.endpoint, made)

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.close()


def _doubt(target: DockerEngine | Swarm) -> str:
    """What a connection that was closed may mean: with TLS 1.3 that is all one hears of a certificate it refuses."""
    return "; does it accept our certificate?" if isinstance(target.endpoint, TlsSocket) else ""
