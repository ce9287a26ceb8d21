"""One engine's API: requests over connections that are kept, bounded in number, time and size.

Questions (GET, HEAD) are sent again where a connection broke; what changes something is never sent twice from here.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpcore

from reconciler.ports.errors import Broken, Lost, TimedOut
from reconciler.providers.docker.asking import AWAY, SAFE, Answer, Request, decoded, refusal
from reconciler.providers.docker.streams import Backend, Opening

_TRIES = 3
_FIRST_WAIT = 0.1
_AT_ONCE = 16
_KEPT_FOR = 60.0
_LARGEST = 32 * 1024 * 1024
_LONGEST_LINE = 1024 * 1024
_CHUNK = 1024 * 1024
_OLDEST, _NEWEST = (1, 41), (1, 44)


class Engine:
    """One engine. ``name`` is that of the target, ``doubt`` what a lost connection may mean besides: for a person."""

    def __init__(self, name: str, opening: Opening, doubt: str = "") -> None:
        self.name = name
        self._doubt = doubt
        self._pool = httpcore.AsyncConnectionPool(
            network_backend=Backend(opening), max_connections=_AT_ONCE, keepalive_expiry=_KEPT_FOR
        )
        # Streams last: with those of the pool they would take the places of all requests.
        self._streams = httpcore.AsyncConnectionPool(network_backend=Backend(opening), max_connections=None)
        self._about: dict[str, Any] | None = None
        self._asking = asyncio.Lock()

    async def about(self) -> dict[str, Any]:
        """Return what the engine said of its version when it was first asked; raise WorldError."""
        async with self._asking:
            if self._about is None:
                answer = await self._exchange("", Request(path="/version", limit=timedelta(seconds=15)))
                if not answer.fine:
                    raise refusal(self.name, "ask for its version", answer)
                about = decoded(self.name, answer.body)
                self._about = about if isinstance(about, dict) else {}
            return self._about

    async def ask(self, request: Request) -> Answer:
        """Return the answer, whatever its status.

        Raises Unreachable when nothing was sent, Lost and TimedOut when it may have been, Denied, Broken.
        """
        return await self._exchange(await self._version(), request)

    async def lines(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Yield the lines of an answer as they come, until it ends; raise WorldError, also for a status of no success.

        ``limit`` bounds the time until the answer starts. Close it (``aclosing``).
        """
        version = await self._version()
        quiet = request.quiet_for.total_seconds() if request.quiet_for else None
        with _Worded(self.name, request, self._doubt):
            stream = self._streams.stream(**_sent(version, request, quiet))
            async with asyncio.timeout(request.limit.total_seconds()) as limit, stream as response:
                if not 200 <= response.status < 300:
                    raise refusal(self.name, f"{request.method} {request.path}", await _whole(self.name, response))
                limit.reschedule(None)
                async with aclosing(_lines(self.name, response)) as lines:
                    async for line in lines:
                        yield line

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()
        await self._streams.aclose()

    async def _version(self) -> str:
        about = await self.about()
        try:
            newest = tuple(int(part) for part in str(about["ApiVersion"]).split("."))
        except (KeyError, ValueError) as error:
            raise Broken(f"{self.name} does not answer as a Docker Engine does") from error
        if newest < _OLDEST:
            raise Broken(f"{self.name} is too old: it speaks version {about['ApiVersion']} of the API, 1.41 is needed")
        return "/v" + ".".join(str(part) for part in min(newest, _NEWEST))

    async def _exchange(self, version: str, request: Request) -> Answer:
        tries = _TRIES if request.method in SAFE else 1
        wait = _FIRST_WAIT
        while True:
            tries -= 1
            try:
                answer = await self._once(version, request)
                if answer.status not in AWAY or not tries:
                    return answer
            except Lost:
                # Whoever answers next may be another engine than before.
                self._about = None
                if not tries:
                    raise
            await asyncio.sleep(wait)
            wait *= 3

    async def _once(self, version: str, request: Request) -> Answer:
        with _Worded(self.name, request, self._doubt):
            stream = self._pool.stream(**_sent(version, request, None))
            async with asyncio.timeout(request.limit.total_seconds()), stream as response:
                return await _whole(self.name, response)


class _Worded:
    """Foreign exceptions in the block become WorldErrors with words for a person."""

    def __init__(self, name: str, request: Request, doubt: str) -> None:
        self._name, self._request, self._doubt = name, request, doubt

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        what = f"{self._request.method} {self._request.path}"
        match error:
            case TimeoutError() | httpcore.TimeoutException():
                seconds = (self._request.quiet_for or self._request.limit).total_seconds()
                raise TimedOut(f"{self._name} did not answer {what} within {seconds:g} s") from error
            case httpcore.NetworkError() | httpcore.RemoteProtocolError():
                why = f"{str(error) or 'it was closed'}{self._doubt}"
                raise Lost(f"lost the connection to {self._name} during {what}: {why}") from error
            case httpcore.LocalProtocolError() | httpcore.UnsupportedProtocol():
                raise Broken(f"internal error: {what} cannot be sent to {self._name}: {error}") from error
            case _:
                return


def _sent(version: str, request: Request, quiet: float | None) -> dict[str, Any]:
    query = f"?{urlencode(request.query)}" if request.query else ""
    headers = [("Host", "docker"), ("User-Agent", "reconciler"), *request.headers]
    body: bytes | AsyncIterator[bytes] | None = None
    match request.body:
        case bytes() as body:
            headers += [("Content-Type", request.media), ("Content-Length", str(len(body)))]
        case Path() as path:
            body = _chunks(path)
            headers += [("Content-Type", request.media), ("Content-Length", str(path.stat().st_size))]
        case None if request.method not in SAFE:
            headers += [("Content-Length", "0")]
        case _:
            pass
    return {
        "method": request.method,
        "url": f"http://docker{version}{request.path}{query}",
        "headers": headers,
        "content": body,
        "extensions": {"timeout": {"read": quiet}},
    }


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


async def _whole(name: str, response: httpcore.Response) -> Answer:
    parts, size = [], 0
    async for part in response.aiter_stream():
        parts.append(part)
        size += len(part)
        if size > _LARGEST:
            raise Broken(f"the answer of {name} has more than {_LARGEST >> 20} MiB")
    return Answer(response.status, b"".join(parts))


async def _lines(name: str, response: httpcore.Response) -> AsyncGenerator[bytes, None]:
    rest = b""
    async for part in response.aiter_stream():
        *whole, rest = (rest + part).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise Broken(f"a line of {name} has more than {_LONGEST_LINE >> 20} MiB")
        for line in whole:
            if line := line.strip():
                yield line
    if rest.strip():
        yield rest.strip()
