"""What programs print, without the secrets that they were given, however those are written. Pure."""

import base64
import json
import shlex
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

INSTEAD = b"(secret)"
SHORTEST = 4
"""One of three letters stays: it would be found in every other word."""

_SHORTEST_PART = 8
"""Of a part of a secret (a line of it, its base64 without the ends) only one as long as this is looked for."""

_LINES = (64, 76)
"""So long are the lines that programs break base64 into."""


def forms(secret: str) -> frozenset[bytes]:
    """Return how the secret may be written: as it is, quoted for JSON, for a URL, for sh, in base64 and in hex."""
    if len(secret) < SHORTEST:
        return frozenset()
    data = secret.encode()
    found = {data, json.dumps(secret)[1:-1].encode(), json.dumps(secret, ensure_ascii=False)[1:-1].encode()}
    found |= {quote(secret).encode(), quote(secret, safe="").encode(), quote_plus(secret).encode()}
    found |= {shlex.quote(secret).encode().strip(b"'"), data.hex().encode(), data.hex().upper().encode()}
    found |= {each for each in (*_base64(data), *_lines_of(secret)) if len(each) >= _SHORTEST_PART}
    return frozenset(each for each in found if len(each) >= SHORTEST)


def masked(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets."""
    whole = Masked(secrets)
    return (whole.fed(text.encode()) + whole.ended()).decode(errors="replace")


def _base64(data: bytes) -> Iterator[bytes]:
    """Whatever stands before it in what is encoded, these characters follow from the secret alone."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + data)
        whole = text[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]
        yield whole
        yield whole.translate(bytes.maketrans(b"+/", b"-_"))
    alone = base64.b64encode(data)
    for width in _LINES:
        yield from (alone[at : at + width] for at in range(0, len(alone) - 2, width) if len(alone) > width)


def _lines_of(secret: str) -> Iterator[bytes]:
    lines = secret.splitlines()
    yield from (each.strip().encode() for each in lines if len(lines) > 1)


class Masked:
    """A text that comes in parts, cut anywhere. What may be the beginning of a secret is held back until more comes."""

    def __init__(self, secrets: Iterable[str]) -> None:
        every = {form for secret in secrets for form in forms(secret)}
        self._forms = sorted(every, key=lambda each: (-len(each), each))
        self._firsts = frozenset(form[0] for form in self._forms)
        self._longest = max(map(len, self._forms), default=1)
        self._held = b""

    def fed(self, data: bytes) -> bytes:
        """Return what may be shown now, cut between two characters."""
        text = self._held + data
        for form in self._forms:
            text = text.replace(form, INSTEAD)
        keep = len(text) - max(self._begun(text), _begun_character(text))
        self._held = text[keep:]
        return text[:keep]

    def ended(self) -> bytes:
        """Return what is left when nothing follows; the beginning of a secret is not told."""
        held, self._held = self._held, b""
        return INSTEAD if len(held) >= SHORTEST and self._begun(held) == len(held) else held

    def _begun(self, text: bytes) -> int:
        """Return how long the end of the text is that a secret begins with."""
        for at in range(max(0, len(text) - self._longest + 1), len(text)):
            if text[at] in self._firsts and any(form.startswith(text[at:]) for form in self._forms):
                return len(text) - at
        return 0


def _begun_character(text: bytes) -> int:
    """Return how many bytes at the end are the beginning of a character in UTF-8."""
    for back in range(1, min(3, len(text)) + 1):
        byte = text[-back]
        if byte >= 0xC0:
            wanted = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return back if back < wanted else 0
        if byte < 0x80:
            return 0
    return 0
