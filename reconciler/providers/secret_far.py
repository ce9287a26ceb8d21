"""What stores far away have in common: a question within a limit, and an answer in JSON or a reason."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from reconciler.ports.errors import WorldError
from reconciler.ports.secrets import SecretUnknown
from reconciler.providers.http import Http, Request, Response
from reconciler.providers.http_in_threads import HttpInThreads
from reconciler.providers.secret_reading import StoreAway

OK = 200
_TOO_MUCH, _ITS_FAULT = 429, 500
_REASONS = {401: "we are not logged in", 403: "we have no right to it", 429: "too many questions", 503: "it is sealed"}


@dataclass(frozen=True, slots=True)
class Far:
    """The way to a store, and how its errors call it. ``secret`` looks up what the machine has, for logging in."""

    name: str
    threads: HttpInThreads
    http: Http
    limit: timedelta
    secret: Callable[[str], str]

    def ask(self, request: Request) -> Response:
        """Return the answer, whatever its status; raise StoreAway when there is none."""
        try:
            return self.threads.exchange(self.http, replace(request, limit=self.limit))
        except WorldError as error:
            raise StoreAway(f"the store {self.name} cannot be asked: {error}") from None

    def refused(self, answer: Response, doing: str, said: str = "") -> SecretUnknown:
        """Return what a status means that says nothing of the value; the body is not told: who knows what is in it."""
        reason = said or _REASONS.get(answer.status, "its own log says more")
        text = f"the store {self.name} cannot {doing}: HTTP {answer.status}, {reason}"
        away = answer.status == _TOO_MUCH or answer.status >= _ITS_FAULT
        return StoreAway(text) if away else SecretUnknown(text)

    def json(self, answer: Response) -> dict[str, Any]:
        """Return the answer's JSON, which is an object; raise SecretUnknown."""
        try:
            read = json.loads(answer.body)
        except (ValueError, RecursionError):
            read = None
        if not isinstance(read, dict):
            raise SecretUnknown(f"the store {self.name} answered HTTP {answer.status} with what is no JSON object")
        return read
