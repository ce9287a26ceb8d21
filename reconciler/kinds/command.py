"""A command that runs when something says that it has to, and not again once that is satisfied."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import compare, look, watched
from reconciler.kinds.watched import Ref
from reconciler.kinds.written import Account, Path, Text, Written, one_of
from reconciler.model.canonical import Json, digest
from reconciler.model.change import Action, FieldDiff
from reconciler.model.duration import parse_duration
from reconciler.model.operation import Operation, RecordRun, RunCommand
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.shell import quote, quote_path

NAME = "command"
TARGET = Sort.HOST
_LINES = ("absent", "stat", "owner", "group", "to", "unless", "record", "inputs")
_STILL_MISSING = '[ -e "$1" ] || [ -L "$1" ] || { echo "it ran, but $1 is still not there"; exit 1; }'
_STILL_NO = '"$@" >/dev/null 2>&1 || { echo "it ran, but $1 still ends with status $?"; exit 1; }'
_LONGEST = timedelta(hours=1)


def _name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name, re.ASCII):
        raise ValueError("write a short name of letters, digits and . _ -")
    return name


def _limit(text: str) -> str:
    if not timedelta(seconds=1) <= parse_duration(text) <= _LONGEST:
        raise ValueError("write a time between 1s and 1h")
    return text


def _word(word: str) -> str:
    if "\0" in word:
        raise ValueError("a word cannot hold a NUL character")
    return word


def _words(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words or not words[0]:
        raise ValueError("name a program first, then its words, each an entry of the list")
    return words


def _variables(variables: dict[str, str]) -> dict[str, str]:
    for name in variables:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name, re.ASCII):
            raise ValueError(f"{name!r} cannot be the name of a variable")
    return variables


Argv = Annotated[tuple[Annotated[str, AfterValidator(_word)], ...], Field(strict=False), AfterValidator(_words)]


class Spec(Written):
    """A command on a host."""

    name: Annotated[Text, AfterValidator(_name)]
    run: Annotated[Argv | None, Field(description="the program and its words; no shell reads them")] = None
    script: Annotated[Text | None, Field(description="a text for sh instead")] = None
    creates: Annotated[Path | None, Field(description="it runs when nothing is there")] = None
    unless: Annotated[Argv | None, Field(description="it runs when this ends with another status than 0")] = None
    on_change: Annotated[tuple[Ref, ...], Field(strict=False, description="it runs when one of these changes")] = ()
    user: Annotated[Account | None, Field(description="runs it and unless; not given: who everything is done as")] = (
        None
    )
    directory: Annotated[Path | None, Field(description="where it runs; not given: /")] = None
    environment: Annotated[dict[str, Annotated[str, AfterValidator(_word)]], AfterValidator(_variables)] = Field(
        default_factory=dict
    )
    undo: Annotated[Argv | None, Field(description="takes it back when the change it is part of fails")] = None
    limit: Annotated[Text, AfterValidator(_limit), Field(description="how long it may take")] = "4m"

    @model_validator(mode="after")
    def _ends(self) -> Self:
        one_of({"run": self.run, "script": self.script}, at_least=1)
        if self.creates is None and self.unless is None and not self.on_change:
            raise ValueError("say when it has to run: give creates, unless or onChange; without, it would run for ever")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the command; raise InputError."""
    run = spec.run or ("sh", "-c", spec.script or "", spec.name)
    attributes: dict[str, Json] = {"state": "done", "run": list(run), "limit": spec.limit}
    attributes |= compare.optional(creates=spec.creates, user=spec.user, directory=spec.directory)
    lists = {"unless": spec.unless, "undo": spec.undo}
    attributes |= {name: list(words) for name, words in lists.items() if words is not None}
    if spec.environment:
        attributes["environment"] = spec.environment
    return Rendered(name=spec.name, attributes=attributes, restart_on=spec.on_change)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print what stands for creates, what unless says, and with what it has run last."""
    lines = []
    if creates := compare.managed(resource, "creates"):
        lines.append(f"rcl_entry {quote_path(creates)}")
    if unless := _list(resource, "unless"):
        words = " ".join(quote(word) for word in unless)
        lines.append(f"rcl_said=$(rcl_asked {quote(compare.managed(resource, 'user') or '')} {words}) || {{")
        lines.append("printf '%s\\n' \"$rcl_said\"; exit 1; }")
        lines.append("printf 'unless %s\\n' \"$rcl_said\"")
    if resource.restart_on:
        paths = "".join(f" {quote_path(path)}" for path in watched.paths(resource, siblings))
        lines.append(f"rcl_command {quote(resource.id.name)}")
        lines.append(f"rcl_said=$(rcl_inputs_digest{paths}) || {{ printf '%s\\n' \"$rcl_said\"; exit 1; }}")
        # What the resources are to be counts too: not all of them can be seen at a path.
        lines.append(f"printf 'inputs %s %s\\n' {quote(_of(resource, siblings))} \"$rcl_said\"")
    return "\n".join(lines)


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what the probe printed: Absent when it has to run, outdated when it has run with something else."""
    lines = look.words(answer, _LINES)
    if "creates" in resource.attributes and look.entry(lines) is None:
        return Absent()
    if "unless" in resource.attributes and lines.get("unless") not in ("yes", "no"):
        raise ValueError("the probe did not say what unless says")
    if lines.get("unless") == "no":
        return Absent()
    if not resource.restart_on:
        return Present({"state": "done"})
    if not re.fullmatch(r"sha256:[0-9a-f]{64} [0-9a-f]{64}", lines.get("inputs", "")):
        raise ValueError("the probe did not say what the inputs are")
    if "record" not in lines and not {"creates", "unless"} & resource.attributes.keys():
        return Absent()
    return Present({"state": "done" if lines.get("record") == lines["inputs"] else "outdated"})


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return that it has to run, and why it has to."""
    if isinstance(seen, Absent):
        return Difference(action=Action.CREATE, fields=(FieldDiff(path="state", before=None, after="done"),))
    return compare.difference(resource, seen, ("state",))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Run it, ask again whether it is satisfied now, and write down with what it ran."""
    return tuple(_ran(resource, siblings))


