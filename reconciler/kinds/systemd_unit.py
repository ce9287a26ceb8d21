"""A systemd unit: its file, whether it is enabled, whether it runs, and whether it runs with what is on disk."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import compare, file, unit_state, watched
from reconciler.kinds.watched import Ref
from reconciler.kinds.written import Text, Written, one_of
from reconciler.model.change import Action, FieldDiff
from reconciler.model.content import Content
from reconciler.model.operation import (
    ControlUnit,
    MakeDirectory,
    Operation,
    ReloadUnits,
    RemoveFile,
    Scope,
    UnitVerb,
    WriteFile,
)
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Conflict, Difference, Inputs, Rendered, Stopping
from reconciler.ports.shell import quote, quote_path

NAME = "systemdUnit"
TARGET = Sort.HOST
_COMPARED = ("content", "enabled", "running", "reload_pending", "restart_pending")
FOLDER = {Scope.SYSTEM: "/etc/systemd/system", Scope.USER: "~/.config/systemd/user"}
"""Where the unit files of each service manager are that are ours."""
_USER_FOLDERS = ("~/.config", "~/.config/systemd", "~/.config/systemd/user")
_SUFFIXES = "service|timer|socket|path|mount|target"
_NOT_ENABLEABLE = ("static", "generated", "transient")


def _unit(name: str) -> str:
    if not re.fullmatch(rf"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*\.({_SUFFIXES})", name) or len(name) > 200:
        endings = ", ".join("." + suffix for suffix in _SUFFIXES.split("|"))
        raise ValueError(f"write a unit's whole name, for example shop.service; it ends in one of {endings}")
    return name


class Spec(Written):
    """A systemd unit on a host."""

    name: Annotated[Text, AfterValidator(_unit)]
    content: Annotated[str | None, Field(description="the unit file's text itself")] = None
    template: Annotated[Text | None, Field(description="a Jinja2 template in the repository")] = None
    file: Annotated[Text | None, Field(description="a file in the repository, taken as it is")] = None
    enabled: Annotated[bool | None, Field(description="starts at boot; not given: left alone")] = None
    running: Annotated[bool | None, Field(description="runs now; not given: left alone")] = None
    restart_on: Annotated[
        tuple[Ref, ...], Field(strict=False, description="resources of the app that it reads when it starts")
    ] = ()
    user: Annotated[bool, Field(description="a unit of the user reconciler connects as")] = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        one_of({"content": self.content, "template": self.template, "file": self.file}, at_least=0)
        managed = (self.content, self.template, self.file, self.enabled, self.running)
        if all(value is None for value in managed):
            raise ValueError("say what to do with the unit: give a unit file, enabled or running")
        if self.restart_on and not self.running:
            raise ValueError("restartOn needs running: true; only what shall run is restarted")
        if unit_state.is_template(self.name) and (self.running is not None or self.enabled is not None):
            raise ValueError(
                "a template unit is only a file; say enabled and running of an instance, for example worker@1.service"
            )
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the unit with its file's digest; raise InputError."""
    content = _content(spec, inputs)
    attributes: dict[str, str | bool] = {"scope": Scope.USER.value if spec.user else Scope.SYSTEM.value}
    if content is not None:
        attributes["content"] = content.digest
        if not unit_state.is_template(spec.name):
            attributes["reload_pending"] = False
    if spec.enabled is not None:
        attributes["enabled"] = spec.enabled
    if spec.running is not None:
        attributes["running"] = spec.running
    if spec.running and (content is not None or spec.restart_on):
        attributes["restart_pending"] = False
    contents = {} if content is None else {"content": content}
    claims = () if content is None else (f"{FOLDER[Scope.USER if spec.user else Scope.SYSTEM]}/{spec.name}",)
    return Rendered(
        name=spec.name,
        attributes=attributes,
        contents=contents,
        restart_on=spec.restart_on,
        claims=claims,
        of_user=spec.user,
    )


