"""What others say, without the secrets that we gave them."""

import json
from collections.abc import Iterable
from urllib.parse import quote

_SHORTEST = 4


def without(text: str, secrets: Iterable[str]) -> str:
    """Return the text with something else in place of each secret, however it is quoted. One of three letters stays."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) < _SHORTEST:
            continue
        for form in {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret)}:
            text = text.replace(form, "(secret)")
    return text
