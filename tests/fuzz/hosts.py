"""What a host says: answers of probes and of whole looks, outcomes, and the lines of a kept shell."""

import base64
from collections.abc import Iterator
from functools import cache
from typing import Any

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.canonical import canonical, digest, plain
from reconciler.model.resource import Absent, Present, Resource, Unknown
from reconciler.model.target import Sort
from reconciler.ports.errors import Broken, WorldError
from reconciler.ports.kind import CONTENT_KEY, Conflict
from reconciler.ports.shell import Completed
from reconciler.providers import bootstrap, host_watch, kept, survey
from reconciler.providers.transaction.outcome import conclude
from tests.desired.note import Known
from tests.fuzz.target import told
from tests.kinds.cases import cases, resource_of
from tests.kinds.every import WRITTEN

_CUT = b"\0"


@cache
def _asked_about() -> tuple[Resource, ...]:
    """Every kind's resource, and those of the tables of answers."""
    tables = ((case["kind"], case["written"]) for _, case in cases("parse") if "written" in case)
    found = [resource_of(name, written) for name, written in (*WRITTEN.items(), *tables)]
    return tuple({digest(plain(each)): each for each in found}.values())


def probes(data: bytes) -> None:
    """Which resource in two bytes, then the lines of the probe; what was seen goes on to where it is compared."""
    resources = _asked_about()
    resource = resources[int.from_bytes(data[:2], "big") % len(resources)]
    kind = CATALOG[resource.id.kind]
    lines = data[2:].decode(errors="surrogateescape").removesuffix("\n").split("\n")
    try:
        seen = kind.parse(resource, lines)
    except ValueError as error:
        told(error)
        return
    if isinstance(seen, Absent):
        return
    digest(seen.attributes)
    seen = Present({name: value for name, value in seen.attributes.items() if name != CONTENT_KEY})
    try:
        if kind.diff(resource, seen):
            plain(kind.commands(resource, seen, {}))
        plain(kind.removal(resource, seen))
    except Conflict as error:
        told(error)


def probe_seeds() -> Iterator[bytes]:
    indices = {digest(plain(each)): index for index, each in enumerate(_asked_about())}
    for _, case in cases("parse"):
        written: Any = case.get("written", WRITTEN[case["kind"]])
        index = indices[digest(plain(resource_of(case["kind"], written)))]
        yield index.to_bytes(2, "big") + str(case["answer"]).encode()


@cache
def _look() -> tuple[tuple[Resource, ...], survey.Asked, survey.Probes]:
    on_hosts = ((name, written) for name, written in WRITTEN.items() if CATALOG[name].TARGET is Sort.HOST)
    resources = tuple(resource_of(name, written) for name, written in on_hosts)
    asked = survey.Probes(CATALOG, PRELUDE)
    return resources, survey.compose(resources, asked), asked


def looks(data: bytes) -> None:
    """A whole answer; after an odd first byte its frames are made right, and only what is in them is whatever it is."""
    resources, asked, kinds = _look()
    output = _framed(data[1:]) if data[:1] and data[0] % 2 else data[1:]
    try:
        answers = survey.split(output, asked)
    except Broken as error:
        told(error)
        return
    seen = survey.read(resources, answers, kinds, Known({}))
    for observation in seen.observations.values():
        if isinstance(observation, Unknown):
            told(observation.reason)
        elif isinstance(observation, Present):
            canonical(plain(observation)).encode()


def _framed(data: bytes) -> bytes:
    frames = []
    answers = data.split(_CUT)
    for index in range(len(_look()[1].frames)):
        answer = answers[index] if index < len(answers) else b""
        status = int(answer.startswith(b"reason "))
        frames.append(b"%d %d 0\n%s\n" % (status, len(answer), answer))
    return b"".join(frames) + b"end\n"


def look_seeds() -> Iterator[bytes]:
    together = (
        b"=81a4 0 0 2 1795219793 /etc/motd\nUroot\nGroot\n=41ed 0 0 3 1795219793 /srv/shop\nUroot\nGroot\n"
        b"=a1ff 0 0 1 1795219793 /a\nUroot\nGroot\nplain b /a\nto Yg== /a\n"
        b"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881  /etc/motd\ncontent eA== /etc/motd\n"
        b"stat: cannot statx '/x': No such file or directory"
    )
    answers = {case["kind"]: str(case["answer"]).encode() for _, case in cases("parse") if "seen" in case}
    resources, asked, _ = _look()
    alone = [answers.get(resources[indices[0]].id.kind, b"") for indices in asked.frames[1:]]
    whole = _CUT.join([together, *alone])
    yield b"\1" + whole
    yield b"\0" + _framed(whole)
    yield b"\1" + _CUT.join([b"reason it is gone"] * len(asked.frames))


def outcomes(data: bytes) -> None:
    """The output of a transaction."""
    try:
        conclude("web-1", Completed(0, data, data.decode(errors="replace")))
    except WorldError as error:
        told(error)


def outcome_seeds() -> Iterator[bytes]:
    reason = base64.b64encode(b"the disk is full.\nreally")
    for word in (b"ok", b"failed", b"busy", b"fenced", b"stale", b"stuck", b"strange"):
        yield b"said before\noutcome %s %s\n" % (word, reason)


def sessions(data: bytes) -> None:
    """The first bytes of a session, and the lines of a kept shell and of a watch."""
    bootstrap.split_ready(data)
    line, newline, body = data.partition(b"\n")
    host_watch.digest(line)
    head = kept.head(line + newline)
    if head is None:
        return
    assert min(head.number, head.status, head.length) >= 0
    completed = head.completed(body)
    if completed is not None:
        told(completed.errors)


def session_seeds() -> Iterator[bytes]:
    yield b"1 same\n"
    yield b"12 0 5 0\nhello"
    yield b"12 1 2 3\nhello"
    yield b"Last login: now\nrcl-ready\nx"
    yield b"a" * 64 + b"\n"
