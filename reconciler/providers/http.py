"""The only place that knows the HTTP library: questions to other systems, and files for the artifact cache."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.ports.errors import Broken, Denied, Lost, TimedOut, Unreachable

if TYPE_CHECKING:
    import httpx

_REDIRECTS = 5
_LARGEST = 4 * 1024 * 1024
_LINK = IPv4Network("169.254.0.0/16")
_HERE = ("localhost", "127.0.0.1", "::1", "169.254.169.254")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of another system. Headers and body may hold secrets.

    ``limit`` bounds all of it in time, ``largest`` the body of the answer in bytes.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    limit: timedelta = timedelta(seconds=30)
    largest: int = _LARGEST


@dataclass(frozen=True, slots=True)
class Response:
    """What another system answered: the status, the whole body, and headers by their names in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Http:
    """HTTP, bounded in time. Nothing is remembered between two requests, cookies neither.

    ``tls`` says whom to trust and who we are; None: whom this machine trusts, and nobody. With a ``socket`` it is a
    process of this machine that is asked, at that Unix socket. A proxy that the environment names is not told of what
    is for this machine itself, or for its link, as the metadata of a cloud are: such requests may be in clear.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, socket: Path | None = None) -> None:
        self._tls = tls
        self._socket = socket
        # Made when it is needed: to make one takes a tenth of a second, and many fleets ask no other system.
        self._asking: dict[str, httpx.AsyncClient] = {}

    async def download(self, url: str, limit: timedelta, whole: timedelta) -> AsyncIterator[bytes]:
        """Yield the bytes at the URL, following redirects; each read may take ``limit``, and all of it ``whole``.

        Raises Unreachable; it is TimedOut when one of the two is over: a server may trickle for ever.
        """
        import httpx  # noqa: PLC0415 - slow, and not needed by most starts

        shown, end = _without_credentials(url), asyncio.get_running_loop().time() + whole.total_seconds()
        client = httpx.AsyncClient(
            timeout=limit.total_seconds(), follow_redirects=True, max_redirects=_REDIRECTS, mounts=_direct(_here(url))
        )
        try:
            async with client, AsyncExitStack() as stack:
                async with asyncio.timeout_at(end):
                    response = await stack.enter_async_context(client.stream("GET", url))
                if response.status_code != httpx.codes.OK:
                    raise Unreachable(f"cannot fetch {shown}: HTTP {response.status_code}")
                chunks = response.aiter_bytes()
                while (chunk := await _next(chunks, end)) is not None:
                    yield chunk
        except TimeoutError as error:
            raise TimedOut(f"cannot fetch {shown}: not all of it came within {whole.total_seconds():g} s") from error
        except httpx.TimeoutException as error:
            raise TimedOut(f"cannot fetch {shown}: no answer within {limit.total_seconds():g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(f"cannot fetch {shown}: {_reason(error)}") from error

    async def exchange(self, request: Request) -> Response:
        """Return the answer, whatever its status; certificates are verified, redirects are not followed.

        Raises Unreachable when nothing was sent, TimedOut and Lost when nobody knows, Denied when our certificate is
        not taken, and Broken when the body has more than 4 MiB.
        """
        import httpx  # noqa: PLC0415 - slow, and not needed by most starts

        asking = self._client(_here(request.url))
        shown, seconds = _without_credentials(request.url), request.limit.total_seconds()
        try:
            async with (
                asyncio.timeout(seconds),
                asking.stream(
                    request.method, request.url, headers=dict(request.headers), content=request.body
                ) as response,
            ):
                body = await _bounded(response, shown, request.largest)
                return Response(response.status_code, body, dict(response.headers))
        except TimeoutError as error:
            raise TimedOut(f"no answer from {shown} within {seconds:g} s") from error
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
            raise Unreachable(f"no answer from {shown}: {_reason(error)}") from error
        except ssl.SSLError as error:
            # The library lets through what a server says of our certificate once the handshake seems to be over.
            raise Denied(
                f"{shown} ended the connection: {error.reason or error}; it may want another certificate"
            ) from error
        except httpx.HTTPError as error:
            raise Lost(f"no answer from {shown}: {_reason(error)}") from error
        finally:
            asking.cookies.clear()

    def _client(self, here: str) -> "httpx.AsyncClient":
        """The client for a host of this machine, or for all others."""
        if here not in self._asking:
            self._asking[here] = self._made(here)
        return self._asking[here]

    def _made(self, here: str) -> "httpx.AsyncClient":
        import httpx  # noqa: PLC0415 - slow, and not needed by most starts

        verify = True if self._tls is None else self._tls
        if self._socket is None:
            return httpx.AsyncClient(timeout=None, verify=verify, mounts=_direct(here))  # noqa: S113 - each exchange has its own
        # No proxy of the surroundings stands before a socket of this machine.
        transport = httpx.AsyncHTTPTransport(uds=str(self._socket))
        return httpx.AsyncClient(timeout=None, transport=transport, trust_env=False)  # noqa: S113 - as above

    async def close(self) -> None:
        """Close all connections."""
        for each in self._asking.values():
            await each.aclose()


def _here(url: str) -> str:
    """Return the host of the URL when no proxy may stand before it, else nothing."""
    try:
        host = urlsplit(url).hostname or ""
        address = ip_address(host)
    except ValueError:
        return ""
    return host if address.is_loopback or address in _LINK else ""


def _direct(host: str) -> dict[str, None]:
    """Name the hosts that no proxy stands before, as the library wants them: those of always, and this one."""
    known = (*_HERE, host) if host else _HERE
    return {f"all://[{each}]" if ":" in each else f"all://{each}": None for each in known}


async def _next(chunks: AsyncIterator[bytes], end: float) -> bytes | None:
    """Return what comes next, None at the end of all; raise TimeoutError at that time of the loop."""
    async with asyncio.timeout_at(end):
        return await anext(chunks, None)


async def _bounded(response: "httpx.Response", shown: str, largest: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > largest:
            raise Broken(f"the answer of {shown} has more than {largest // 1024 // 1024} MiB")
    return bytes(body)


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return "connection refused" if "All connection attempts failed" in text else text


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