def _content(spec: Spec, inputs: Inputs) -> Content | None:
    if spec.template is not None:
        return inputs.template(spec.template, {})
    if spec.file is not None:
        return inputs.file(spec.file)
    return None if spec.content is None else inputs.text(spec.content)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print what systemd knows of the unit, and its file."""
    lines = []
    if not unit_state.is_template(resource.id.name):
        watched = _inputs(resource, siblings) if "restart_pending" in resource.attributes else ()
        paths = [quote_path(path) for path in watched]
        lines.append(" ".join(["rcl_systemd", f"--{_scope(resource).value}", quote(resource.id.name), *paths]))
    if "content" in resource.contents:
        lines.append(file.shown(resource, _file(resource)))
    return "\n".join(lines)


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_systemd`` and ``rcl_file`` printed."""
    found = unit_state.attributes(resource, answer)
    return Absent() if found is None else Present(found)


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs. A masked unit that shall be used, and one that cannot be enabled, are Conflicts."""
    if isinstance(seen, Present):
        if conflict := _conflict(resource, seen):
            raise conflict
        found = _there(resource, seen)
        update = Difference(action=Action.UPDATE, fields=found) if found else None
        return compare.replacing(update, _file(resource), ("content",))
    # A unit that is not there is neither enabled nor running, and owes no restart.
    wanted = [field for field in compare.fields(resource, seen, _COMPARED) if field.after is not False]
    return Difference(action=Action.CREATE, fields=tuple(wanted)) if wanted else None


def _there(resource: Resource, seen: Present) -> tuple[FieldDiff, ...]:
    # None is a unit on its way, or a word that has no meaning for it: neither is a difference.
    names = [name for name in _COMPARED if name == "content" or seen.attributes.get(name) is not None]
    found = compare.fields(resource, seen, names)
    if seen.attributes["state"] != "failed":
        return found
    return tuple(replace(field, before="failed") if field.path == "running" else field for field in found)


def _conflict(resource: Resource, seen: Present) -> Conflict | None:
    name, target, there = resource.id.name, resource.id.target, seen.attributes
    used = [word for word in ("content", "enabled", "running") if resource.attributes.get(word)]
    if unit_state.MASKED in (there["load"], there["unit_file_state"]) and used:
        return Conflict(f"{name} is masked on {target}: somebody wants it not to run; unmask it by hand to use it")
    if there.get("type", "file") not in ("file", "symlink"):
        return compare.in_the_way(resource, _file(resource), there["type"], "file")
    changes = compare.fields(resource, seen, ("content", "reload_pending"))
    if resource.attributes.get("enabled") and there["unit_file_state"] in _NOT_ENABLEABLE and not changes:
        return Conflict(
            f"{name} on {target} is {there['unit_file_state']}: its unit file has no [Install] section, so it cannot "
            "be enabled; add one, or leave enabled out"
        )
    return None


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Write the file, reload, enable or disable, and at last start, restart or stop."""
    return (*_write(resource, seen), *_enable(resource, seen), *_run(resource, seen, siblings))


def _write(resource: Resource, seen: Present | Absent) -> Iterator[Operation]:
    there = seen.attributes if isinstance(seen, Present) else {}
    scope, content = _scope(resource), resource.contents.get("content")
    if content is not None and compare.fields(resource, seen, ("content",)):
        if scope is Scope.USER and "content" not in there:
            yield from (MakeDirectory(folder, "0755") for folder in _USER_FOLDERS)
        yield WriteFile(_file(resource), content, "0644")
        yield ReloadUnits(scope)
    elif there.get("reload_pending", True):
        yield ReloadUnits(scope)


def _enable(resource: Resource, seen: Present | Absent) -> Iterator[Operation]:
    there = seen.attributes.get("enabled", False) if isinstance(seen, Present) else False
    wanted = resource.attributes.get("enabled")
    if wanted is not None and there is not None and wanted != there:
        yield ControlUnit(resource.id.name, _scope(resource), UnitVerb.ENABLE if wanted else UnitVerb.DISABLE)


def _run(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> Iterator[Operation]:
    there = seen.attributes if isinstance(seen, Present) else {}
    wanted, runs = resource.attributes.get("running"), there.get("running", False)
    name, scope = resource.id.name, _scope(resource)
    if wanted is False and runs is not False:
        yield ControlUnit(name, scope, UnitVerb.STOP)
    elif wanted and runs is False:
        yield ControlUnit(name, scope, UnitVerb.START, _inputs(resource, siblings))
    elif wanted and compare.fields(resource, seen, ("content", "restart_pending")):
        yield from restart(resource, siblings)


def restart(resource: Resource, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Return the restart of a unit that shall run, () for one that is not ours to run."""
    if not resource.attributes.get("running"):
        return ()
    inputs = _inputs(resource, siblings)
    return (ControlUnit(resource.id.name, _scope(resource), UnitVerb.RESTART, inputs),)


def stopping(resource: Resource, seen: Present) -> Stopping | None:
    """Return the stop of a unit that runs and shall run: it is started again when it is as it shall be."""
    if not resource.attributes.get("running") or not seen.attributes.get("running"):
        return None
    after = {**seen.attributes, "running": False, "restart_pending": False}
    return Stopping(operations=(ControlUnit(resource.id.name, _scope(resource), UnitVerb.STOP),), after=Present(after))


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Stop, disable and remove a unit whose file is ours. One that came from elsewhere is left as it is."""
    if "content" not in resource.attributes or not isinstance(seen, Present):
        return ()
    return tuple(_taken_away(resource, seen))


def _taken_away(resource: Resource, seen: Present) -> Iterator[Operation]:
    name, scope = resource.id.name, _scope(resource)
    if seen.attributes["running"] is not False:
        yield ControlUnit(name, scope, UnitVerb.STOP)
    if seen.attributes["enabled"]:
        yield ControlUnit(name, scope, UnitVerb.DISABLE)
    if seen.attributes.get("type") == "file":
        yield RemoveFile(_file(resource))
        yield ReloadUnits(scope)


def _scope(resource: Resource) -> Scope:
    return Scope(str(resource.attributes.get("scope", Scope.SYSTEM.value)))


def _file(resource: Resource) -> str:
    return f"{FOLDER[_scope(resource)]}/{resource.id.name}"


def _inputs(resource: Resource, siblings: Mapping[str, Resource]) -> tuple[str, ...]:
    """Return the paths that the unit reads when it starts: its own file, and what stands for each of ``restart_on``."""
    own = [_file(resource)] if "content" in resource.attributes else []
    return tuple(dict.fromkeys([*own, *watched.paths(resource, siblings)]))
