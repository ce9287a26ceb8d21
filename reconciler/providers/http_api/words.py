"""What an API says went wrong, in a line for a person, without secrets."""

import json
from collections.abc import Iterable

from reconciler.providers.http import Response
from reconciler.providers.metrics_answers import line
from reconciler.providers.unsaid import without

_TEXTS = ("message", "error_description", "detail", "error", "title", "msg")


def said(response: Response, secrets: Iterable[str]) -> str:
    """Return ``HTTP 422: its own words``, shortened; where one of the secrets is in them, something else stands."""
    words = without(_own(response.body), secrets)
    return f"HTTP {response.status}: {line(words)}" if words.strip() else f"HTTP {response.status}"


def _own(body: bytes) -> str:
    text = body[: 64 * 1024].decode(errors="replace")
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return text
    found = next((read[key] for key in _TEXTS if isinstance(read.get(key), str)), "") if isinstance(read, dict) else ""
    return found or text
