"""Marks of what is ours → lines in the records of a host, and back. Pure.

A line: ``KEY created|there|gone BEFORE JSON``. The newest line of a key counts; what was created once stays so until it
is gone, and so do the paths of which the host keeps what was there before (BEFORE: their JSON in base64, or ``-``). Two
keys are no resource's: ``-`` is the state that the newest transaction led to, ``!`` what was gone back from.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.canonical import Json, canonical
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.mark import Mark, Marked, Marks

STATE_KEY, REJECTED_KEY = "-", "!"
_CREATED, _THERE, _GONE, _NOTHING = "created", "there", "gone", "-"
_FILE = "file "


def written(marks: Marks) -> str:
    """Return the lines that the transaction adds to the file of the unit, without a newline at the end."""
    return "\n".join(_lines(marks))


def _lines(marks: Marks) -> Iterator[str]:
    yield _line(STATE_KEY, _THERE, {"commit": marks.commit, "version": marks.version})
    if marks.rejected is not None:
        yield _line(REJECTED_KEY, _THERE if marks.rejected else _GONE, {"commit": marks.rejected})
    for each in marks.dropped:
        yield _line(_key(each.ref), _GONE, {})
    for mark in marks.put:
        said = {"ref": mark.resource.ref, "commit": mark.commit, "digest": mark.digest}
        before = base64.b64encode(canonical(list(mark.before)).encode()).decode() if mark.before else _NOTHING
        yield _line(_key(mark.resource.ref), _CREATED if mark.created else _THERE, said, before)


def _key(ref: str) -> str:
    return hashlib.sha256(ref.encode()).hexdigest()[:32]


def _line(key: str, word: str, said: Mapping[str, Json], before: str = _NOTHING) -> str:
    return f"{key} {word} {before} {canonical(said)}"


def read_marks(target: str, printed: str) -> tuple[Marked, ...]:
    """Return what a host printed of all units: for each a line ``file UNIT``, and the lines of its file.

    What makes no sense is left out and counted; a file of no unit is none of ours.
    """
    files: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in printed.split("\n"):
        if line.startswith(_FILE):
            lines = files.setdefault(line.removeprefix(_FILE), [])
        elif line:
            lines.append(line)
    return tuple(found for name in sorted(files) if (found := _marked(name, target, files[name])))


@dataclass(frozen=True, slots=True)
class _Kept:
    created: bool
    before: tuple[str, ...]
    said: Mapping[str, Any]


def _marked(name: str, target: str, lines: list[str]) -> Marked | None:
    try:
        unit = UnitId.parse(name)
    except ValueError:
        return None
    kept: dict[str, _Kept] = {}
    unreadable = 0
    for line in lines:
        try:
            _take(kept, line)
        except (ValueError, binascii.Error, RecursionError):
            unreadable += 1
    state, rejected = kept.pop(STATE_KEY, None), kept.pop(REJECTED_KEY, None)
    marks = []
    for key in sorted(kept):
        try:
            marks.append(_mark(unit, target, kept[key]))
        except ValueError:
            unreadable += 1
    return Marked(
        unit=unit,
        target=target,
        commit=_text(state, "commit"),
        version=_text(state, "version"),
        rejected=_text(rejected, "commit"),
        marks=tuple(marks),
        unreadable=unreadable,
    )


def _take(kept: dict[str, _Kept], line: str) -> None:
    key, word, before, said = line.split(" ", 3)
    if word == _GONE:
        kept.pop(key, None)
        return
    known, facts = kept.get(key), json.loads(said)
    if word not in (_CREATED, _THERE) or not isinstance(facts, dict):
        raise ValueError(word)
    paths = () if before == _NOTHING else _paths(before)
    kept[key] = _Kept(
        created=word == _CREATED or (known is not None and known.created),
        before=paths or (known.before if known else ()),
        said=facts,
    )


def _paths(before: str) -> tuple[str, ...]:
    paths = json.loads(base64.b64decode(before, validate=True))
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise ValueError(before)
    return tuple(paths)


def _mark(unit: UnitId, target: str, kept: _Kept) -> Mark:
    ref, commit, digest = (kept.said.get(name) for name in ("ref", "commit", "digest"))
    if not (isinstance(ref, str) and isinstance(commit, str) and isinstance(digest, str)):
        raise ValueError("a mark lacks what it is about")  # noqa: TRY004 - a host wrote it, no program of ours
    resource = ResourceId.parse(f"{unit}/{target}/{ref}")
    return Mark(resource=resource, created=kept.created, before=kept.before, commit=commit, digest=digest)


def _text(kept: _Kept | None, name: str) -> str:
    value = kept.said.get(name) if kept else ""
    return value if isinstance(value, str) else ""
