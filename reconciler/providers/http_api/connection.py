"""One API, asked with all that is due: its pace, who we are, patience with what passes, and no word to anybody else."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlencode, urljoin, urlsplit

from reconciler.model.target import HttpApi
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Broken, Lost, Unreachable
from reconciler.ports.secrets import Secrets
from reconciler.providers.http import Http, Request, Response
from reconciler.providers.http_api.login import Login
from reconciler.providers.http_api.pace import LONGEST_WAIT, Pace, retry_after
from reconciler.providers.http_api.words import said

TRIES = 3
_FIRST_WAIT = timedelta(milliseconds=300)
_REDIRECTS = 3
_KEPT, _KEPT_SIZE = 512, 256 * 1024
_UNCHANGED, _MOVED = 304, (301, 302, 303, 307, 308)
_NOT_LET_IN, _TOO_MANY, _AWAY = 401, 429, 503
_PASSING = (500, 502, 503, 504)
SAFE = ("GET", "HEAD")
_SAME_AGAIN = ("GET", "HEAD", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked: a URL of the API, and whether the same may be asked again when nobody knows what came of it."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)
    again: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether it may be asked again."""
        return self.again or self.method in _SAME_AGAIN


class Connection:
    """An API. ``url`` is kept: whatever is asked is asked below it, or where its own answers lead on the same host."""

    def __init__(self, api: HttpApi, http: Http, secrets: Secrets, clock: Clock) -> None:
        self.api = api
        self._http = http
        self._clock = clock
        self._pace = Pace(api.name, api.per_second, clock)
        self._login = Login(api, http, secrets, clock)
        self._kept: OrderedDict[tuple[str, tuple[tuple[str, str], ...]], Response] = OrderedDict()

    def url(self, path: str, query: tuple[tuple[str, str], ...] = ()) -> str:
        """Return the URL of a path below the API's own, which is already quoted."""
        base = self.api.url.partition("?")[0].partition("#")[0].rstrip("/")
        return f"{base}{path}" + (f"?{urlencode(query)}" if query else "")

    def led_to(self, url: str, by: str) -> str:
        """Return where a URL in the answer at ``by`` leads to; raise Broken when that is not the API."""
        try:
            there = urljoin(by, url)
            host = urlsplit(there).netloc.rpartition("@")[2]
            elsewhere = _origin(there) != _origin(self.api.url)
        except ValueError as error:
            raise Broken(f"{self.api.name} leads to what is no URL ({error}); nothing was sent there") from error
        if elsewhere:
            raise Broken(f"{self.api.name} leads to another host ({host}); nothing was sent there")
        return there

    def said(self, response: Response, *more: str) -> str:
        """Return what an answer says went wrong, without what we have logged in with and ``more`` secrets."""
        return said(response, {*self._login.used, *more})

    async def get(self, url: str, headers: Mapping[str, str]) -> Response:
        """GET; what the API says has not changed since it was last asked is the answer that it gave then."""
        key = (url, tuple(sorted(headers.items())))
        kept = self._kept.get(key)
        condition = {"If-None-Match": kept.headers["etag"]} if kept else {}
        answer = await self._followed(Asking(url=url, headers={"Accept": "application/json", **headers, **condition}))
        if kept is not None and answer.status == _UNCHANGED:
            self._kept.move_to_end(key)
            return kept
        self._kept.pop(key, None)
        if answer.status == 200 and "etag" in answer.headers and len(answer.body) <= _KEPT_SIZE:
            self._kept[key] = answer
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return answer

    async def _followed(self, asking: Asking) -> Response:
        for _ in range(_REDIRECTS + 1):
            answer = await self.ask(asking)
            if answer.status not in _MOVED or "location" not in answer.headers:
                return answer
            asking = replace(asking, url=self.led_to(answer.headers["location"], asking.url))
        raise Broken(f"{self.api.name} leads from one place to the next without end: {asking.url}")

    async def ask(self, asking: Asking) -> Response:
        """Return the answer, whatever its status, once what passes has passed; raise WorldError.

        Too many requests (429) are made again when the API says so. What may be made again is, up to three times,
        when the API fails or the connection is lost; what may not be made again then is Lost.
        """
        renewed = False
        for wait in self._waits():
            await self._pace.turn()
            login = await self._login.headers()
            try:
                answer = await self._http.exchange(self._request(asking, login))
            except Lost:
                if wait is None or not asking.repeatable:
                    raise
                await self._clock.sleep(self._clock.jitter(wait))
                continue
            if answer.status == _NOT_LET_IN and not renewed and self._login.refused(login):
                renewed = True
                await self._pace.turn()
                answer = await self._http.exchange(self._request(asking, await self._login.headers()))
            if wait is None or not await self._passes(asking, answer, wait):
                return answer
        raise AssertionError("internal error: the last wait is None")

    def _waits(self) -> Iterator[timedelta | None]:
        yield from (_FIRST_WAIT * 3**number for number in range(TRIES - 1))
        yield None

    async def _passes(self, asking: Asking, answer: Response, wait: timedelta) -> bool:
        """Whether to ask again, after a wait that is due."""
        asked = retry_after(answer.headers.get("retry-after"), self._clock.now())
        told_to = answer.status in (_TOO_MANY, _AWAY)
        if told_to and asked is not None:
            self._pace.rest(asked)
            if asked > LONGEST_WAIT:
                raise Unreachable(
                    f"{self.api.name} asks us to wait for {asked.total_seconds():.0f} s: {self.said(answer)}"
                )
        if answer.status == _TOO_MANY or (answer.status in _PASSING and asking.repeatable):
            if not (told_to and asked is not None):
                await self._clock.sleep(self._clock.jitter(wait))
            return True
        return False

    def _request(self, asking: Asking, login: Mapping[str, str]) -> Request:
        headers: dict[str, str] = {}
        for some in ({"User-Agent": "reconciler"}, dict(self.api.headers), asking.headers, login):
            names = {name.lower() for name in some}
            headers = {name: value for name, value in headers.items() if name.lower() not in names} | dict(some)
        return Request(url=asking.url, method=asking.method, headers=headers, body=asking.body, limit=self.api.limit)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
