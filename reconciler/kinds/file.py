"""A file: content, mode, owner and group."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from reconciler.kinds import compare, look, no_process
from reconciler.kinds.written import Account, Mode, Path, Text, Written, one_of
from reconciler.model.change import Action, FieldDiff
from reconciler.model.content import Content
from reconciler.model.operation import Operation, RemoveFile, SetAttributes, WriteFile
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import SHOWN_AT_MOST, Difference, Inputs, Rendered
from reconciler.ports.look import Look
from reconciler.ports.shell import quote, quote_path

NAME = "file"
TARGET = Sort.HOST
_COMPARED = ("type", "content", "mode", "owner", "group")


class Spec(Written):
    """A file on a host."""

    path: Path
    content: Annotated[str | None, Field(description="the text itself")] = None
    template: Annotated[Text | None, Field(description="a Jinja2 template in the repository")] = None
    source: Annotated[Text | None, Field(description="a file in the repository, taken as it is")] = None
    mode: Mode = "0644"
    owner: Account | None = None
    group: Account | None = None
    secrets: Annotated[
        dict[str, Text], Field(description="name in the template (secrets.NAME): reference of the secret")
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        one_of({"content": self.content, "template": self.template, "source": self.source}, at_least=1)
        if self.secrets and self.template is None:
            raise ValueError("secrets are filled into a template; write template instead of content or source")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the file with its content's digest; raise InputError."""
    content = _content(spec, inputs)
    attributes = {"type": "file", "content": content.digest, "mode": spec.mode}
    accounts = compare.optional(owner=spec.owner, group=spec.group)
    return Rendered(name=spec.path, attributes={**attributes, **accounts}, contents={"content": content})


def _content(spec: Spec, inputs: Inputs) -> Content:
    if spec.template is not None:
        return inputs.template(spec.template, spec.secrets)
    if spec.source is not None:
        return inputs.file(spec.source)
    return inputs.text(spec.content or "")


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> Look:
    """Look at the path, and at a content that differs where it may be shown."""
    return Look(resource.id.name, _expected(resource))


def shown(resource: Resource, path: str) -> str:
    """Return sh commands that print the same of another path that shall have the resource's content."""
    known = _expected(resource)
    return f"rcl_file {quote_path(path)} {quote(known or 'secret')} {SHOWN_AT_MOST if known else -1}"


def _expected(resource: Resource) -> str:
    content = resource.contents["content"]
    plain = not content.secret and content.digest.startswith("sha256:")
    return content.digest.removeprefix("sha256:") if plain else ""


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_file`` printed."""
    found = look.entry(look.words(answer, look.ENTRY))
    if found is None:
        return Absent()
    if found.type == "file" and found.sha256 is None:
        raise ValueError("the probe did not say what the file contains")
    return Present(look.seen(found, resource))


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; a link is replaced, anything else that is no file is a Conflict."""
    there = seen.attributes["type"] if isinstance(seen, Present) else "file"
    if there == "symlink":
        fields = _instead_of_link(resource, seen)
        return Difference(action=Action.REPLACE, fields=fields, replaces=(resource.id.name,))
    if there != "file":
        raise compare.in_the_way(resource, resource.id.name, there, "file")
    return compare.replacing(compare.difference(resource, seen, _COMPARED), resource.id.name, ("content",))


def _instead_of_link(resource: Resource, seen: Present | Absent) -> tuple[FieldDiff, ...]:
    # Mode and owner of a link mean nothing, thus only its type and content are compared.
    return compare.fields(resource, seen, ("type", "content"))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Write the file; when only mode or owner differ, set those."""
    path, owner, group = resource.id.name, compare.managed(resource, "owner"), compare.managed(resource, "group")
    if compare.fields(resource, seen, ("type", "content")):
        mode = compare.managed(resource, "mode") or "0644"
        return (WriteFile(path, resource.contents["content"], mode, owner, group),)
    return set_attributes(resource, seen)


def set_attributes(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Return the operation that sets mode, owner and group where they differ; () when they do not."""
    found = {field.path: str(field.after) for field in compare.fields(resource, seen, ("mode", "owner", "group"))}
    mode, owner, group = (found.get(name) for name in ("mode", "owner", "group"))
    return (SetAttributes(resource.id.name, mode, owner, group),) if found else ()


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the file; what somebody has put there instead is not ours and stays."""
    ours = isinstance(seen, Present) and seen.attributes["type"] == "file"
    return (RemoveFile(resource.id.name),) if ours else ()


restart = no_process.restart
