"""A timer: a program that systemd runs by the calendar. It is two unit files, of which the timer runs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import calendar, no_process, systemd_unit
from reconciler.kinds.unit_text import quoted, section, word
from reconciler.kinds.written import Account, Path, Text, Written, one_of
from reconciler.model.canonical import Json
from reconciler.model.change import Action, FieldDiff
from reconciler.model.duration import parse_duration
from reconciler.model.operation import Operation, ReloadUnits, Scope
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import CONTENT_KEY, Difference, Inputs, Rendered

NAME = "timer"
TARGET = Sort.HOST
_NEXT = "next"
_FLAGS = ("enabled", "running", "reload_pending", "restart_pending")


def _name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9:_.-]{0,199}", name) or name.endswith((".timer", ".service")):
        raise ValueError("write a name of letters, digits and : _ . - without an ending; NAME.timer is made of it")
    return name


def _schedule(schedule: str) -> str:
    if wrong := calendar.problem(schedule):
        raise ValueError(wrong)
    return schedule


def _seconds(text: str) -> str:
    if not parse_duration(text) >= parse_duration("1s"):
        raise ValueError("expected a duration of 1s or more")
    return text


def _program(argv: tuple[str, ...]) -> tuple[str, ...]:
    if any("\0" in each for each in argv):
        raise ValueError("a word cannot hold a NUL character")
    if argv and not re.fullmatch(r"(?:/|[A-Za-z0-9_])[A-Za-z0-9/._+-]*", argv[0]):
        raise ValueError(
            f"{argv[0]!r} cannot be the program: write its path, or a name that is found in the PATH of systemd"
        )
    return argv


def _folder(path: str) -> str:
    if "\\" in path or not path.isprintable():
        raise ValueError("a folder of a unit file cannot hold backslashes or control characters")
    return path


def _variables(values: dict[str, str]) -> dict[str, str]:
    for name in values:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"{name!r} cannot be the name of a variable")
    return values


class Spec(Written):
    """A program that is run by the calendar, or again and again."""

    name: Annotated[Text, AfterValidator(_name), Field(description="of the units NAME.timer and NAME.service")]
    schedule: Annotated[
        Annotated[Text, AfterValidator(_schedule)] | None,
        Field(description="a calendar expression of systemd, for example Mon..Fri 03:30"),
    ] = None
    every: Annotated[
        Annotated[Text, AfterValidator(_seconds)] | None,
        Field(description="time from one run to the next, for example 15m"),
    ] = None
    run: Annotated[
        tuple[str, ...], AfterValidator(_program), Field(min_length=1, strict=False, description="the words, no shell")
    ]
    user: Annotated[Account | None, Field(description="whom it runs as; not given: root, or the scope's user")] = None
    directory: Annotated[Path, AfterValidator(_folder)] | None = None
    environment: Annotated[dict[str, str], AfterValidator(_variables)] = Field(default_factory=dict)
    persistent: Annotated[bool, Field(description="a run that was missed is made up for at boot")] = False
    random_delay: Annotated[Text, AfterValidator(_seconds)] | None = None
    scope: Annotated[Literal["system", "user"], Field(description="whose service manager runs it")] = "system"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        one_of({"schedule": self.schedule, "every": self.every}, at_least=1)
        if self.every is not None and self.persistent:
            raise ValueError("persistent needs schedule: what is due after a time has no date that can be missed")
        if self.scope == "user" and self.user is not None:
            raise ValueError("a timer of a user runs as that user; leave user out, or take scope: system")
        if self.scope == "system" and (self.directory or "").startswith("~"):
            raise ValueError("write the directory from the root: with scope: system there is no home")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the timer with the digests of its two unit files."""
    contents = {"timer": inputs.text(_timer(spec)), "service": inputs.text(_service(spec))}
    attributes: dict[str, Json] = {
        "scope": spec.scope,
        **{name: content.digest for name, content in contents.items()},
        "enabled": True,
        "running": True,
        "reload_pending": False,
        "restart_pending": False,
    }
    folder = systemd_unit.FOLDER[Scope(spec.scope)]
    return Rendered(
        name=spec.name,
        attributes=attributes,
        contents=contents,
        claims=tuple(f"{folder}/{spec.name}.{name}" for name in contents),
        of_user=spec.scope == "user",
    )


def _timer(spec: Spec) -> str:
    when = [("OnCalendar", spec.schedule), ("OnActiveSec", _span(spec.every)), ("OnUnitActiveSec", _span(spec.every))]
    more = [("Persistent", "true" if spec.persistent else None), ("RandomizedDelaySec", _span(spec.random_delay))]
    return "\n".join(
        (
            section("Unit", [("Description", f"When {spec.name} runs")]),
            section("Timer", [*when, *more, ("AccuracySec", "1s")]),
            section("Install", [("WantedBy", "timers.target")]),
        )
    )


