"""Reading what the functions of the prelude print. ValueError for everything else."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reconciler.model.canonical import Json
from reconciler.model.resource import Resource
from reconciler.ports.kind import CONTENT_KEY

_TYPES = {"8": "file", "4": "directory", "a": "symlink", "2": "device", "6": "device", "1": "pipe", "c": "socket"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is at a path, links not followed. ``mode`` is four octal digits; ``to`` is where a link points.

    ``sha256`` is there for files that were read, ``content`` for those whose bytes came along.
    """

    type: str
    mode: str
    uid: str
    gid: str
    user: str
    group: str
    to: str | None = None
    sha256: str | None = None
    content: bytes | None = None


def words(answer: Iterable[str], known: Iterable[str]) -> Mapping[str, str]:
    """Return the lines by their first word; ValueError for one that is not known or comes twice."""
    allowed = frozenset(known)
    found: dict[str, str] = {}
    for line in unicode(answer):
        word, _, rest = line.partition(" ")
        if word not in allowed or word in found:
            raise ValueError(f"the probe printed a line that is not expected: {line[:80]!r}")
        found[word] = rest
    return found


def unicode(answer: Iterable[str]) -> list[str]:
    """Return the lines; ValueError for one with bytes that are not UTF-8: no attribute may hold such a text."""
    lines = list(answer)
    for line in lines:
        if not line.isascii() and any("\ud800" <= char <= "\udfff" for char in line):
            raise ValueError(f"the probe printed what is not UTF-8: {line[:80]!r}")
    return lines


ENTRY = ("absent", "stat", "owner", "group", "to", "sha256", "content")
"""The first words of the lines about what is at a path."""


def entry(lines: Mapping[str, str]) -> Entry | None:
    """Return what ``rcl_entry`` or ``rcl_file`` saw, None when nothing was there."""
    if "absent" in lines:
        if lines.keys() & set(ENTRY) != {"absent"}:
            raise ValueError("the probe says that it is absent and also what it looks like")
        return None
    if not lines.keys() >= {"stat", "owner", "group"}:
        raise ValueError("the probe did not say what is there")
    stat = re.fullmatch(r"([0-9a-f]{4}) ([0-9]+) ([0-9]+) ([0-9]+) ([0-9]+)", lines["stat"], re.ASCII)
    if not stat or stat[1][0] not in _TYPES:
        raise ValueError(f"the probe describes nothing known: stat {lines['stat'][:80]!r}")
    kind, to, sum_ = _TYPES[stat[1][0]], lines.get("to"), lines.get("sha256")
    if (kind == "symlink") != (to is not None) or (sum_ is not None and not re.fullmatch(r"[0-9a-f]{64}", sum_)):
        raise ValueError("the probe's description of what is there is not whole")
    return Entry(
        type=kind,
        mode=format(int(stat[1], 16) & 0o7777, "04o"),
        uid=stat[2],
        gid=stat[3],
        user=lines["owner"],
        group=lines["group"],
        to=None if to is None else text(to),
        sha256=sum_,
        content=_content(lines.get("content"), sum_),
    )


def seen(found: Entry, resource: Resource) -> dict[str, Json]:
    """Return the attributes of what is at a path, an account as number where the resource names it by number."""
    attributes: dict[str, Json] = {"type": found.type, "mode": found.mode}
    attributes["owner"] = account(found.user, found.uid, resource.attributes.get("owner"))
    attributes["group"] = account(found.group, found.gid, resource.attributes.get("group"))
    if found.to is not None:
        attributes["to"] = found.to
    if found.sha256 is not None:
        attributes["content"] = "sha256:" + found.sha256
    if found.content is not None:
        attributes[CONTENT_KEY] = base64.b64encode(found.content).decode()
    return attributes


def account(name: str, number: str, wanted: Json) -> str:
    """Return the name, or the number where that is what is wanted or the host knows no name."""
    return number if name == "UNKNOWN" or (isinstance(wanted, str) and wanted.isdecimal()) else name


def text(encoded: str) -> str:
    """Return the text of a base64 word; bytes that are not UTF-8 become ``\\xNN``. ValueError when it is not base64."""
    return data(encoded).decode("utf-8", "backslashreplace")


def data(encoded: str) -> bytes:
    """Return the bytes of a base64 word; ValueError when it is none."""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the probe printed what is not base64: {error}") from error


def _content(encoded: str | None, sha256: str | None) -> bytes | None:
    if encoded is None:
        return None
    content = data(encoded)
    # The file may have changed between the two looks at it, and then its digest is all we can vouch for.
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
