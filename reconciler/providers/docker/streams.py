"""Streams of bytes that the HTTP library speaks over, whatever opened them."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, TypeAlias

import httpcore

Stream: TypeAlias = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Opening: TypeAlias = Callable[[], AbstractAsyncContextManager[Stream]]
"""Opens a stream for the time of a block; raises WorldError."""


class Backend(httpcore.AsyncNetworkBackend):
    """Gives the HTTP library the streams that ``opening`` opens, whatever it asks for."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Open one; raise WorldError."""
        stack = AsyncExitStack()
        return _Bytes(*await stack.enter_async_context(self._opening()), stack)


class _Bytes(httpcore.AsyncNetworkStream):
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stack: AsyncExitStack) -> None:
        self._reader, self._writer, self._stack = reader, writer, stack

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                return await self._reader.read(max_bytes)
        except TimeoutError as error:
            raise httpcore.ReadTimeout from error
        except (OSError, ssl.SSLError) as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        try:
            async with asyncio.timeout(timeout):
                self._writer.write(buffer)
                await self._writer.drain()
        except TimeoutError as error:
            raise httpcore.WriteTimeout from error
        except (OSError, ssl.SSLError) as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        await self._stack.aclose()

    def get_extra_info(self, info: str) -> Any:
        # Asked of a kept connection before it is used again: one that can be read from then was closed by the other.
        return self._reader.at_eof() if info == "is_readable" else None
