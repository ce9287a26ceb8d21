"""What was seen of resources and targets, for people and for programs."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from reconciler.cli.render.lines import Lines
from reconciler.cli.render.words import ago, value
from reconciler.control.clean import clean
from reconciler.model.canonical import Json
from reconciler.model.identity import ResourceId
from reconciler.model.resource import Absent, Observation, Present, Unknown
from reconciler.model.sighting import Facts, Sighting
from reconciler.policy.sighted import fits


class NothingNamed(Exception):
    """There is nothing of that name. The text says so, with the nearest one that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of one resource, or what a target said of itself (``present``); ``trouble`` came since then."""

    name: str
    observation: Observation
    at: datetime
    now: datetime
    trouble: str = ""

    @property
    def age(self) -> float:
        """How old it is, in seconds."""
        return max(0.0, (self.now - self.at).total_seconds())


def matching(sightings: Sequence[Sighting], what: str, now: datetime) -> tuple[Seen, ...]:
    """Return what was seen of the resources that the text names; raise NothingNamed when there is none."""
    each = [
        (ResourceId(seen.unit, seen.target, *ref.split(":", 1)), seen, one)
        for seen in sightings
        for ref, one in seen.seen.items()
    ]
    found = tuple(
        Seen(name=str(resource), observation=one, at=seen.at, now=now, trouble=seen.trouble)
        for resource, seen, one in each
        if fits(what, resource)
    )
    if not found:
        raise NothingNamed(f"nothing that was looked at is named {clean(what)}; {_hint(what, each)}")
    return found


def facts_seen(facts: Sequence[Facts], what: str, now: datetime) -> tuple[Seen, ...]:
    """Return what the target of that name said of itself; raise NothingNamed when nobody has asked it."""
    found = [each for each in facts if each.target == what]
    if not found:
        near = difflib.get_close_matches(what, [each.target for each in facts], n=1)
        hint = f"did you mean {near[0]}?" if near else "the name of a resource has an @ in it"
        raise NothingNamed(f"nothing is known of a target {clean(what)}; {hint}")
    return tuple(Seen(name=each.target, observation=Present({}, each.facts), at=each.at, now=now) for each in found)


def as_value(seen: Seen) -> Mapping[str, Json]:
    """Return what a condition may ask of it."""
    there = seen.observation if isinstance(seen.observation, Present) else Present({})
    return {
        "present": isinstance(seen.observation, Present),
        "attributes": there.attributes,
        "status": there.status,
        "age": seen.age,
    }


def seen_json(found: Sequence[Seen]) -> list[dict[str, Any]]:
    """Return it as JSON values; times are RFC 3339, ages in seconds."""
    return [
        {
            "name": each.name,
            "state": each.observation.state,
            **{key: as_value(each)[key] for key in ("attributes", "status")},
            "reason": each.observation.reason if isinstance(each.observation, Unknown) else "",
            "seenAt": each.at.isoformat(),
            "ageSeconds": round(each.age, 3),
            "trouble": each.trouble,
        }
        for each in found
    ]


def seen_text(found: Sequence[Seen], width: int = 80) -> Text:
    """Return it for a person: a heading for each, then what it says of itself, then how it looks."""
    lines = Lines(width)
    for each in found:
        lines.gap()
        lines.add((clean(each.name), "bold"), f"  {_state(each.observation)}, seen {ago(each.at, each.now)}")
        if each.trouble:
            lines.prose(f"it could not be looked at since then: {clean(each.trouble)}", "  ", "  ")
        if isinstance(each.observation, Present):
            told = [*_flat(each.observation.status), *_flat(each.observation.attributes)]
            widest = max((len(name) for name, _ in told), default=0)
            for name, said in told:
                lines.add(f"  {clean(name):<{widest}}  {said}")
    return lines.text()


def _state(seen: Observation) -> str:
    match seen:
        case Present():
            return "there"
        case Absent():
            return "not there"
        case Unknown():
            return f"not known ({clean(seen.reason)})"


def _flat(fields: Mapping[str, Json], below: str = "") -> Iterator[tuple[str, str]]:
    for name, one in sorted(fields.items()):
        if isinstance(one, Mapping) and one:
            yield from _flat(one, f"{below}{name}.")
        else:
            yield f"{below}{name}", value(one)


def _hint(what: str, known: Sequence[tuple[ResourceId, Sighting, Observation]]) -> str:
    names = [str(resource) for resource, _, _ in known]
    near = difflib.get_close_matches(what, [*names, *{str(each.unit) for each, _, _ in known}], n=1, cutoff=0.5)
    if near:
        return f"did you mean {near[0]}?"
    return "nothing was looked at yet" if not names else "reconciler status names the units"
