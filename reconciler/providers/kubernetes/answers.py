"""What an API server says, and what that means for whoever asked. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.ports.errors import Broken, Denied, Refused, Stale, Unreachable, WorldError
from reconciler.providers.unsaid import without

_NO_SUCH_PATH = b"404 page not found"
"""What the API server says of kinds that it does not know, which is no Status object."""
FIELD_CONFLICT = "FieldManagerConflict"
AGAIN = frozenset((429, 500, 502, 503, 504))
"""Statuses after which the same may be asked again a little later."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer; ``retry_after`` in seconds where it says so."""

    status: int
    body: bytes
    retry_after: float | None = None

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raise Broken when it is none."""
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise Broken(f"the API server's answer is no JSON: {self.body[:80]!r}") from error
        if not isinstance(found, dict):
            raise Broken(f"the API server's answer is no object: {self.body[:80]!r}")
        return found

    @property
    def said(self) -> Mapping[str, Any]:
        """The Status object of a failure; empty where the answer is none (a proxy in between has its own)."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) and found.get("kind") == "Status" else {}

    @property
    def nothing_there(self) -> bool:
        """Whether the API server says that there is no such thing; a 404 of something in between is no word of it."""
        return self.status == 404 and (bool(self.said) or self.body.strip() == _NO_SUCH_PATH)

    @property
    def message(self) -> str:
        """What the answer says for a person, in one line."""
        text = str(self.said.get("message") or "") or self.body[:200].decode(errors="replace")
        return " ".join(text.split()) or f"HTTP {self.status}"

    def without(self, secrets: Iterable[str]) -> "Answer":
        """Return the answer without the secrets that we sent: an API server quotes the values that it refuses."""
        return replace(self, body=without(self.body.decode(errors="replace"), secrets).encode()) if secrets else self

    @property
    def causes(self) -> list[Mapping[str, Any]]:
        """The causes that a Status object gives in detail."""
        details = self.said.get("details")
        causes = details.get("causes") if isinstance(details, dict) else None
        return [each for each in causes if isinstance(each, dict)] if isinstance(causes, list) else []


def conflicts(answer: Answer) -> list[dict[str, str]]:
    """Return the fields that other managers have, as ``{"manager", "field"}``; none where it is another conflict."""
    return [
        {"manager": _manager(str(each.get("message", ""))), "field": str(each.get("field", ""))}
        for each in answer.causes
        if answer.status == 409 and each.get("reason") == FIELD_CONFLICT
    ]


def _manager(message: str) -> str:
    """The name in ``conflict with "kubectl-edit" using apps/v1``."""
    return message.partition('"')[2].partition('"')[0] or message


def refusals(answer: Answer) -> list[dict[str, str]]:
    """Return what the API refuses of a manifest, as ``{"field", "message"}``."""
    found = [{"field": str(each.get("field", "")), "message": str(each.get("message", ""))} for each in answer.causes]
    return found or [{"field": "", "message": answer.message}]


_MEANINGS: Mapping[int, type[WorldError]] = {
    401: Denied,
    403: Denied,
    409: Stale,
    429: Unreachable,
    **dict.fromkeys((400, 404, 405, 406, 410, 413, 415, 422), Refused),
}


def error(answer: Answer, what: str) -> WorldError:
    """Return what a failed answer means. ``what`` fits after "cannot"."""
    meaning = _MEANINGS.get(answer.status, Unreachable if answer.status >= 500 else Broken)
    if answer.status == 403 and _ENDING in answer.message:
        meaning = Refused
    return meaning(f"cannot {what}: {_because(answer)}")


_ENDING = "because it is being terminated"


def _because(answer: Answer) -> str:
    if answer.status == 401:
        return "the API server does not take our login (401); renew the secret that it is from"
    if answer.status == 403 and _ENDING not in answer.message:
        return f"{answer.message} (docs/targets.md has the smallest Role)"
    if found := conflicts(answer):
        return ", ".join(f"{each['field']} is set by {each['manager']}" for each in found)
    if answer.status == 404 and answer.message.startswith("namespaces "):
        return f"{answer.message}; make it, or have an app make it"
    if answer.status == 429:
        return f"too many requests at once, the cluster asks to wait (429): {answer.message}"
    return answer.message if answer.said else f"HTTP {answer.status}: {answer.message}"
