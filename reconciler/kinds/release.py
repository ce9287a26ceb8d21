"""A release: an archive unpacked as ``<path>/releases/<version>``; the link ``<path>/current`` names the one in use."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, Field

from reconciler.kinds import compare, look, no_process
from reconciler.kinds.written import Account, Path, Text, Written
from reconciler.model.canonical import Json
from reconciler.model.content import Artifact
from reconciler.model.operation import Operation, RemoveRelease, SwitchRelease, UnpackRelease
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, InputError, Inputs, Rendered
from reconciler.ports.shell import quote_path

NAME = "release"
TARGET = Sort.HOST
_COMPARED = ("version", "digest", "owner", "group")


def _version(version: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._+~-]{0,127}", version) or ".." in version:
        raise ValueError(
            "a version becomes the name of a folder: letters, digits and . _ + ~ - only, "
            "starting with a letter or digit, and no '..'"
        )
    return version


def _name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", name):
        raise ValueError("a name is made of letters, digits and . _ - and starts with a letter or digit")
    return name


def _sha256(digits: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        raise ValueError("write the archive's sha256 as 64 hex digits, as sha256sum prints them")
    return digits.lower()


class Spec(Written):
    """A release of an app on a host."""

    name: Annotated[Text, AfterValidator(_name)]
    artifact: Annotated[
        Text, Field(description="tar.gz or zip: an https, http or file URL, or a path in the repository")
    ]
    sha256: Annotated[Text, AfterValidator(_sha256)]
    path: Path
    version: Annotated[Text, AfterValidator(_version), Field(description="default: the app's version")] | None = None
    keep: Annotated[int, Field(ge=1, le=1000, description="how many releases stay on the host")] = 5
    owner: Account | None = None
    group: Account | None = None


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the release with its archive's digest; raise InputError."""
    try:
        version = _version(spec.version or inputs.version)
    except ValueError as error:
        raise InputError("version", f"{inputs.version!r}: {error}") from error
    artifact = inputs.artifact(spec.artifact, spec.sha256)
    attributes: dict[str, Json] = {
        "path": spec.path,
        "version": version,
        "digest": artifact.digest,
        "artifact": artifact.url,
        "keep": spec.keep,
        **compare.optional(owner=spec.owner, group=spec.group),
    }
    return Rendered(name=spec.name, attributes=attributes, claims=(f"{spec.path}/current",))


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print where ``current`` points and which releases are there."""
    return f"rcl_release {quote_path(_path(resource))}"


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_release`` printed; a folder without a release and without ``current`` counts as Absent."""
    lines = look.words(
        (line for line in answer if not line.startswith("release ")), (*look.ENTRY, "current", "blocked")
    )
    releases = dict(_release(line, resource) for line in look.unicode(answer) if line.startswith("release "))
    folder = look.entry(lines)
    if folder is None or (folder.type in ("directory", "symlink") and not releases and not lines.keys() & _IN_USE):
        return Absent()
    current = look.text(lines["current"]) if "current" in lines else None
    version = None if current is None else current.removeprefix("releases/")
    used = releases.get(version or "", {})
    attributes: dict[str, Json] = {"type": folder.type, "version": version, "releases": releases}
    if "blocked" in lines:
        attributes["blocked"] = True
    return Present({**attributes, **{name: used.get(name) for name in ("digest", "owner", "group")}})


_IN_USE = frozenset({"current", "blocked"})


def _release(line: str, resource: Resource) -> tuple[str, dict[str, str | None]]:
    found = re.fullmatch(r"release (\S+) (\S*) ([0-9]+) ([0-9]+) ([^:]*):([^:]*)", line, re.ASCII)
    if not found:
        raise ValueError(f"the probe printed a line that is not expected: {line[:80]!r}")
    recorded = look.text(found[2]).strip()
    return look.text(found[1]), {
        "digest": f"sha256:{recorded}" if re.fullmatch(r"[0-9a-f]{64}", recorded) else None,
        "owner": look.account(found[5], found[3], resource.attributes.get("owner")),
        "group": look.account(found[6], found[4], resource.attributes.get("group")),
    }


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; a file in the place of the folder, or no link in the place of ``current``, is a Conflict."""
    if isinstance(seen, Present):
        if seen.attributes["type"] not in ("directory", "symlink"):
            raise compare.in_the_way(resource, _path(resource), seen.attributes["type"], "directory")
        if seen.attributes.get("blocked"):
            raise compare.in_the_way(resource, f"{_path(resource)}/current", "file or directory", "symlink")
    found = compare.difference(resource, seen, _COMPARED)
    found = compare.replacing(found, f"{_path(resource)}/current", ("version",))
    version = str(resource.attributes["version"])
    releases = seen.attributes["releases"] if isinstance(seen, Present) else {}
    overwrites = found and isinstance(releases, Mapping) and version in releases and not _has(resource, seen, version)
    return replace(found, loses=(f"{_path(resource)}/releases/{version}",)) if found and overwrites else found


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Unpack the archive unless the host has it already, then switch to it."""
    version, keep = str(resource.attributes["version"]), resource.attributes["keep"]
    assert isinstance(keep, int)
    return (*_unpack(resource, seen, version), SwitchRelease(_path(resource), version, keep))


def _unpack(resource: Resource, seen: Present | Absent, version: str) -> Iterator[Operation]:
    if not _has(resource, seen, version):
        artifact = Artifact(str(resource.attributes["artifact"]), str(resource.attributes["digest"]))
        owner, group = compare.managed(resource, "owner"), compare.managed(resource, "group")
        yield UnpackRelease(_path(resource), version, artifact, owner, group)


def _has(resource: Resource, seen: Present | Absent, version: str) -> bool:
    releases = seen.attributes["releases"] if isinstance(seen, Present) else {}
    found = releases.get(version) if isinstance(releases, Mapping) else None
    return isinstance(found, Mapping) and not compare.fields(resource, Present(found), ("digest", "owner", "group"))


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove ``current`` and all releases."""
    return (RemoveRelease(_path(resource)),) if isinstance(seen, Present) else ()


def _path(resource: Resource) -> str:
    return str(resource.attributes["path"])


restart = no_process.restart
