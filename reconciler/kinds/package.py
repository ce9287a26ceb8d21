"""A package of the distribution: there at some version, or not there; held or free to be upgraded."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import compare, look, no_process
from reconciler.kinds.written import Text, Written, one_of
from reconciler.model.canonical import Json
from reconciler.model.change import Action, FieldDiff
from reconciler.model.operation import ChangePackages, Operation, PackageTool, PackageVersion
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Conflict, Difference, Inputs, Rendered
from reconciler.ports.shell import quote

NAME = "package"
TARGET = Sort.HOST
_LINES = ("tool", "absent", "state", "version", "held", "enough")
_FLAG = {"yes": True, "no": False}


def _name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,127}(:[a-z0-9-]+)?", name):
        raise ValueError("write the name of one package, as apt or dnf knows it, for example nginx or libc6:i386")
    return name


def _version(version: str) -> str:
    if version in ("latest", "newest", "any"):
        raise ValueError(f"{version!r} is no version: write one, or atLeast, or neither to take what there is")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+~:^_-]{0,127}", version):
        raise ValueError('write a version as the package tool prints it, for example "1.22.1-9+deb12u1"')
    return version


Version = Annotated[Text, AfterValidator(_version)]


class Spec(Written):
    """A package on a host."""

    name: Annotated[Text, AfterValidator(_name)]
    state: Annotated[Literal["present", "absent"], Field(description="absent: it shall not be there")] = "present"
    version: Annotated[Version | None, Field(description="exactly this one, older or newer than what is there")] = None
    at_least: Annotated[Version | None, Field(description="this one or a newer one")] = None
    held: Annotated[bool | None, Field(description="not upgraded by others; not given: left alone")] = None
    recommends: Annotated[bool, Field(description="also bring what the package only recommends")] = False
    manager: Annotated[Literal["auto", "apt", "dnf"], Field(description="auto: the one the host has")] = "auto"

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        one_of({"version": self.version, "atLeast": self.at_least}, at_least=0)
        if self.state == "absent" and (self.version or self.at_least or self.held or self.recommends):
            raise ValueError("state: absent goes with name, manager and held: false only")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the package."""
    attributes: dict[str, Json] = {"state": spec.state, "manager": spec.manager}
    attributes |= compare.optional(version=spec.version, at_least=spec.at_least)
    if spec.held is not None:
        attributes["held"] = spec.held
    if spec.recommends:
        attributes["recommends"] = True
    return Rendered(name=spec.name, attributes=attributes)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print what the package tool knows of the package."""
    least = compare.managed(resource, "at_least")
    words = [_tool(resource).value, quote(resource.id.name), *([quote(least)] if least else [])]
    return " ".join(["rcl_package", *words])


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_package`` printed."""
    lines = look.words(answer, _LINES)
    tool = lines.get("tool")
    if tool not in ("apt", "dnf"):
        raise ValueError("the probe did not say which tool knows of the package")
    if "absent" in lines:
        if lines.keys() != {"tool", "absent"}:
            raise ValueError("the probe says that the package is absent and also which one is there")
        return Absent()
    if not lines.get("version") or not lines.get("state") or lines.get("held") not in _FLAG:
        raise ValueError("the probe did not say which version of the package is there")
    attributes: dict[str, Json] = {
        "manager": tool,
        "state": lines["state"],
        "version": lines["version"],
        "held": _FLAG[lines["held"]],
    }
    if "at_least" in resource.attributes:
        if lines.get("enough") not in _FLAG:
            raise ValueError("the probe did not say whether the version is new enough")
        attributes["enough"] = _FLAG[lines["enough"]]
    return Present(attributes)


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; one that somebody holds and that would have to change is a Conflict."""
    found = _fields(resource, seen)
    if isinstance(seen, Absent):
        # What is not there cannot be held by anybody, and that is no difference of its own.
        return Difference(action=Action.CREATE, fields=found) if _wanted(resource) else None
    changes = any(each.path != "held" for each in found)
    if changes and seen.attributes["held"] and "held" not in resource.attributes:
        here = "held: true or held: false" if _wanted(resource) else "held: false"
        raise Conflict(
            f"{resource.id.name} is held on {resource.id.target}: somebody wants it to stay at "
            f"{seen.attributes['version']}; release it by hand, or write {here} to decide that here"
        )
    return Difference(action=Action.UPDATE, fields=found) if found else None


def _fields(resource: Resource, seen: Present | Absent) -> tuple[FieldDiff, ...]:
    if not _wanted(resource):
        return compare.fields(resource, seen, ("state",))
    found = compare.fields(resource, seen, ("state", "version", "held"))
    least = compare.managed(resource, "at_least")
    if least and (isinstance(seen, Absent) or not seen.attributes["enough"]):
        before = None if isinstance(seen, Absent) else seen.attributes["version"]
        found = (*found, FieldDiff(path="at_least", before=before, after=least))
    return found


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Install, change or remove the package, and hold or release it."""
    name, there = resource.id.name, seen.attributes if isinstance(seen, Present) else {}
    held, wanted = there.get("held", False), resource.attributes.get("held")
    if not _wanted(resource):
        return _removed(resource, seen)
    changes = any(each.path != "held" for each in _fields(resource, seen))
    version, least = compare.managed(resource, "version"), compare.managed(resource, "at_least")
    return (
        ChangePackages(
            tool=_tool(resource),
            install=(PackageVersion(name, version, least),) if changes else (),
            hold=(name,) if wanted and (changes or not held) else (),
            unhold=(name,) if held and (changes or wanted is False) else (),
            recommends=bool(resource.attributes.get("recommends")),
        ),
    )


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the package; its settings and what came along with it stay."""
    return _removed(resource, seen) if _wanted(resource) else ()


def _removed(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    if isinstance(seen, Absent):
        return ()
    name = resource.id.name
    unhold = (name,) if seen.attributes["held"] else ()
    return (ChangePackages(tool=_tool(resource), remove=(name,), unhold=unhold),)


def _wanted(resource: Resource) -> bool:
    return resource.attributes["state"] == "present"


def _tool(resource: Resource) -> PackageTool:
    return PackageTool(str(resource.attributes["manager"]))


restart = no_process.restart
