"""A user of the host: number, groups, home, shell, password."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import accounts, compare, look, no_process
from reconciler.kinds.group import AccountName, Number
from reconciler.kinds.written import Account, Text, Written, path_problem
from reconciler.model.canonical import Json
from reconciler.model.change import Action, FieldDiff
from reconciler.model.operation import Operation, RunCommand, SetPassword
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.shell import quote

NAME = "user"
TARGET = Sort.HOST
_LINES = ("absent", "entry", "primary", "groups", "locked", "sha256")
_COMPARED = ("state", "uid", "group", "home", "shell", "comment", "locked", "password")
_FLAGS = {"uid": "-u", "group": "-g", "home": "-d", "shell": "-s", "comment": "-c"}


def _absolute(path: str) -> str:
    if path.startswith("~") or path_problem(path):
        raise ValueError("write an absolute path, without '.', '..', doubled or trailing slashes")
    if ":" in path:
        raise ValueError("a path in the list of users cannot hold a colon")
    return path


def _comment(comment: str) -> str:
    if any(char in comment for char in ":\n\0"):
        raise ValueError("a comment is one line without a colon")
    return comment


def _group(name: str) -> str:
    if "," in name or " " in name:
        raise ValueError("write one group an entry")
    return name


AbsolutePath = Annotated[Text, AfterValidator(_absolute)]
GroupName = Annotated[Account, AfterValidator(_group)]


class Spec(Written):
    """A user on a host."""

    name: AccountName
    uid: Annotated[Number | None, Field(description="not given: the next that is free, and left alone")] = None
    group: Annotated[
        GroupName | None, Field(description="the main one; not given: one of the user's name, and left alone")
    ] = None
    groups: Annotated[tuple[GroupName, ...], Field(strict=False, description="also in these")] = ()
    groups_exactly: Annotated[bool, Field(description="and in no others")] = False
    home: AbsolutePath | None = None
    shell: AbsolutePath | None = None
    comment: Annotated[str | None, AfterValidator(lambda text: text and _comment(text))] = None
    system: Annotated[bool, Field(description="counts when it is made: a number of the range for services")] = False
    create_home: Annotated[bool, Field(description="counts when it is made: its home is made too")] = True
    locked: Annotated[bool | None, Field(description="true: no login with a password; not given: left alone")] = None
    password: Annotated[Text | None, Field(description="reference of a secret that holds a crypt hash")] = None
    remove_home: Annotated[bool, Field(description="its home goes when it is taken away")] = False
    present: Annotated[bool, Field(description="false: it shall not be there")] = True

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        given = self.model_fields_set - {"name", "present", "remove_home"}
        if not self.present and given:
            raise ValueError("present: false goes with name and removeHome only")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the user; raise InputError."""
    attributes: dict[str, Json] = {"state": "present" if spec.present else "absent"}
    attributes |= compare.optional(group=spec.group, home=spec.home, shell=spec.shell, comment=spec.comment)
    if spec.uid is not None:
        attributes["uid"] = spec.uid
    if spec.groups or spec.groups_exactly:
        attributes["groups"] = sorted(set(spec.groups))
    if spec.locked is not None:
        attributes["locked"] = spec.locked
    flags = {"groups_exactly": spec.groups_exactly, "system": spec.system, "remove_home": spec.remove_home}
    attributes |= {name: True for name, given in flags.items() if given}
    if spec.create_home and spec.present:
        attributes["create_home"] = True
    if spec.password is None:
        return Rendered(name=spec.name, attributes=attributes)
    content = inputs.secret(spec.password)
    return Rendered(
        name=spec.name, attributes={**attributes, "password": content.digest}, contents={"password": content}
    )


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print the entry of the user, and what is known of its password where that is managed."""
    secret = " shadow" if resource.attributes.keys() & {"password", "locked"} else ""
    return f"rcl_user {quote(resource.id.name)}{secret}"


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_user`` printed."""
    lines = look.words(answer, _LINES)
    if lines.keys() == {"absent"}:
        return Absent()
    if "absent" in lines or not lines.keys() >= {"entry", "primary", "groups"}:
        raise ValueError("the probe did not say what the user is like")
    name, _, uid, gid, comment, home, shell = accounts.entry(lines["entry"], 7)
    if name != resource.id.name:
        raise ValueError(f"the host answered for the user {name!r}")
    primary = look.text(lines["primary"]).strip() or gid
    wanted = resource.attributes.get("group")
    others = set(look.text(lines["groups"]).split()) - {primary}
    attributes: dict[str, Json] = {
        "state": "present",
        "uid": accounts.number(uid),
        "gid": accounts.number(gid),
        "group": gid if isinstance(wanted, str) and wanted.isdecimal() else primary,
        "groups": sorted(others),
        "home": home,
        "shell": shell,
        "comment": comment,
    }
    return Present({**attributes, **_secret(resource, lines)})


