"""Addresses of APIs that people write in documents: whole, without anything secret, and without what comes later."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from reconciler.desired.words import describe, one_of

_EXAMPLE = "https://dns.example.net/api"


def web_address(schemes: Sequence[str]) -> Callable[[str], str]:
    """Return a check of URLs with one of the schemes; it returns them without a slash at the end, raises ValueError."""

    def check(url: str) -> str:
        # A password must not get into the message of what is wrong with the rest.
        try:
            parts = urlsplit(url)
            port_is_right = parts.port != 0
        except ValueError:
            parts, port_is_right = urlsplit(""), False
        if "@" in parts.netloc:
            raise ValueError(
                "a user or a password in a URL is in Git for everybody to read; take them out, "
                "and name a secret's reference where the login is written"
            )
        if not (port_is_right and parts.hostname and url.isascii() and url.isprintable() and " " not in url):
            raise ValueError(f"expected a URL such as {_EXAMPLE}, got {describe(url.rpartition('@')[2])}")
        if parts.scheme not in schemes:
            raise ValueError(f"expected a URL that starts with {one_of([f'{each}://' for each in schemes])}")
        if parts.query or parts.fragment or url.endswith(("?", "#")):
            raise ValueError("expected a URL without '?' and '#'; what follows there belongs to each request")
        return url.rstrip("/")

    return check


def url_schema(scheme: str) -> dict[str, Any]:
    """Return the JSON Schema of such URLs; ``scheme`` is a regular expression."""
    return {
        "type": "string",
        "pattern": f"^{scheme}://[^@/?#\\s]+(/[^?#\\s]*)?$",
        "description": "a URL without a login",
    }
