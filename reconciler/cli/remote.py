"""A doorway elsewhere: a daemon that is asked over HTTPS or a Unix socket. Its words are passed on as they are."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from json import loads
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from reconciler.cli.errors import Failure
from reconciler.model.access import Identity
from reconciler.model.asking import HERE, FactorNeeded, Forbidden, GoBack, Origin, Refused, Ruling
from reconciler.model.asking import Request as Asking
from reconciler.model.assessment import Review
from reconciler.model.identity import UnitId
from reconciler.model.output import Asked, Piece
from reconciler.model.plan import Plan
from reconciler.model.record import Entry, Kept, Picture
from reconciler.model.rollout import Rollout
from reconciler.model.sighting import Sighting
from reconciler.ports.desk import Doorway, Remembered, WayBack
from reconciler.ports.errors import WorldError
from reconciler.providers.http import Http, Request, Response
from reconciler.store.codec import decode, encode

T = TypeVar("T")

TOKEN = "RECONCILER_TOKEN"  # noqa: S105 - the name of a variable
ON_BEHALF = "X-Reconciler-On-Behalf-Of"
PATH = "/v1/values"
QUICK = timedelta(seconds=30)
LOOK = timedelta(minutes=10)
"""A look at a fleet takes its time; each part of it is bounded where it is done."""
LARGEST = 256 * 1024 * 1024
LONGEST_TOKEN = 16 * 1024

_REFUSALS: Mapping[int, type[Refused]] = {403: Forbidden, 409: Refused, 428: FactorNeeded}


@dataclass(frozen=True, slots=True)
class Line:
    """What is said to a server, and how: with whose token, or on whose behalf."""

    http: Http
    base: str
    shown: str
    headers: Mapping[str, str] = field(repr=False)

    async def get(self, kind: type[T], name: str, within: timedelta = QUICK, **query: str) -> T:
        """Return a value; raises Failure, Refused."""
        asked = f"{self.base}{PATH}/{name}" + (f"?{urlencode(query)}" if query else "")
        return self._value(kind, await self._exchange(Request(url=asked, **self._common(within))))

    async def post(self, kind: type[T], name: str, value: Any, within: timedelta = QUICK) -> T:
        """Send a value and return the answer; raises Failure, Refused."""
        common = self._common(within)
        headers = {**self.headers, "Content-Type": "application/json"}
        url = f"{self.base}{PATH}/{name}"
        sent = Request(url=url, method="POST", body=encode(value).encode(), **{**common, "headers": headers})
        return self._value(kind, await self._exchange(sent))

    def _common(self, within: timedelta) -> dict[str, Any]:
        return {"headers": self.headers, "limit": within, "largest": LARGEST}

    async def _exchange(self, request: Request) -> Response:
        try:
            return await self.http.exchange(request)
        except WorldError as error:
            raise Failure(f"cannot ask {self.shown}: {error}") from error

    def _value(self, kind: type[T], response: Response) -> T:
        if response.status != 200:
            self._refuse(response)
        try:
            return decode(kind, response.body.decode())
        except ValueError as error:
            raise Failure(
                f"{self.shown} does not answer as this version of reconciler does; have the same one there"
            ) from error

    def _refuse(self, response: Response) -> None:
        try:
            detail = str(loads(response.body)["detail"])
        except (ValueError, KeyError, TypeError):
            detail = f"HTTP {response.status}, and no word of reconciler; is it its API?"
            raise Failure(f"{self.shown} answers: {detail}") from None
        raise _REFUSALS.get(response.status, Failure)(detail)


class RemoteDesk:
    """A ``ports.desk.Desk`` elsewhere. Who asks is found out there."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def picture(self) -> Picture:
        """Return how everything stands that may be read."""
        return await self._line.get(Picture, "picture")

    async def decide(self, request: Asking, who: Identity, origin: Origin = HERE) -> Ruling:
        """Have what is asked for decided; raises Forbidden, Refused, Failure."""
        answer = await self._line.post(dict[str, str], "decide", request)
        return Ruling(events=(), said=answer["said"], secret=answer["secret"])

    async def may(self, who: Identity, action: str, unit: UnitId | None) -> bool:
        """Whether the caller may do that."""
        return await self._line.get(bool, "may", action=action, unit=str(unit or ""))

    async def took(self, unit: UnitId) -> Mapping[str, timedelta]:
        """Return how long each sort of step took."""
        return await self._line.get(dict[str, timedelta], "took", unit=str(unit))


