"""Messages over a stream, with TLS or without: syslog. The other side confirms what the network got, no more."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress

from reconciler.ports.errors import Denied, Lost, TimedOut, Unreachable

_WITHIN = 10.0


class Stream:
    """Sends messages, framed already, over one connection that is kept; ``tls`` verifies who it is."""

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._host, self._port, self._tls = host, port, tls
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, messages: Sequence[bytes]) -> None:
        """Write them all; a connection that the other side has ended is made anew first."""
        shown = f"{self._host}:{self._port}"
        try:
            async with asyncio.timeout(_WITHIN):
                writer = await self._connected()
                writer.writelines(messages)
                await writer.drain()
        except TimeoutError as error:
            await self.close()
            raise TimedOut(f"{shown} takes nothing within {_WITHIN:g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise Denied(f"{shown} shows a certificate that is not trusted: {error.verify_message}") from error
        except ConnectionRefusedError as error:
            raise Unreachable(f"cannot connect to {shown}: connection refused") from error
        except OSError as error:
            await self.close()
            raise Lost(f"the connection to {shown} broke: {error.strerror or error}") from error

    async def _connected(self) -> asyncio.StreamWriter:
        if self._open and (self._open[0].at_eof() or self._open[1].is_closing()):
            # Who ended it has perhaps not read what was written last; that is sent again only where it failed.
            await self.close()
        if self._open is None:
            self._open = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        return self._open[1]

    async def close(self) -> None:
        """End the connection."""
        if self._open:
            (_, writer), self._open = self._open, None
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_WITHIN):
                    await writer.wait_closed()
