"""A checkout of a Git repository at one commit. Files that are not of the repository are left alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from reconciler.kinds import checkout_steps, compare, look, no_process
from reconciler.kinds.written import Account, Path, Text, Written
from reconciler.model.canonical import Json
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Conflict, Difference, Inputs, Rendered
from reconciler.ports.shell import quote_path

NAME = "gitCheckout"
TARGET = Sort.HOST
_COMPARED = ("type", "repository", "revision", "modified", "owner", "group")
_FILES = ("repository", "revision", "modified")
_PROTOCOLS = ("https", "http", "ssh", "git", "file")


def _repository(url: str) -> str:
    if not url.isprintable() or url.startswith("-") or " " in url:
        raise ValueError("write the URL of a repository, without spaces")
    if _protocol(url) not in _PROTOCOLS:
        raise ValueError(f"expected a URL with {', '.join(_PROTOCOLS)}, or user@host:path, got {url!r}")
    if "://" in url and urlsplit(url).password:
        raise ValueError(
            "a password in a URL would be stored: let the host's account have a key or a credential helper"
        )
    return url


def _protocol(url: str) -> str:
    scheme, found, _ = url.partition("://")
    if found:
        return scheme
    return "ssh" if re.fullmatch(r"[A-Za-z0-9._@-]+:[^:].*", url) and "::" not in url else ""


def _commit(revision: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", revision):
        raise ValueError(
            "write the full id of a commit, 40 hex digits as git rev-parse prints them: a branch, a tag or a short id "
            "can mean another commit tomorrow, and the same commit here has to mean the same state"
        )
    return revision


def _tag(tag: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._/+-]*", tag) or ".." in tag or tag.endswith(("/", ".", ".lock")):
        raise ValueError("write the name of a tag, for example v1.4.2")
    return tag


class Spec(Written):
    """A checkout of a Git repository on a host."""

    path: Path
    repository: Annotated[Text, AfterValidator(_repository), Field(description="where the host fetches from")]
    revision: Annotated[Text, AfterValidator(_commit), Field(description="the full id of the commit")]
    tag: Annotated[Text, AfterValidator(_tag), Field(description="a tag that has to be at that commit")] | None = None
    owner: Annotated[Account | None, Field(description="of all files, and whom git runs as")] = None
    group: Account | None = None


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the checkout; nothing is fetched for that."""
    attributes: dict[str, Json] = {
        "type": "checkout",
        "repository": spec.repository,
        "revision": spec.revision,
        "modified": [],
        **compare.optional(tag=spec.tag, owner=spec.owner, group=spec.group),
    }
    return Rendered(name=spec.path, attributes=attributes)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print what is there, and what git says of it."""
    return f"rcl_checkout {quote_path(resource.id.name)}"


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_checkout`` printed."""
    lines = look.words(answer, (*look.ENTRY, "head", "origin", "modified"))
    found = look.entry(lines)
    if found is None:
        return Absent()
    attributes = look.seen(found, resource)
    if "head" not in lines:
        return Present(attributes)
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", lines["head"]) or not lines.keys() >= {"origin", "modified"}:
        raise ValueError("the probe did not say what is checked out")
    attributes |= {"type": "checkout", "revision": lines["head"]}
    attributes |= {"repository": look.text(lines["origin"]).rstrip("\n"), "modified": _names(lines["modified"])}
    return Present(attributes)


def _names(encoded: str) -> list[Json]:
    # Two letters of state, a space, the name. The last part is empty, or cut off.
    parts = look.data(encoded).split(b"\0")[:-1]
    names: set[str] = {part[3:].decode("utf-8", "backslashreplace") for part in parts}
    return list[Json](sorted(names))


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; a folder without a repository is a Conflict."""
    there = seen.attributes["type"] if isinstance(seen, Present) else "checkout"
    if there == "directory":
        raise Conflict(
            f"{resource.id.name} is a directory without a Git repository on {resource.id.target}; move it away by hand"
        )
    if there != "checkout":
        raise compare.in_the_way(resource, resource.id.name, there, "checkout")
    found = compare.difference(resource, seen, _COMPARED)
    overwrites = found and any(each.path in _FILES and each.before is not None for each in found.fields)
    return replace(found, loses=(resource.id.name,)) if found and overwrites else found


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Clone beside and rename; or give it to its owner, and check out the commit."""
    if isinstance(seen, Absent):
        return tuple(_wanted(resource, compare.managed(resource, "owner")).make())
    return tuple(_changes(resource, seen))


def _changes(resource: Resource, seen: Present) -> Iterator[Operation]:
    user = str(seen.attributes["owner"])
    if compare.fields(resource, seen, ("owner", "group")):
        user = compare.managed(resource, "owner") or user
        before = f"{seen.attributes['owner']}:{seen.attributes['group']}"
        yield checkout_steps.give(resource.id.name, _owner(resource), before)
    if compare.fields(resource, seen, ("repository", "revision", "modified")):
        origin, commit = str(seen.attributes["repository"]), str(seen.attributes["revision"])
        yield from _wanted(resource, user).move(origin, commit)


def _owner(resource: Resource) -> str:
    owner, group = compare.managed(resource, "owner"), compare.managed(resource, "group")
    return f"{owner or ''}:{group}" if group else owner or ""


def _wanted(resource: Resource, user: str | None) -> checkout_steps.Wanted:
    repository = str(resource.attributes["repository"])
    return checkout_steps.Wanted(
        path=resource.id.name,
        repository=repository,
        protocol=_protocol(repository),
        commit=str(resource.attributes["revision"]),
        tag=compare.managed(resource, "tag") or "",
        owner=_owner(resource),
        user=user,
    )


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove the checkout; it fails when there are files in it that are not of the repository."""
    if not isinstance(seen, Present) or seen.attributes["type"] != "checkout":
        return ()
    return tuple(checkout_steps.remove(resource.id.name, str(seen.attributes["owner"])))


restart = no_process.restart
