"""A group of the host."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import accounts, compare, look, no_process
from reconciler.kinds.written import Text, Written
from reconciler.model.canonical import Json
from reconciler.model.change import Action
from reconciler.model.operation import Operation, RunCommand
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.shell import quote

NAME = "group"
TARGET = Sort.HOST


def account_name(name: str) -> str:
    """Return the name of an account; ValueError when it cannot be one."""
    if problem := accounts.name_problem(name):
        raise ValueError(problem)
    return name


AccountName = Annotated[Text, AfterValidator(account_name)]
"""The name of a user or a group that is made; numbers name only what is there already."""

Number = Annotated[int, Field(ge=1, le=4294967294)]
"""The number of a user or a group; 0 is root's, and not for us."""


class Spec(Written):
    """A group on a host."""

    name: AccountName
    gid: Annotated[Number | None, Field(description="not given: the next that is free, and left alone")] = None
    system: Annotated[bool, Field(description="counts when it is made: a number of the range for services")] = False
    present: Annotated[bool, Field(description="false: it shall not be there")] = True

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.present and (self.gid is not None or self.system):
            raise ValueError("present: false goes with name only")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the group."""
    attributes: dict[str, Json] = {"state": "present" if spec.present else "absent"}
    if spec.gid is not None:
        attributes["gid"] = spec.gid
    if spec.system:
        attributes["system"] = True
    return Rendered(name=spec.name, attributes=attributes)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print the entry of the group."""
    return f"rcl_group {quote(resource.id.name)}"


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_group`` printed."""
    lines = look.words(answer, ("absent", "entry"))
    if lines.keys() == {"absent"}:
        return Absent()
    if lines.keys() != {"entry"}:
        raise ValueError("the probe did not say what the group is like")
    name, _, gid, members = accounts.entry(lines["entry"], 4)
    if name != resource.id.name:
        raise ValueError(f"the host answered for the group {name!r}")
    return Present(
        {"state": "present", "gid": accounts.number(gid), "members": sorted(filter(None, members.split(",")))}
    )


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs."""
    if resource.attributes["state"] == "absent":
        gone = isinstance(seen, Absent)
        return None if gone else Difference(action=Action.UPDATE, fields=compare.fields(resource, seen, ("state",)))
    return compare.difference(resource, seen, ("state", "gid"))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Add the group, give it its number, or take it away."""
    name, wanted = resource.id.name, resource.attributes
    if wanted["state"] == "absent":
        return (accounts.drop_group(name, seen.attributes),) if isinstance(seen, Present) else ()
    if isinstance(seen, Absent):
        return accounts.add_group(name, wanted)
    was, becomes = str(seen.attributes["gid"]), str(wanted["gid"])
    return (
        RunCommand(
            what=f"change the group {name}",
            argv=("groupmod", "-g", becomes, name),
            undo=("groupmod", "-g", was, name),
        ),
    )


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Take the group away."""
    ours = isinstance(seen, Present) and resource.attributes["state"] == "present"
    return (accounts.drop_group(resource.id.name, seen.attributes),) if ours and isinstance(seen, Present) else ()


restart = no_process.restart
