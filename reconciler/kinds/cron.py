"""A job of cron: one file in /etc/cron.d."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import crontab, file, no_process
from reconciler.kinds.written import Account, Text, Written
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.look import Look

NAME = "cron"
TARGET = Sort.HOST
_LONGEST = 950
_HEAD = """\
# Written by reconciler; what is changed here is put back.
SHELL=/bin/sh
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
"""


def _name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", name):
        raise ValueError("write a name of letters, digits, _ and -: cron leaves files alone that have others in theirs")
    return name


def _schedule(schedule: str) -> str:
    if wrong := crontab.problem(schedule):
        raise ValueError(wrong)
    return schedule


def _words(words: tuple[str, ...]) -> tuple[str, ...]:
    for each in words:
        if not each.replace("\t", " ").isprintable():
            raise ValueError(f"a job of cron is one line: {each!r} has a control character in it")
    if words and (not words[0] or "=" in words[0]):
        raise ValueError(f"{words[0]!r} cannot be the program")
    return words


def _account(name: str) -> str:
    if re.search(r"\s", name):
        raise ValueError("the name of an account of cron has no spaces")
    return name


def _variables(values: dict[str, str]) -> dict[str, str]:
    for name in values:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"{name!r} cannot be the name of a variable")
    _words(("env", *values.values()))
    return values


class Spec(Written):
    """A program that cron runs."""

    name: Annotated[Text, AfterValidator(_name), Field(description="of the file /etc/cron.d/reconciler-NAME")]
    schedule: Annotated[
        Text, AfterValidator(_schedule), Field(description="five fields, or @daily and the like; in the host's time")
    ]
    run: Annotated[
        tuple[str, ...], AfterValidator(_words), Field(min_length=1, strict=False, description="the words, no shell")
    ]
    user: Annotated[Account, AfterValidator(_account)] = "root"
    environment: Annotated[dict[str, str], AfterValidator(_variables)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits_in_a_line(self) -> Self:
        if len(_line(self).encode()) > _LONGEST:
            raise ValueError(f"cron takes at most {_LONGEST} bytes for a job: put it in a script and run that")
        return self


def _line(spec: Spec) -> str:
    variables = [f"{name}={value}" for name, value in sorted(spec.environment.items())]
    words = ("env", *variables, *spec.run) if variables else spec.run
    return f"{spec.schedule} {spec.user} {crontab.command(words)}\n"


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the job's file."""
    content = inputs.text(_HEAD + _line(spec))
    path = f"/etc/cron.d/reconciler-{spec.name}"
    attributes = {
        "path": path,
        "type": "file",
        "content": content.digest,
        "mode": "0644",
        "owner": "root",
        "group": "root",
    }
    return Rendered(name=spec.name, attributes=attributes, contents={"content": content}, claims=(path,))


def _file(resource: Resource) -> Resource:
    """The job as the kind of files sees it."""
    return replace(resource, id=replace(resource.id, kind=file.NAME, name=str(resource.attributes["path"])))


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Look:
    """Print what is there of the job's file."""
    return file.probe(_file(resource), siblings)


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_file`` printed."""
    return file.parse(_file(resource), answer)


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs of the file; a folder in its place is a Conflict."""
    return file.diff(_file(resource), seen)


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Write the file; cron reads it by itself, within a minute."""
    return file.commands(_file(resource), seen, siblings)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the file."""
    return file.removal(_file(resource), seen)


restart = no_process.restart
