"""Resources → one script that asks for all of them, and its answer → observations. Pure."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.model.canonical import Digest, Json, digest_bytes
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Absent, Observation, Present, Resource, Survey, Unknown
from reconciler.ports.errors import Broken
from reconciler.ports.kind import CONTENT_KEY, REASON, Kind
from reconciler.ports.secrets import Secrets
from reconciler.ports.shell import Script
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


def compose(resources: Sequence[Resource], probes: Probes) -> Script:
    """Return the one script that asks for all resources, in their order."""
    refs: dict[tuple[str, str], dict[str, Resource]] = {}
    for resource in resources:
        refs.setdefault((str(resource.id.unit), resource.id.target), {})[resource.id.ref] = resource
    asked = []
    for resource in resources:
        siblings = refs[str(resource.id.unit), resource.id.target]
        probe = probes.kinds[resource.id.kind].probe(resource, siblings)
        asked.append(f"rcl_probe() (\n{probe}\n)\nrcl_frame")
    questions = "\n".join(asked)
    return Script(text=compact(needed(probes.prelude, questions)) + STATE + _FRAMES + questions)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one probe printed, and its status."""

    status: int
    output: str
    errors: str


def split(output: bytes, count: int) -> tuple[Answer, ...]:
    """Return the answers, in order; raise Broken when there are not exactly that many."""
    answers = []
    rest = output
    for _ in range(count):
        head, newline, rest = rest.partition(b"\n")
        try:
            status, printed, complained = (int(word) for word in head.split(b" "))
        except ValueError:
            raise Broken(f"the host's answer makes no sense: {head[:80]!r}") from None
        end = printed + complained
        if not newline or rest[end : end + 1] != b"\n":
            raise Broken("the host's answer was cut off")
        shown, errors = rest[:printed].decode(errors="surrogateescape"), rest[printed:end].decode(errors="replace")
        answers.append(Answer(status, shown, errors))
        rest = rest[end + 1 :]
    return tuple(answers)


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
        return Unknown(f"cannot look at {resource.id.ref}: {why}")
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
