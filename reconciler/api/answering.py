"""How answers are sent: JSON with an entity tag, and nothing at all when the caller has it already."""

import hashlib
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import Response

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of an answer, and its entity tag."""

    body: bytes
    tag: str

    @staticmethod
    def of(body: bytes) -> "Rendered":
        """Return it with its tag."""
        return Rendered(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def answered(request: Request, answer: bytes | Rendered) -> Response:
    """Return the answer to a GET; 304 without a body when the caller's copy (If-None-Match, RFC 9110) is the same."""
    made = answer if isinstance(answer, Rendered) else Rendered.of(answer)
    if _has(request.headers.get("if-none-match", ""), made.tag):
        return Response(status_code=304, headers={"ETag": made.tag})
    return Response(made.body, headers={"ETag": made.tag}, media_type=JSON)


def _has(tags: str, tag: str) -> bool:
    # Weak comparison, as for every GET: W/"x" and "x" are the same.
    return tags.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in tags.split(",")]
