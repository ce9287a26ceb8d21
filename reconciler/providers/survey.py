"""Resources → one script that asks for all of them, and its answer → observations. Pure."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.canonical import Digest, Json, digest_bytes
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.ports.errors import Broken
from reconciler.ports.kind import CONTENT_KEY, REASON, Kind
from reconciler.ports.look import Look
from reconciler.ports.secrets import Secrets
from reconciler.providers.looks import LIBRARY, Answer, alone, apart, tame, together
from reconciler.providers.sh_source import compact, needed
from reconciler.providers.transaction.library import STATE


@dataclass(frozen=True, slots=True)
class Probes:
    """The kinds by the word people write, and the sh functions that their probes call."""

    kinds: Mapping[str, Kind]
    prelude: str


# An answer goes out with its length before it, so that nothing in it can be taken for another one. What a probe that
# failed had to say is asked for by running it again: it costs nothing while all is well.
_FRAMES = compact("""\
exec </dev/null
rcl_frame() {
    rcl_answer=$(rcl_probe 2>/dev/null); rcl_status=$?
    rcl_errors=
    [ "$rcl_status" = 0 ] || rcl_errors=$(rcl_probe 2>&1 >/dev/null)
    printf '%s %s %s\\n%s%s\\n' "$rcl_status" "${#rcl_answer}" "${#rcl_errors}" "$rcl_answer" "$rcl_errors"
}
""")
_END = b"end"
_HEAD = re.compile(rb"([0-9]{1,18}) ([0-9]{1,18}) ([0-9]{1,18})")
# So many names fit among the arguments of one program, however long they are.
_TOGETHER = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What a host is asked: the script, and for each frame of its answer which of the resources it is about.

    A frame about several is that of paths that are looked at together.
    """

    text: str
    frames: tuple[tuple[int, ...], ...]
    looks: Mapping[int, Look]


def compose(resources: Sequence[Resource], probes: Probes) -> Asked:
    """Return the one script that asks for all resources: paths together, everything else one by one before them.

    What watches others (``restart_on``) is asked before what it watches. A look takes its time: what somebody changes
    during it is then seen where it was changed. The other way round only what follows from it would be seen, and a
    program would be run anew with what is about to be put back, and once more after that.
    """
    texts: dict[int, str] = {}
    looks: dict[int, Look] = {}
    paths: set[str] = set()
    for index, (resource, siblings) in enumerate(_with_siblings(resources)):
        match probes.kinds[resource.id.kind].probe(resource, siblings):
            case Look() as look if tame(look) and look.path not in paths:
                looks[index] = look
                paths.add(look.path)
            case Look() as look:
                texts[index] = alone(look)
            case str() as text:
                texts[index] = text
            case other:
                raise TypeError(f"internal error: a host cannot be asked for {other}")
    batches = list(_batches(tuple(looks)))
    alones = [index for index in _watchers_first(resources) if index in texts]
    asked = [*(texts[index] for index in alones), *(together([looks[index] for index in batch]) for batch in batches)]
    questions = "\n".join(f"rcl_probe() {{\n{each}\n}}\nrcl_frame" for each in asked)
    functions = compact(needed(f"{LIBRARY}{probes.prelude}", questions))
    state = STATE if "STATE" in functions else ""
    text = f"{functions}{state}{_FRAMES}{questions}\necho {_END.decode()}"
    return Asked(text, (*((index,) for index in alones), *batches), looks)


def _with_siblings(resources: Sequence[Resource]) -> Iterator[tuple[Resource, Mapping[str, Resource]]]:
    refs: dict[tuple[str, str], dict[str, Resource]] = {}
    for resource in resources:
        refs.setdefault((str(resource.id.unit), resource.id.target), {})[resource.id.ref] = resource
    for resource in resources:
        yield resource, refs[str(resource.id.unit), resource.id.target]


