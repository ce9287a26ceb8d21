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
    """Return how the secret may be written: as it is, quoted for JSON, for a URL, for sh, in base64 and in hex.

    A line break at its end, as files have it, is no part of it, but for base64: there it changes what stands before.
    """
    core = secret.strip() if len(secret.strip()) >= SHORTEST else secret
    if len(core) < SHORTEST:
        return frozenset()
    data = core.encode()
    found = {data, json.dumps(core)[1:-1].encode(), json.dumps(core, ensure_ascii=False)[1:-1].encode()}
    found |= {quote(core).encode(), quote(core, safe="").encode(), quote_plus(core).encode()}
    found |= {shlex.quote(core).encode().strip(b"'"), data.hex().encode(), data.hex().upper().encode()}
    parts = {*_base64(data), *_base64(secret.encode()), *_lines_of(secret)}
    found |= {each for each in parts if len(each) >= _SHORTEST_PART}
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
    """A text that comes in parts, cut anywhere: they show together what the whole text would.

    All that belongs to a secret is hidden, also where two of them overlap. What may be the beginning of one is held
    back until more comes, even where it is a shorter one already.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = sorted({form for secret in secrets for form in forms(secret)})
        self._firsts = frozenset(form[0] for form in self._forms)
        self._longest = max(map(len, self._forms), default=1)
        self._held = b""
        self._hidden = 0
        """So much of what is held back belongs to a secret in whose place something was shown already."""

    def fed(self, data: bytes) -> bytes:
        """Return what may be shown now, cut between two characters."""
        text = self._held + data
        keep = len(text) - max(self._begun(text), _begun_character(text))
        return self._shown(text, self._spans(text), keep)

    def ended(self) -> bytes:
        """Return what is left when nothing follows; the beginning of a secret is not told."""
        text, begun = self._held, self._begun(self._held)
        spans = [*self._spans(text), *([(len(text) - begun, len(text))] if begun >= SHORTEST else [])]
        return self._shown(text, _joined(spans), len(text))

    def _shown(self, text: bytes, spans: Iterable[tuple[int, int]], end: int) -> bytes:
        """Return the text without the spans, up to the end; what comes after it is held back."""
        shown, at = [], self._hidden
        for first, last in spans:
            if first >= end:
                break
            if first >= at:
                shown += [text[at:first], INSTEAD]
            at = max(at, last)
        shown.append(text[at:end])
        self._held, self._hidden = text[end:], max(0, at - end)
        return b"".join(shown)

    def _spans(self, text: bytes) -> list[tuple[int, int]]:
        return _joined(span for form in self._forms for span in _found(form, text))

    def _begun(self, text: bytes) -> int:
        """Return how long the end of the text is that a secret begins with, and that is not all of it."""
        for at in range(max(0, len(text) - self._longest + 1), len(text)):
            if text[at] in self._firsts:
                end = text[at:]
                if any(len(form) > len(end) and form.startswith(end) for form in self._forms):
                    return len(end)
        return 0


def _found(form: bytes, text: bytes) -> Iterator[tuple[int, int]]:
    """Yield where it is, also where it overlaps itself; what lies between two that overlap is left out."""
    at = text.find(form)
    while at >= 0:
        yield at, at + len(form)
        over = text.rfind(form, at + 1, at + 2 * len(form) - 1)
        at = over if over >= 0 else text.find(form, at + len(form))


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return them in their order, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if joined and first < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


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