def _secret(resource: Resource, lines: Mapping[str, str]) -> dict[str, Json]:
    if not resource.attributes.keys() & {"password", "locked"}:
        return {}
    if lines.get("locked") not in ("yes", "no") or not lines.get("sha256"):
        raise ValueError("the probe did not say what the password is like")
    found: dict[str, Json] = {"locked": lines["locked"] == "yes"}
    if "password" in resource.attributes:
        found["password"] = "sha256:" + lines["sha256"]
    return found


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs."""
    if resource.attributes["state"] == "absent":
        gone = isinstance(seen, Absent)
        return None if gone else Difference(action=Action.UPDATE, fields=compare.fields(resource, seen, ("state",)))
    found = (*compare.fields(resource, seen, _COMPARED), *_groups(resource, seen))
    if isinstance(seen, Absent):
        return Difference(action=Action.CREATE, fields=found)
    return Difference(action=Action.UPDATE, fields=found) if found else None


def _groups(resource: Resource, seen: Present | Absent) -> tuple[FieldDiff, ...]:
    if "groups" not in resource.attributes:
        return ()
    there = set(accounts.texts(seen.attributes["groups"])) if isinstance(seen, Present) else set()
    wanted = set(accounts.texts(resource.attributes["groups"]))
    # The main group is one that the user is in, though it is not among the others.
    wanted -= {str(seen.attributes["group"])} if isinstance(seen, Present) else set()
    after = wanted if resource.attributes.get("groups_exactly") else there | wanted
    if after == there:
        return ()
    before = sorted(there) if isinstance(seen, Present) else None
    return (FieldDiff(path="groups", before=before, after=sorted(after)),)


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Add the user, change what differs, or take it away."""
    if resource.attributes["state"] == "absent":
        return tuple(_taken_away(resource, seen))
    found = {each.path: each for each in (*compare.fields(resource, seen, _COMPARED), *_groups(resource, seen))}
    return tuple(_brought(resource, seen, found))


def _brought(resource: Resource, seen: Present | Absent, found: Mapping[str, FieldDiff]) -> Iterator[Operation]:
    name = resource.id.name
    if isinstance(seen, Absent):
        yield from accounts.add_user(name, resource.attributes)
    elif flags := [each for each in (*_FLAGS, "groups") if each in found]:
        yield _modified(name, [found[each] for each in flags])
    if "password" in found:
        yield SetPassword(name, resource.contents["password"])
    there = isinstance(seen, Present)
    # Who is added cannot log in until a password is set, and may from then on.
    if resource.attributes.get("locked") is True and ("password" in found or (there and "locked" in found)):
        yield RunCommand(what=f"lock the user {name}", argv=("usermod", "-L", name), undo=("usermod", "-U", name))
    if resource.attributes.get("locked") is False and "locked" in found and (there or "password" not in found):
        yield RunCommand(what=f"unlock the user {name}", argv=("usermod", "-U", name), undo=("usermod", "-L", name))


def _modified(name: str, changes: Sequence[FieldDiff]) -> RunCommand:
    def words(values: Mapping[str, Json]) -> tuple[str, ...]:
        flags = ((_FLAGS.get(path, "-G"), values[path]) for path in values)
        return tuple(
            word
            for flag, value in flags
            for word in (flag, str(value) if flag != "-G" else ",".join(accounts.texts(value)))
        )

    return RunCommand(
        what=f"change the user {name}",
        argv=("usermod", *words({each.path: each.after for each in changes}), name),
        undo=("usermod", *words({each.path: each.before for each in changes}), name),
    )


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Take the user away; its home stays, unless ``removeHome`` was written."""
    return tuple(_taken_away(resource, seen)) if resource.attributes["state"] == "present" else ()


def _taken_away(resource: Resource, seen: Present | Absent) -> Iterator[Operation]:
    if isinstance(seen, Absent):
        return
    name = resource.id.name
    # So that its hash is kept, and comes back with the user if the change is taken back.
    yield SetPassword(name, None)
    yield accounts.drop_user(name, seen.attributes)
    if resource.attributes.get("remove_home"):
        yield accounts.drop_home(name, seen.attributes)


restart = no_process.restart
