"""Changes: requests in their order, each of which may be sent again, and what came of them."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from reconciler.model.canonical import Json
from reconciler.model.lookup import Lookup
from reconciler.model.operation import Operation
from reconciler.model.request import Send
from reconciler.policy import place
from reconciler.ports.clock import Clock
from reconciler.ports.errors import Broken, Denied, Halfway, Lost, Refused, Stale, Unreachable, WorldError
from reconciler.ports.secrets import Secrets
from reconciler.ports.targets import Transaction
from reconciler.providers import secret_json
from reconciler.providers.http import Response
from reconciler.providers.http_api.connection import SAFE, TRIES, Asking, Connection
from reconciler.providers.http_api.finding import Finder

_FIRST_WAIT = timedelta(milliseconds=500)
_LOOKS = 5
_UNKNOWN_END = (502, 504)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A request as it is sent, and the secrets in it."""

    send: Send
    asking: Asking
    secrets: tuple[str, ...]


class Sending:
    """Sends the requests of one transaction."""

    def __init__(self, connection: Connection, finder: Finder, secrets: Secrets, clock: Clock) -> None:
        self._connection = connection
        self._finder = finder
        self._secrets = secrets
        self._clock = clock

    async def all(self, transaction: Transaction) -> None:
        """Send all of them, and see that what was made can be found; raise WorldError.

        Before the first one was sent, everything is as it was; after that, what cannot be done is Halfway.
        """
        prepared = [
            await asyncio.to_thread(self._prepared, operation, transaction, number)
            for number, operation in enumerate(transaction.operations)
        ]
        made: list[Lookup] = []
        for number, one in enumerate(prepared):
            try:
                if not await self._done(one):
                    continue
            except (Refused, Denied, Stale, Broken) as error:
                if number == 0:
                    raise
                raise Halfway(f"{error}; what came before it ({number} of {len(prepared)}) was done") from error
            if one.send.unless is not None:
                made.append(one.send.unless)
            else:
                self._finder.forget()
        await self._all_there(made)

    async def _done(self, one: _Prepared) -> bool:
        """Send it, if it has to be; return whether it was sent. What is made is made only when it is not there."""
        if one.send.unless is None:
            self._judge(one, await self._connection.ask(one.asking))
            return True
        for wait in (_FIRST_WAIT, _FIRST_WAIT * 3, None):
            if await self._finder.find(one.send.unless):
                return False
            answer = await self._connection.ask(one.asking)
            if wait is None or answer.status not in (500, 503):
                break
            await self._clock.sleep(wait)
            self._finder.forget()
        self._judge(one, answer)
        return True

    async def _all_there(self, made: Sequence[Lookup]) -> None:
        """What was made and cannot be found would be made again and again."""
        missing = list(made)
        for number in range(_LOOKS):
            self._finder.forget()
            try:
                missing = [each for each in missing if not await self._finder.find(each)]
            except Unreachable:
                raise
            except WorldError as error:
                raise Halfway(f"it was made, and cannot be looked at then: {error}") from error
            if not missing:
                return
            if number < _LOOKS - 1:
                await self._clock.sleep(_FIRST_WAIT * 2**number)
        names = ", ".join(f"GET {each.path}" for each in missing)
        raise Halfway(
            f"{self._connection.api.name} has made it, and it is not found then ({names}): is `read` right, and does "
            "`match` fit what `create` makes?"
        )

    def _judge(self, one: _Prepared, answer: Response) -> None:
        send, status = one.send, answer.status
        if 200 <= status < 300 or status in send.fine:
            return
        name = self._connection.api.name
        told = f"{name} cannot {send.what}: {self._connection.said(answer, *one.secrets)}"
        if status in send.stale:
            raise Stale(f"somebody else has changed it since it was looked at: {told}")
        if status in (401, 403):
            raise Denied(f"{name} does not let us {send.what}: {self._connection.said(answer, *one.secrets)}")
        if status in _UNKNOWN_END:
            raise Lost(told)
        if status in (408, 429, 503):
            raise Unreachable(told)
        if status >= 500:
            raise Halfway(f"{told}; it may have been done, asked {TRIES} times")
        if 300 <= status < 400:
            raise Refused(f"{told}, which leads elsewhere ({answer.headers.get('location', 'nobody says where')})")
        raise Refused(told)

    def _prepared(self, operation: Operation, transaction: Transaction, number: int) -> _Prepared:
        if not isinstance(operation, Send) or operation.only_if is not None or operation.method in SAFE:
            raise TypeError(f"internal error: an HTTP API cannot be asked for {operation}")
        what = f"the request to {operation.what}"
        values = secret_json.values_of(what, dict(operation.secrets), self._secrets)
        headers = {name: secret_json.in_text(value, values) for name, value in operation.headers}
        if unfit := next((name for name, value in headers.items() if not _fits_header(value)), None):
            raise Refused(f"cannot send {what}: the secret in {unfit} has characters that cannot stand in a header")
        secrets = [*values.values()]
        body = None
        if operation.body is not None:
            body = secret_json.body(what, operation.body, operation.media, transaction.contents, self._secrets)
            secrets += secret_json.values_of(what, operation.body.secrets, self._secrets).values()
            headers["Content-Type"] = operation.media
        if operation.values and body is not None:
            body = _with_values(what, body, operation.values)
        if operation.once is not None:
            headers[operation.once] = sha256(f"{transaction.id}/{number}/{operation.what}".encode()).hexdigest()[:36]
        asking = Asking(
            url=self._connection.url(operation.path, operation.query),
            method=operation.method,
            headers=headers,
            body=body,
            again=operation.once is not None,
        )
        return _Prepared(operation, asking, tuple(secrets))


def _with_values(what: str, body: bytes, values: Sequence[tuple[str, Json]]) -> bytes:
    document: Json = json.loads(body)
    try:
        for pointer, value in values:
            document = place.put(document, pointer, value)
    except place.NotThere as error:
        raise Refused(f"cannot send {what}: {error} in its body") from error
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def _fits_header(value: str) -> bool:
    return value.isprintable() and all(ord(character) < 256 for character in value)
