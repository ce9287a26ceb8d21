"""HTTP to one API server: bounded in time, tried again where that helps, and everything translated to our errors."""

import asyncio
import json
import os
import socket
import ssl
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from reconciler.ports.clock import Clock
from reconciler.ports.errors import Broken, Denied, TimedOut, Unreachable
from reconciler.providers.kubernetes.answers import AGAIN, Answer, error
from reconciler.providers.kubernetes.credentials import Credentials

if TYPE_CHECKING:
    import httpx

APPLY = "application/apply-patch+yaml"
_AT_ONCE = 16
_TRIES = 4
_FIRST_PAUSE = timedelta(milliseconds=200)
_LONGEST_PAUSE = timedelta(seconds=30)
_LARGEST = 64 * 1024 * 1024
_CONNECT = 5.0
_AGENT = "reconciler"
_NOTICES_A_CUT = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to an API server. ``what`` fits after "cannot"; ``limit`` bounds all tries together."""

    what: str
    path: str
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    media: str = "application/json"
    accept: str = "application/json"
    limit: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Login:
    """Credentials, and the client that shows them."""

    credentials: Credentials
    http: "httpx.AsyncClient"


class ApiClient:
    """Requests to one API server. ``login`` reads the credentials; it is asked again when they are not taken."""

    def __init__(self, name: str, login: Callable[[], Credentials], clock: Clock) -> None:
        self._name = name
        self._read_login = login
        self._clock = clock
        self._login: _Login | None = None
        self._retired: list[_Login] = []
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._logging_in = asyncio.Lock()

    async def ask(self, call: Call) -> Answer:
        """Return the answer, whatever its status; what is refused for a while only is asked for again.

        Raises Unreachable, TimedOut, and Denied when the login is not taken.
        """
        try:
            async with asyncio.timeout(call.limit.total_seconds()):
                return await self._ask(call)
        except TimeoutError as cause:
            raise TimedOut(f"cannot {call.what}: no answer within {call.limit.total_seconds():g} s") from cause

    async def get(self, what: str, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """Return the object or list at the path, None where there is none; raise WorldError."""
        answer = await self.ask(Call(what=what, path=path, query=query or {}))
        if answer.nothing_there:
            return None
        return good(answer, what)

    async def lines(self, call: Call) -> AsyncGenerator[bytes, None]:
        """Yield the lines of an answer that goes on; raise WorldError. It ends when the server ends it."""
        import httpx  # noqa: PLC0415 - slow, and not needed by most starts

        login = await self._logged_in(None)
        # The server sends bookmarks about every minute; a connection that is silent for longer is gone.
        waits = httpx.Timeout(_CONNECT, read=call.limit.total_seconds())
        try:
            async with login.http.stream(
                call.method, call.path, params=dict(call.query), headers=_headers(login, call), timeout=waits
            ) as response:
                if response.status_code != httpx.codes.OK:
                    answer = Answer(response.status_code, await response.aread())
                    if answer.status == 401:
                        await self._logged_in(login)
                    raise error(answer, call.what)
                rest = b""
                async for chunk in response.aiter_raw():
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in whole:
                        yield line
        except httpx.TimeoutException as cause:
            raise TimedOut(f"cannot {call.what}: nothing was heard of {self._name} for a while") from cause
        except httpx.HTTPError as cause:
            raise Unreachable(f"cannot {call.what}: {_reason(cause)}") from cause

    async def close(self) -> None:
        """Close all connections."""
        logins = [*self._retired, *([self._login] if self._login else [])]
        self._login, self._retired = None, []
        await asyncio.gather(*(each.http.aclose() for each in logins))

    async def _retire(self, login: _Login) -> None:
        """Use a login no longer; what goes on under it (a watch) may end by itself."""
        self._retired.append(login)
        while len(self._retired) > 1:
            await self._retired.pop(0).http.aclose()

    async def _ask(self, call: Call) -> Answer:
        pause, login = _FIRST_PAUSE, None
        for left in reversed(range(_TRIES)):
            try:
                login = await self._logged_in(None)
                answer = await self._once(login, call)
            except Unreachable:
                if not left:
                    raise
            else:
                if answer.status == 401:
                    renewed = await self._logged_in(login)
                    answer = await self._once(renewed, call)
                    if answer.status == 401:
                        raise error(answer, f"{call.what} on {self._name}")
                if answer.status not in AGAIN or not left:
                    return answer
                if answer.retry_after is not None:
                    pause = min(max(pause, timedelta(seconds=answer.retry_after)), _LONGEST_PAUSE)
            await self._clock.sleep(self._clock.jitter(pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise AssertionError("unreachable")

    async def _once(self, login: _Login, call: Call) -> Answer:
        import httpx  # noqa: PLC0415 - slow, and not needed by most starts

        try:
            async with (
                self._room,
                login.http.stream(
                    call.method, call.path, params=dict(call.query), headers=_headers(login, call), content=call.body
                ) as response,
            ):
                after = response.headers.get("Retry-After", "")
                return Answer(
                    response.status_code, await _bounded(response, call.what), float(after) if after.isdigit() else None
                )
        except httpx.HTTPError as cause:
            where = f"{self._name} ({login.credentials.server})"
            raise Unreachable(f"cannot {call.what}: {where} does not answer: {_reason(cause)}") from cause

    async def _logged_in(self, refused: _Login | None) -> _Login:
        """The client; a new one where the login of this one was refused and others are there by now."""
        async with self._logging_in:
            if self._login is not None and (refused is None or self._login is not refused):
                return self._login
            credentials = await asyncio.to_thread(self._read_login)
            if self._login is not None:
                if self._login.credentials == credentials:
                    return self._login
                await self._retire(self._login)
            self._login = _Login(credentials, await asyncio.to_thread(_client, credentials))
            return self._login


def good(answer: Answer, what: str) -> dict[str, Any]:
    """Return the JSON of a good answer; raise the WorldError that another one means."""
    if answer.status >= 300:
        raise error(answer, what)
    return answer.json


def encoded(value: Mapping[str, Any]) -> bytes:
    """Return an object as it goes over the wire."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _headers(login: _Login, call: Call) -> dict[str, str]:
    found = {"Accept": call.accept, "User-Agent": _AGENT}
    if call.body is not None:
        found["Content-Type"] = call.media
    if login.credentials.token:
        found["Authorization"] = f"Bearer {login.credentials.token}"
    return found


