"""Things looked up: page by page, each page asked for once however many things are looked for in it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from reconciler.model.canonical import Json, canonical
from reconciler.model.lookup import Lookup
from reconciler.policy import lookups
from reconciler.policy.lookups import NoSense, Query, Url
from reconciler.ports.errors import Broken, Denied, Refused, Unreachable
from reconciler.ports.secrets import Secrets
from reconciler.providers import secret_json
from reconciler.providers.http import Response
from reconciler.providers.http_api.connection import Connection
from reconciler.providers.metrics_answers import line

_OK, _GONE = 200, (404, 410)
_MOST_PAGES = 1000


class Finder:
    """Looks things up for the time of one survey or transaction."""

    def __init__(self, connection: Connection, secrets: Secrets) -> None:
        self._connection = connection
        self._secrets = secrets
        self._lists: dict[Any, asyncio.Task[Sequence[Json]]] = {}

    def forget(self) -> None:
        """Ask anew from now on: something was changed."""
        self._lists.clear()

    async def find(self, lookup: Lookup) -> tuple[str, ...]:
        """Return a line of JSON for each thing that was found; raise WorldError."""
        headers = await asyncio.to_thread(self._headers, lookup) if lookup.secrets else dict(lookup.headers)
        try:
            if lookup.items is None:
                return await self._one(lookup, headers)
            key = (lookup.path, lookup.query, tuple(headers.items()), lookup.items, lookup.next)
            task = self._lists.get(key)
            if task is None:
                task = self._lists[key] = asyncio.create_task(self._listed(lookup, headers))
            found = lookups.matching(lookup, await asyncio.shield(task))
            return tuple(dict.fromkeys(canonical({"etag": None, "object": each}) for each in found))
        except NoSense as error:
            raise Broken(f"{self._connection.api.name}, GET {lookup.path}: {error}") from error

    async def close(self) -> None:
        """End what is still under way."""
        for task in self._lists.values():
            task.cancel()
        await asyncio.gather(*self._lists.values(), return_exceptions=True)

    async def _one(self, lookup: Lookup, headers: Mapping[str, str]) -> tuple[str, ...]:
        answer = await self._connection.get(self._connection.url(lookup.path, lookup.query), headers)
        if answer.status in _GONE:
            return ()
        thing = lookups.thing(lookup, self._json(lookup, answer))
        return (canonical({"etag": answer.headers.get("etag"), "object": thing}),)

    async def _listed(self, lookup: Lookup, headers: Mapping[str, str]) -> Sequence[Json]:
        items: list[Json] = []
        url = self._connection.url(lookup.path, lookups.first(lookup))
        asked = set()
        while url not in asked:
            asked.add(url)
            if len(asked) > _MOST_PAGES:
                raise NoSense(f"the list has more than {_MOST_PAGES} pages; narrow it down with query")
            answer = await self._connection.get(url, headers)
            body = self._json(lookup, answer)
            items += lookups.items(lookup, body)
            match lookups.following(lookup, body, answer.headers.get("link", ""), (len(asked), len(items))):
                case None:
                    return items
                case Query(query=query):
                    url = self._connection.url(lookup.path, query)
                case Url(url=led):
                    url = self._connection.led_to(led, url)
                case other:
                    assert_never(other)
        raise NoSense(f"its pages go in a circle: {url} comes again")

    def _json(self, lookup: Lookup, answer: Response) -> Json:
        name, what = self._connection.api.name, f"read {lookup.path}"
        if answer.status != _OK:
            words = f"{name} does not let us {what}" if answer.status in (401, 403) else f"{name} cannot {what}"
            told = f"{words}: {self._connection.said(answer)}"
            if answer.status in (401, 403):
                raise Denied(told)
            raise Unreachable(told) if answer.status in (408, 429) or answer.status >= 500 else Broken(told)
        try:
            read: Json = json.loads(answer.body)
            canonical(read).encode()
        except (ValueError, RecursionError) as error:
            raise Broken(f"{name} does not answer JSON to GET {lookup.path}: {line(answer.body)}") from error
        return read

    def _headers(self, lookup: Lookup) -> Mapping[str, str]:
        try:
            values = secret_json.values_of(f"GET {lookup.path}", dict(lookup.secrets), self._secrets)
        except Refused as error:
            raise Denied(str(error)) from error
        return {name: secret_json.in_text(value, values) for name, value in lookup.headers}
