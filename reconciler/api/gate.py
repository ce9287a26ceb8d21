"""What every request passes on its way in and every answer on its way out: one ASGI layer around all routes.

It gives the request an id, finds out who asks before a byte of the body is read, limits how much and how often, and
turns a bug into a problem with that id. The path of a request says nothing to a stranger: below ``/v1`` all is 401.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from math import ceil

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.api.door import Call, Hall
from reconciler.api.problem import MEDIA_TYPE, problem_body
from reconciler.api.rule import HOOKS, OPEN_PATHS
from reconciler.model.access import Identity
from reconciler.ports.identities import REPEATED, Credentials, Peer, Stranger
from reconciler.ports.journal import JournalUnavailable
from reconciler.telemetry.table import REQUEST_DURATION

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}
_FOR_YEARS = ("Strict-Transport-Security", "max-age=31536000")
LARGEST_DELIVERY = 5 * 1024 * 1024
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class Gate:
    """The layer. ``app`` is all that is behind it."""

    def __init__(self, app: ASGIApp, hall: Hall) -> None:
        self._app = app
        self._hall = hall

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = _Passing(self._hall, scope, receive, send)
        try:
            if await request.let_in():
                await self._app(scope, request.receive, request.send)
        except ClientDisconnect:
            # They left before all of it was here: there is nobody to be answered, and it is no bug.
            pass
        except JournalUnavailable as error:
            await request.refuse(503, str(error), {"Retry-After": "5"})
        except self._hall.door.unwilling as error:
            await request.refuse(409, str(error))
        except Exception as error:  # noqa: BLE001 - the last place where it can be told; the caller gets the id
            self._hall.door.troubled(request.id, error)
            await request.refuse(500, "internal error: this is a bug; the daemon's log has it under this instance")
        finally:
            request.count()


class _Passing:
    """One request on its way through."""

    def __init__(self, hall: Hall, scope: Scope, receive: Receive, send: Send) -> None:
        self._hall, self._scope, self._receive, self._send = hall, scope, receive, send
        self.id = hall.door.clock.new_id()
        self._came = asyncio.get_running_loop().time()
        self._headers = _headers(scope)
        self._status: int | None = None
        self._got = 0
        self._whole = False
        self._until: float | None = None
        # A forge tells of large pushes, and its routes have a limit of their own.
        self._limit = LARGEST_DELIVERY if scope["path"].startswith(HOOKS) else hall.door.limits.body

    async def let_in(self) -> bool:
        """Find out who asks; answer and return False when the request goes no further."""
        path: str = self._scope["path"]
        peer: Peer | None = self._scope.get("state", {}).get("peer")
        client = self._scope.get("client")
        address = client[0] if client else ""
        shown = Credentials(
            authorization=self._headers.get("authorization", ""), headers=self._headers, address=address, peer=peer
        )
        found = await self._found(path, shown)
        who = None if isinstance(found, Stranger) else found
        why = found.reason if isinstance(found, Stranger) else ""
        here = peer is not None or address in ("127.0.0.1", "::1")
        # What a proxy on this machine passes on may come from anywhere.
        local = here and self._hall.door.passed_on.isdisjoint(self._headers)
        call = Call(self._hall, who, self.id, local, why, shown)
        self._scope.setdefault("state", {})["call"] = call
        caller = f"{who.login.value}:{who.name}" if who else f"address:{address or 'socket'}"
        if wait := self._hall.rates.take(caller, self._hall.door.clock.now()):
            seconds = {"Retry-After": str(ceil(wait.total_seconds()))}
            await self.refuse(429, "too many requests; wait as long as Retry-After says", seconds)
        elif who is None and not _open(path):
            await self._hall.door.refusing.stranger(f"uid {peer.uid}" if peer else address, why)
            await self.refuse(401, why, {"WWW-Authenticate": "Bearer"})
        elif fault := self._fault_of_body():
            await self.refuse(*fault)
        else:
            if who is not None:
                await self._hall.door.refusing.came_in(who, "" if peer else address)
            return True
        return False

    async def _found(self, path: str, credentials: Credentials) -> Identity | Stranger:
        if _open(path) and path != "/metrics":
            # Whether we are well must be told also when the journal, and with it all tokens, cannot be read.
            return Stranger("it is not asked here who somebody is")
        return await self._hall.door.identities.identify(credentials)

    def _fault_of_body(self) -> tuple[int, str] | None:
        if self._scope["method"] not in _WITH_BODY:
            return None
        limit = self._limit
        length = self._headers.get("content-length", "0")
        if length.isdigit() and int(length) > limit:
            return 413, f"the body has {length} bytes; {limit} are taken at most"
        sort = self._headers.get("content-type", "").partition(";")[0].strip().lower()
        empty = length == "0" and "transfer-encoding" not in self._headers
        if empty or sort == "application/json" or self._scope["path"].startswith(HOOKS):
            return None
        return 415, "the body has to be JSON: Content-Type: application/json"

    async def receive(self) -> Message:
        """Return the next part of the body, of which no more and no later than allowed is taken."""
        if self._whole:
            return await self._receive()
        if self._until is None:
            # One time for all of it: who sends a byte now and then is not waited for longer than who sends none.
            self._until = asyncio.get_running_loop().time() + self._hall.door.limits.body_within.total_seconds()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the body did not come in time") from None
        self._got += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._got > self._limit:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{self._limit} bytes are taken at most")
        return message

    async def send(self, message: Message) -> None:
        """Send the answer on, with what every answer has."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message = {**message, "headers": [*message["headers"], *self._ours(message["headers"])]}
        await self._send(message)

    def _ours(self, theirs: "list[tuple[bytes, bytes]]") -> "list[tuple[bytes, bytes]]":
        has = {name.lower() for name, _ in theirs}
        ours = [("X-Request-Id", self.id), *_ALWAYS.items()]
        if self._scope["scheme"] == "https":
            ours.append(_FOR_YEARS)
        return [(name.lower().encode(), value.encode()) for name, value in ours if name.lower().encode() not in has]

    async def refuse(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer with a problem, if nothing was answered yet."""
        if self._status is not None:
            return
        body = problem_body(status, detail, self.id)
        told = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        told += [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": told})
        await self.send({"type": "http.response.body", "body": b"" if self._scope["method"] == "HEAD" else body})

    def count(self) -> None:
        """Count the answer by its route; what has none is one sort, or a scanner would make up names for us.

        Who had something done, and came with a trace of theirs, may be why the next rollout begins.
        """
        route = getattr(self._scope.get("route"), "path", "other")
        method = self._scope["method"] if self._scope["method"] in _COUNTED else "other"
        took = asyncio.get_running_loop().time() - self._came
        self._hall.door.figures.meter.observe(REQUEST_DURATION, took, method, route, str(self._status or 0))
        if self._scope["method"] in _WITH_BODY and (self._status or 500) < HTTPStatus.BAD_REQUEST:
            self._hall.door.came_with(self._headers.get("traceparent", ""))


_COUNTED = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(HOOKS)


def _headers(scope: Scope) -> Mapping[str, str]:
    """Return the headers; of those that came twice nobody could tell which is true, so that neither is taken."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        found[key] = REPEATED if key in found else value.decode("latin-1")
    return found