def _watchers_first(resources: Sequence[Resource]) -> Sequence[int]:
    """Return their places, each before those it watches, otherwise as they were."""
    places = {resource.id: index for index, resource in enumerate(resources)}
    watched = [
        [places[siblings[ref].id] for ref in resource.restart_on if ref in siblings]
        for resource, siblings in _with_siblings(resources)
    ]
    known: set[int] = set()
    last_first: list[int] = []

    def visit(index: int) -> None:
        if index not in known:
            known.add(index)
            for each in watched[index]:
                visit(each)
            last_first.append(index)

    for index in reversed(range(len(resources))):
        visit(index)
    return last_first[::-1]


def _batches(indices: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    for start in range(0, len(indices), _TOGETHER):
        yield indices[start : start + _TOGETHER]


def split(output: bytes, asked: Asked) -> tuple[Answer, ...]:
    """Return the answers in the order of the resources; raise Broken when there are not exactly that many."""
    answers: dict[int, Answer] = {}
    rest = output
    for indices in asked.frames:
        answer, rest = _frame(rest)
        if indices[0] in asked.looks:
            answers.update(zip(indices, apart([asked.looks[index] for index in indices], answer), strict=True))
        else:
            answers[indices[0]] = answer
    if rest.rstrip() != _END:
        raise Broken("the host's answer was cut off")
    return tuple(answers[index] for index in range(len(answers)))


def _frame(output: bytes) -> tuple[Answer, bytes]:
    head, newline, rest = output.partition(b"\n")
    found = _HEAD.fullmatch(head)
    if found is None:
        raise Broken(f"the host's answer makes no sense: {head[:80]!r}")
    status, printed, complained = (int(number) for number in found.groups())
    end = printed + complained
    if not newline or rest[end : end + 1] != b"\n":
        raise Broken("the host's answer was cut off")
    shown, errors = rest[:printed].decode(errors="surrogateescape"), rest[printed:end].decode(errors="replace")
    return Answer(status, shown, errors), rest[end + 1 :]


def read(resources: Sequence[Resource], answers: Sequence[Answer], probes: Probes, secrets: Secrets) -> Survey:
    """Return what was seen."""
    observations: dict[ResourceId, Observation] = {}
    contents: dict[Digest, bytes] = {}
    for resource, answer in zip(resources, answers, strict=True):
        seen = _observation(resource, answer, probes.kinds[resource.id.kind])
        if isinstance(seen, Present):
            data = _shown(resource, seen)
            if data is not None:
                contents[digest_bytes(data)] = data
            seen = replace(seen, attributes=dict(_attributes(resource, seen, secrets)))
        observations[resource.id] = seen
    return Survey(observations, contents)


def unseen(resources: Sequence[Resource], reason: str) -> Survey:
    """Return a survey that saw nothing."""
    return Survey({resource.id: Unknown(reason) for resource in resources})


def _observation(resource: Resource, answer: Answer, kind: Kind) -> Present | Absent | Unknown:
    lines = answer.output.removesuffix("\n").split("\n") if answer.output else []
    if answer.status != 0:
        said = lines[-1].removeprefix(REASON) if lines and lines[-1].startswith(REASON) else ""
        errors = answer.errors.strip().splitlines()
        why = said or (errors[-1] if errors else f"its probe ended with status {answer.status}")
        # Bytes that are not UTF-8 are surrogates here, which no text may hold that is stored or printed.
        shown = why.encode(errors="backslashreplace").decode()
        return Unknown(f"cannot look at {resource.id.ref}: {shown}")
    try:
        return kind.parse(resource, lines)
    except ValueError as error:
        return Unknown(f"cannot understand what the host says about {resource.id.ref}: {error}")


def _shown(resource: Resource, seen: Present) -> bytes | None:
    encoded = seen.attributes.get(CONTENT_KEY)
    if not isinstance(encoded, str) or any(content.secret for content in resource.contents.values()):
        return None
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return None


def _attributes(resource: Resource, seen: Present, secrets: Secrets) -> Iterator[tuple[str, Json]]:
    for name, value in seen.attributes.items():
        if name == CONTENT_KEY:
            continue
        content = resource.contents.get(name)
        hide = content is not None and content.secret and isinstance(value, str) and value.startswith("sha256:")
        yield name, secrets.keyed(value) if hide and isinstance(value, str) else value
