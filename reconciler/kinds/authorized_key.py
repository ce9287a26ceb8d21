"""A key that may log in as a user; the user's other keys are somebody else's."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from reconciler.kinds import compare, edits, look, no_process
from reconciler.kinds.edits import Line
from reconciler.kinds.written import Account, Path, Written
from reconciler.model.operation import DropLine, EditFile, MakeDirectory, Operation, PutLine
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.ports.kind import Difference, Inputs, Rendered
from reconciler.ports.shell import quote, quote_path

NAME = "authorizedKey"
TARGET = Sort.HOST
_LINES = ("nobody", "home", *edits.WORDS)


def _key(key: str) -> str:
    words = key.split()
    if len(words) not in (2, 3) or not re.fullmatch(r"(ssh|ecdsa|sk)-[a-z0-9@.-]+", words[0]):
        raise ValueError("write the public key as in a .pub file: its type, its base64, and perhaps a comment")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        raise ValueError("the second word of a public key is base64; this is not") from None
    if blob[4 : 4 + int.from_bytes(blob[:4])] != words[0].encode():
        raise ValueError(f"this is no whole key of the type {words[0]}; copy the .pub file's line again")
    return key


def _options(options: str) -> str:
    if options != options.strip() or options.startswith("#"):
        raise ValueError("write the options as in authorized_keys, separated by commas, without blanks around them")
    return options


class Spec(Written):
    """A public key in a user's authorized_keys."""

    user: Account
    key: Annotated[Line, AfterValidator(_key), Field(description="type and base64, as in a .pub file")]
    options: Annotated[
        Annotated[Line, AfterValidator(_options)] | None, Field(description="what the key may do, as sshd writes it")
    ] = None
    comment: Annotated[Line | None, Field(description="not given: that of the key")] = None
    present: Annotated[bool, Field(description="false: the key shall not be there")] = True
    path: Annotated[Path | None, Field(description="not given: .ssh/authorized_keys in the user's home")] = None


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return the key; it is called by its user and its fingerprint, and is the same whatever its comment is."""
    kind, encoded, *rest = spec.key.split()
    comment = spec.comment or " ".join(rest)
    line = " ".join(word for word in (spec.options, kind, encoded, comment) if word)
    digest = base64.b64encode(hashlib.sha256(base64.b64decode(encoded)).digest()).decode()
    attributes = {
        "state": "present" if spec.present else "absent",
        "user": spec.user,
        "line": line,
        "match": _match(kind, encoded),
    }
    return Rendered(
        name=f"{spec.user}#SHA256:{digest[:16]}",
        attributes={**attributes, **compare.optional(path=spec.path)},
        shares=(spec.path,) if spec.path else (),
    )


def _match(kind: str, encoded: str) -> str:
    """Lines with this key, whatever options are before it; no comments."""
    blob = encoded.replace("+", "[+]")
    return rf"^[[:space:]]*([^#[:space:]].*[[:space:]])?{kind.replace('.', '[.]')}[[:space:]]+{blob}([[:space:]]|$)"


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print the user's home and the lines with the key."""
    path = compare.managed(resource, "path")
    words = (quote(_of(resource, name)) for name in ("line", "match"))
    return (
        f"rcl_authorized_key {quote(_of(resource, 'user'))} {quote_path(path) if path else quote('')} {' '.join(words)}"
    )


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_authorized_key`` printed."""
    lines = look.words(answer, _LINES)
    if "nobody" in lines:
        return Absent()
    found, there = edits.part(lines, _of(resource, "line")), edits.kind_of_file(lines)
    home = look.text(lines.get("home", ""))
    if not home.startswith("/"):
        raise ValueError("the probe did not say where the user's home is")
    state = "absent" if found is None else "present"
    return Present({"type": there, "state": state, "line": found, "home": home})


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs; an authorized_keys that is no file is a Conflict."""
    edits.refuse_what_is_no_file(resource, seen, _path(resource, seen, {}))
    if isinstance(seen, Present) and seen.attributes["state"] == "absent":
        seen = Absent()
    return edits.difference(resource, seen, ("line",))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Put the key into the file, and make the folder of the user's that it is in."""
    path, user, line = _path(resource, seen, siblings), _of(resource, "user"), _of(resource, "line")
    if resource.attributes["state"] == "absent":
        return (EditFile(path, DropLine(line, _of(resource, "match"))),)
    put = EditFile(path, PutLine(line, _of(resource, "match")), "0600", user)
    if "path" in resource.attributes:
        return (put,)
    return (MakeDirectory(path.rpartition("/")[0], "0700", user), put)


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Take the key away, with whatever options and comment it has by now; other keys stay."""
    there = isinstance(seen, Present) and seen.attributes["state"] == "present"
    if not there or resource.attributes["state"] == "absent":
        return ()
    return (EditFile(_path(resource, seen, {}), DropLine(_of(resource, "line"), _of(resource, "match"))),)


def _path(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> str:
    if path := compare.managed(resource, "path"):
        return path
    user = _of(resource, "user")
    if isinstance(seen, Present):
        home = str(seen.attributes["home"])
    else:
        made = siblings.get(f"user:{user}")
        home = (made and compare.managed(made, "home")) or f"/home/{user}"
    return f"{home.rstrip('/')}/.ssh/authorized_keys"


def _of(resource: Resource, name: str) -> str:
    return str(resource.attributes[name])


restart = no_process.restart