class RemoteArchive:
    """A ``ports.desk.Archive`` elsewhere."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def rollouts(self, unit: UnitId | None, limit: int) -> Sequence[Rollout]:
        """Return the newest rollouts, newest first."""
        kind = tuple[Rollout, ...]
        return await self._line.get(kind, "rollouts", unit=str(unit or ""), limit=str(limit))

    async def events(self, rollout: str, limit: int) -> Sequence[Entry]:
        """Return what was written down of a rollout, oldest first."""
        kind = tuple[Entry, ...]
        return await self._line.get(kind, "events", rollout=rollout, limit=str(limit))

    async def since(self, number: int, limit: int) -> Sequence[Entry]:
        """Return the entries after that number, oldest first."""
        kind = tuple[Entry, ...]
        return await self._line.get(kind, "since", number=str(number), limit=str(limit))

    async def states(self, unit: UnitId) -> Sequence[Kept]:
        """Return the states of the unit that are kept, newest first."""
        return await self._line.get(tuple[Kept, ...], "states", unit=str(unit))

    async def plan(self, plan: str) -> Plan:
        """Return a stored plan; Failure when there is none."""
        return await self._line.get(Plan, "plan", plan=plan)


class RemoteOutlook:
    """A ``ports.desk.Outlook`` elsewhere: the daemon there looks, with what it has."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def review(self, revision: str | None) -> Review:
        """Return what would follow from the revision, or from the newest commit."""
        return await self._line.get(Review, "review", LOOK, revision=revision or "")

    async def sightings(self, what: str) -> Sequence[Sighting]:
        """Look now at the resources that the text names."""
        kind = tuple[Sighting, ...]
        return await self._line.get(kind, "sightings", LOOK, what=what)

    async def remembered(self, unit: str, target: str) -> Remembered:
        """Return what was seen last."""
        return await self._line.get(Remembered, "remembered", unit=unit, target=target)

    async def way_back(self, request: GoBack, who: Identity) -> WayBack:
        """Return what going back would do."""
        return await self._line.post(WayBack, "way-back", request, LOOK)


class RemotePrinted:
    """A ``ports.outputs.Printed`` elsewhere."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def pieces(self, asked: Asked, limit: int) -> Sequence[Piece]:
        """Return the oldest pieces that are asked for."""
        query = {"unit": str(asked.unit), "rollout": asked.rollout, "target": asked.target}
        query |= {"after": str(asked.after), "limit": str(limit)}
        if asked.step is not None:
            query["step"] = str(asked.step + 1)
        if asked.since is not None:
            query["since"] = asked.since.isoformat()
        return await self._line.get(tuple[Piece, ...], "printed", QUICK, **query)


@asynccontextmanager
async def over_socket(socket: Path, author: str) -> AsyncIterator[Doorway]:
    """Open the doorway of the daemon at that Unix socket; it knows by itself which user comes."""
    async with _open(Http(socket=socket), "http://reconciler", f"the daemon at {socket}", {ON_BEHALF: author}) as found:
        yield found


@asynccontextmanager
async def at_server(url: str, token_file: Path | None, author: str) -> AsyncIterator[Doorway]:
    """Open the doorway at the URL: ``https://``, ``unix:///PATH``, or ``http://`` of this machine; raises Failure."""
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path and not parts.netloc:
        # Who brings a token wants to be known by it, and not by the user that they are on this machine.
        shown = token_file is not None or os.environ.get(TOKEN)
        said = _bearer(token_file) if shown else {ON_BEHALF: author}
        socket = Path(parts.path)
        async with _open(Http(socket=socket), "http://reconciler", f"the daemon at {socket}", said) as found:
            yield found
        return
    _refuse_unless_private(url)
    async with _open(Http(), url.rstrip("/"), f"{parts.scheme}://{parts.netloc}", _bearer(token_file)) as found:
        yield found


def _bearer(token_file: Path | None) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {_token(token_file)}"}


@asynccontextmanager
async def _open(http: Http, base: str, shown: str, headers: Mapping[str, str]) -> AsyncIterator[Doorway]:
    line = Line(http, base, shown, headers)
    try:
        yield Doorway(RemoteDesk(line), RemoteArchive(line), RemoteOutlook(line), RemotePrinted(line))
    finally:
        await http.close()


def _refuse_unless_private(url: str) -> None:
    """A token goes to nobody who could be anybody, and to nobody in clear."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise Failure(f"--server takes no password; put a token in ${TOKEN} or --token-file")
    if parts.scheme == "https" and parts.hostname and not parts.query and not parts.fragment:
        return
    if parts.scheme == "http" and parts.hostname and _loopback(parts.hostname):
        return
    raise Failure(
        "--server wants https://HOST[:PORT] or unix:///PATH; http:// only for this machine (127.0.0.1, ::1, localhost)"
    )


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _token(file: Path | None) -> str:
    if file is None:
        token = os.environ.get(TOKEN, "")
        where = f"${TOKEN}"
    else:
        where = str(file)
        try:
            with file.open("rb") as opened:
                token = opened.read(LONGEST_TOKEN).decode(errors="replace")
        except OSError as error:
            raise Failure(f"cannot read the token in {file}: {error.strerror}") from error
    token = token.strip()
    if not token:
        raise Failure(
            f"there is no token in {where}; the server has to know who asks: set ${TOKEN} or --token-file FILE"
        )
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise Failure(f"what is in {where} is no token")
    return token