def _service(spec: Spec) -> str:
    folder = None if spec.directory is None else spec.directory.replace("%", "%%")
    if folder is not None and folder.startswith("~"):
        folder = "%h" + folder[1:]
    settings = [
        ("Type", "oneshot"),
        ("User", None if spec.user is None else spec.user.replace("%", "%%")),
        ("WorkingDirectory", folder),
        *(("Environment", quoted(f"{name}={value}")) for name, value in sorted(spec.environment.items())),
        ("ExecStart", " ".join((spec.run[0], *(word(each) for each in spec.run[1:])))),
    ]
    return section("Unit", [("Description", f"{spec.name}, run by its timer")]) + "\n" + section("Service", settings)


def _span(text: str | None) -> str | None:
    return None if text is None else f"{parse_duration(text).total_seconds():g}s"


def _units(resource: Resource) -> dict[str, Resource]:
    """The two units as the kind of units sees them."""
    found = {}
    for name in ("service", "timer"):
        flags = _FLAGS if name == "timer" else ("reload_pending",)
        attributes = {"scope": resource.attributes["scope"], "content": resource.attributes.get(name)}
        attributes |= {flag: resource.attributes.get(flag) for flag in flags}
        identity = replace(resource.id, kind=systemd_unit.NAME, name=f"{resource.id.name}.{name}")
        contents = {"content": resource.contents[name]} if name in resource.contents else {}
        found[name] = Resource(id=identity, attributes=attributes, contents=contents)
    return found


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print what systemd knows of both units, and their files."""
    return f"\necho {_NEXT}\n".join(systemd_unit.probe(unit, {}) for unit in _units(resource).values())


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what was printed of both units."""
    if list(answer).count(_NEXT) != 1:
        raise ValueError("the probe did not tell of two units")
    cut = list(answer).index(_NEXT)
    units = _units(resource)
    seen = {
        "service": systemd_unit.parse(units["service"], answer[:cut]),
        "timer": systemd_unit.parse(units["timer"], answer[cut + 1 :]),
    }
    there = {name: dict(each.attributes) for name, each in seen.items() if isinstance(each, Present)}
    return Present(_flat(there)) if there else Absent()


def _flat(there: dict[str, dict[str, Json]]) -> dict[str, Json]:
    shown = [value for each in there.values() if (value := each.pop(CONTENT_KEY, None)) is not None]
    timer = there.get("timer", {})
    return {
        **{name: there.get(name, {}).get("content") for name in ("service", "timer")},
        **{flag: timer.get(flag, False) for flag in _FLAGS},
        "reload_pending": any(each["reload_pending"] for each in there.values()),
        "units": there,
        **({CONTENT_KEY: shown[-1]} if shown else {}),
    }


def _parts(resource: Resource, seen: Present | Absent) -> list[tuple[str, Resource, Present | Absent]]:
    """Both units with what was seen of each; the service first, since the timer needs it."""
    there = seen.attributes.get("units") if isinstance(seen, Present) else None
    found = there if isinstance(there, Mapping) else {}
    each = {name: part for name, part in found.items() if isinstance(part, Mapping)}
    return [(name, unit, Present(each[name]) if name in each else Absent()) for name, unit in _units(resource).items()]


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs in either unit; what cannot be used as a unit is a Conflict."""
    found: dict[str, FieldDiff] = {}
    replaces: list[str] = []
    for name, unit, part in _parts(resource, seen):
        differs = systemd_unit.diff(unit, part)
        replaces += differs.replaces if differs else ()
        for field in differs.fields if differs else ():
            path = name if field.path == "content" else field.path
            found.setdefault(path, replace(field, path=path))
    if not found:
        return None
    action = Action.UPDATE if isinstance(seen, Present) else Action.CREATE
    return Difference(action=action, fields=tuple(found.values()), replaces=tuple(replaces))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Write the files, reload once, enable the timer and start it, or start it anew."""
    return _once([op for _, unit, part in _parts(resource, seen) for op in systemd_unit.commands(unit, part, {})])


def _once(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    reload = [place for place, op in enumerate(operations) if isinstance(op, ReloadUnits)]
    kept = [op for place, op in enumerate(operations) if place not in reload[:-1]]
    return tuple(op for place, op in enumerate(kept) if op not in kept[:place])


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Stop and disable the timer, then take away both files."""
    parts = reversed(_parts(resource, seen))
    return _once([op for _, unit, part in parts for op in systemd_unit.removal(unit, part)])


restart = no_process.restart