def _client(credentials: Credentials) -> "httpx.AsyncClient":
    import httpx  # noqa: PLC0415 - slow, and not needed by most starts

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=_AT_ONCE)
    way = httpx.AsyncHTTPTransport(verify=_trust(credentials), limits=limits, socket_options=_NOTICES_A_CUT)
    return httpx.AsyncClient(
        base_url=credentials.server, transport=way, timeout=httpx.Timeout(None, connect=_CONNECT), trust_env=False
    )


def _trust(credentials: Credentials) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=credentials.ca)
        if credentials.certificate and credentials.key:
            _show(context, credentials.certificate, credentials.key)
    except (ssl.SSLError, ValueError) as cause:
        raise Denied(f"a certificate or key for {credentials.server} is not PEM that can be used: {cause}") from cause
    return context


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Load the pair from a file that is gone again at once: Python takes it from nowhere else."""
    with tempfile.NamedTemporaryFile(prefix="reconciler-", suffix=".pem") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(f"{certificate}\n{key}\n".encode())
        file.flush()
        context.load_cert_chain(file.name)


async def _bounded(response: "httpx.Response", what: str) -> bytes:
    parts, size = [], 0
    async for chunk in response.aiter_bytes():
        parts.append(chunk)
        size += len(chunk)
        if size > _LARGEST:
            raise Broken(f"cannot {what}: the answer has more than {_LARGEST // 1024 // 1024} MiB")
    return b"".join(parts)


def _reason(cause: Exception) -> str:
    text = str(cause) or type(cause).__name__
    return "connection refused" if "All connection attempts failed" in text else text