def restart(resource: Resource, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Run it because something in onChange changes."""
    return tuple(_ran(resource, siblings))


def _ran(resource: Resource, siblings: Mapping[str, Resource]) -> Iterator[Operation]:
    what, user = f"run {resource.id.name}", compare.managed(resource, "user")
    limit, directory = parse_duration(str(resource.attributes["limit"])), compare.managed(resource, "directory")
    environment = resource.attributes.get("environment", {})
    assert isinstance(environment, Mapping)
    yield RunCommand(
        what=what,
        argv=_list(resource, "run"),
        undo=_list(resource, "undo"),
        environment=tuple((name, str(value)) for name, value in sorted(environment.items())),
        user=user,
        directory=directory,
        limit=limit,
    )
    if creates := compare.managed(resource, "creates"):
        yield RunCommand(what=what, argv=("sh", "-c", _STILL_MISSING, "sh", _seen_from_home(creates)), directory="~")
    if unless := _list(resource, "unless"):
        yield RunCommand(what=what, argv=("sh", "-c", _STILL_NO, "sh", *unless), user=user)
    if resource.restart_on:
        yield RecordRun(resource.id.name, _of(resource, siblings), watched.paths(resource, siblings))


def _seen_from_home(path: str) -> str:
    """The words of a program know no ~, but the program runs there."""
    return "./" + path[2:] if path.startswith("~/") else path


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Forget that it has run; what it did stays, for nobody can tell what that was."""
    return (RecordRun(resource.id.name),) if resource.restart_on and isinstance(seen, Present) else ()


def _of(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """One digest over what is run and over what the resources of onChange are to be."""
    wanted = {ref: siblings[ref].digest for ref in resource.restart_on if ref in siblings}
    own = {name: resource.attributes.get(name) for name in ("run", "user", "directory", "environment")}
    return digest({"wanted": wanted, "own": own})


def _list(resource: Resource, name: str) -> tuple[str, ...]:
    value = resource.attributes.get(name, ())
    assert isinstance(value, Sequence)
    return tuple(str(word) for word in value)
