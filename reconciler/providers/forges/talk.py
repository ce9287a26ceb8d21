"""JSON over HTTP with a forge: the token, pages, what is the same as before, and errors by what to do about them."""

import asyncio
import json
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from reconciler.model.canonical import Json
from reconciler.ports.errors import Broken, Denied, Refused, Unreachable
from reconciler.ports.secrets import SecretMissing, Secrets
from reconciler.providers.http import Http, Request, Response

MOST_PAGES = 10
_REMEMBERED = 64
_SHOWN = 200
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')
_GOOD = range(200, 300)
_NOT_MODIFIED = 304
_DENIED = (401, 403, 404)
_LATER = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class Login:
    """How a forge wants the token: the header, the word before the token, and what else it wants in each request."""

    header: str
    word: str
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Seen:
    etag: str
    response: Response


@dataclass(slots=True)
class Talk:
    """Requests to one repository of a forge. ``root`` is its URL; the token is read for each request."""

    http: Http
    root: str
    login: Login
    secrets: Secrets
    token: str
    _seen: OrderedDict[str, _Seen] = field(default_factory=OrderedDict)

    async def pages(self, path: str, most: int = MOST_PAGES) -> tuple[dict[str, Any], ...]:
        """Return the objects of all pages, of ``most`` at most; raise WorldError."""
        url: str | None = self.root + path
        found: list[dict[str, Any]] = []
        for _ in range(most):
            if url is None:
                break
            response = await self._get(url)
            said = self._read(response, url)
            if not isinstance(said, list):
                raise Broken(f"{_place(url)} answers no list")
            found += [each for each in said if isinstance(each, dict)]
            url = self._next(response)
        return tuple(found)

    async def one(self, path: str) -> dict[str, Any] | None:
        """Return one object, None where there is none; raise WorldError."""
        response = await self._exchange("GET", self.root + path)
        if response.status == 404:
            return None
        self._check("GET", self.root + path, response)
        return self._object(response, self.root + path)

    async def send(self, method: str, path: str, body: Mapping[str, Json]) -> dict[str, Any]:
        """Send an object and return the one that is answered; raise WorldError."""
        response = await self._exchange(method, self.root + path, json.dumps(body).encode())
        self._check(method, self.root + path, response)
        return self._object(response, self.root + path)

    async def _get(self, url: str) -> Response:
        """Ask, or hear that it is as before: that costs nothing of what a forge grants an hour."""
        seen = self._seen.get(url)
        response = await self._exchange("GET", url, etag=seen.etag if seen else "")
        if seen and response.status == _NOT_MODIFIED:
            return seen.response
        self._check("GET", url, response)
        if etag := response.headers.get("etag"):
            self._seen[url] = _Seen(etag, response)
            self._seen.move_to_end(url)
            while len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return response

    async def _exchange(self, method: str, url: str, body: bytes | None = None, etag: str = "") -> Response:
        try:
            token = await asyncio.to_thread(self.secrets.value, self.token)
        except SecretMissing as error:
            raise Denied(f"the token of the forge cannot be read: {error}") from error
        headers = {"User-Agent": "reconciler", "Accept": "application/json", **self.login.others}
        headers[self.login.header] = f"{self.login.word} {token}".strip()
        if body is not None:
            headers["Content-Type"] = "application/json"
        if etag:
            headers["If-None-Match"] = etag
        return await self.http.exchange(Request(url=url, method=method, headers=headers, body=body))

    def _check(self, method: str, url: str, response: Response) -> None:
        status = response.status
        if status in _GOOD:
            return
        said = f"{method} {_place(url)}: HTTP {status}{_why(response.body)}"
        if status in _LATER or status >= 500 or response.headers.get("x-ratelimit-remaining") == "0":
            raise Unreachable(f"the forge wants to be asked later: {said}")
        if status in _DENIED:
            raise Denied(f"the forge does not let the token do this: {said}")
        raise Refused(f"the forge refuses: {said}")

    def _read(self, response: Response, url: str) -> Any:
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError) as error:
            raise Broken(f"{_place(url)} answers no JSON") from error

    def _object(self, response: Response, url: str) -> dict[str, Any]:
        said = self._read(response, url)
        if not isinstance(said, dict):
            raise Broken(f"{_place(url)} answers no object")
        return said

    def _next(self, response: Response) -> str | None:
        """Return where the next page is; the token is shown to nobody but the forge, whatever it says."""
        found = _NEXT.search(response.headers.get("link", ""))
        if found is None or urlsplit(found[1])[:2] != urlsplit(self.root)[:2]:
            return None
        return found[1]


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def _why(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    try:
        said = json.loads(text)
        text = str(said.get("message") or said.get("error") or said) if isinstance(said, dict) else text
    except (ValueError, RecursionError):
        pass
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return f": {line[:_SHOWN]}" if line else ""


def wanted(said: Mapping[str, Any], *path: str) -> str:
    """Return the text at a path of an answer; raise Broken when there is none."""
    found = perhaps(said, *path)
    if found is None:
        raise Broken(f"the forge answers something without {'.'.join(path)}")
    return found


def perhaps(said: Mapping[str, Any], *path: str) -> str | None:
    """Return the text or number at a path of an answer as text, None when there is none."""
    at: Any = said
    for key in path:
        at = at.get(key) if isinstance(at, dict) else None
    return str(at) if isinstance(at, str | int) and not isinstance(at, bool) else None


def all_that(said: tuple[dict[str, Any], ...], make: Callable[[dict[str, Any]], Any]) -> Iterator[Any]:
    """Yield what can be made of each; what lacks something is not a reason to lose the others."""
    for each in said:
        try:
            yield make(each)
        except Broken:
            continue
