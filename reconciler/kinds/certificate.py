"""A certificate with its chain, and its private key: two files, and a check that it is valid."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds import file, look, no_process
from reconciler.kinds.compare import optional
from reconciler.kinds.written import Account, Mode, Path, Text, Written
from reconciler.model.canonical import Json
from reconciler.model.change import Action, FieldDiff
from reconciler.model.duration import parse_duration
from reconciler.model.health import CertificateCheck
from reconciler.model.operation import Operation
from reconciler.model.resource import Absent, Present, Resource
from reconciler.model.target import Sort
from reconciler.policy.certificates import Certificate, certificates, first_end, out_of_order
from reconciler.ports.kind import CONTENT_KEY, Difference, InputError, Inputs, Rendered

NAME = "certificate"
TARGET = Sort.HOST
_NEXT = "next"
_BEGIN = "-----BEGIN "
_SEEN = ("type", "content", "mode", "owner", "group")
_OF_KEY = {"type": "key_type", "content": "key", "mode": "key_mode", "owner": "key_owner", "group": "key_group"}


def _duration(text: str) -> str:
    parse_duration(text)
    return text


class Spec(Written):
    """A TLS certificate on a host."""

    path: Annotated[Path, Field(description="of the file with the certificate, and its chain after it")]
    certificate: Annotated[Text, Field(description="a PEM file in the repository, or the PEM text itself")]
    chain: Annotated[Text | None, Field(description="the certificates that vouch for it, in order; as above")] = None
    key: Annotated[Text | None, Field(description="reference of the secret that is the private key in PEM")] = None
    key_path: Path | None = None
    mode: Mode = "0644"
    key_mode: Mode = "0600"
    owner: Account | None = None
    group: Account | None = None
    valid_for: Annotated[
        Text, AfterValidator(_duration), Field(description="how long it has to be valid still, to be healthy")
    ] = "0s"

    @model_validator(mode="after")
    def _key_has_a_place(self) -> Self:
        if (self.key is None) != (self.key_path is None):
            raise ValueError("give key and keyPath both, or neither when the key comes from elsewhere")
        if self.key_path == self.path:
            raise ValueError("the key needs a file of its own: keyPath is the same as path")
        return self


def render(spec: Spec, inputs: Inputs) -> Rendered:
    """Return both files with their digests; raise InputError for what is no certificate, or out of order."""
    own = _text("certificate", spec.certificate, inputs)
    more = "" if spec.chain is None else _text("chain", spec.chain, inputs)
    found = _read("certificate", own)
    chain = (*found, *(_read("chain", more) if more else ()))
    if wrong := out_of_order(chain):
        raise InputError("chain" if more else "certificate", f"the chain is out of order: {wrong}")
    contents = {"content": inputs.text(own + more)}
    accounts = optional(owner=spec.owner, group=spec.group)
    attributes: dict[str, Json] = {
        "path": spec.path,
        "type": "file",
        "content": contents["content"].digest,
        "expires": _expiry(chain),
        "mode": spec.mode,
        **accounts,
    }
    if spec.key is not None and spec.key_path is not None:
        contents["key"] = inputs.private_key(spec.key, found[0].public)
        attributes |= {"key_path": spec.key_path, "key_type": "file", "key": contents["key"].digest}
        attributes |= {"key_mode": spec.key_mode, **{_OF_KEY[name]: value for name, value in accounts.items()}}
    claims = () if spec.key_path is None else (spec.key_path,)
    check = CertificateCheck(path=spec.path, valid_for=parse_duration(spec.valid_for))
    return Rendered(name=spec.path, attributes=attributes, contents=contents, health=(check,), claims=claims)


def _text(where: str, given: str, inputs: Inputs) -> str:
    text = given if _BEGIN in given else inputs.data(given).decode("utf-8", "replace")
    if "PRIVATE KEY-----" in text:
        raise InputError(
            where, "there is a private key in this: take it out of Git, change it, and name it as a secret"
        )
    return text if text.endswith("\n") else text + "\n"


def _read(where: str, text: str) -> tuple[Certificate, ...]:
    try:
        return certificates(text.encode())
    except ValueError as error:
        raise InputError(where, str(error)) from error


def _expiry(chain: Sequence[Certificate]) -> str:
    return f"{first_end(chain).not_after:%Y-%m-%d %H:%M}Z"


def _files(resource: Resource) -> tuple[Resource, ...]:
    """The certificate, and the key if it is managed, as the kind of files sees them."""
    own = {name: value for name in _SEEN if (value := resource.attributes.get(name)) is not None}
    found = [_file(resource, str(resource.attributes["path"]), own, "content")]
    if "key_path" in resource.attributes:
        key = {name: value for name in _SEEN if (value := resource.attributes.get(_OF_KEY[name])) is not None}
        found.append(_file(resource, str(resource.attributes["key_path"]), key, "key"))
    return tuple(found)


def _file(resource: Resource, path: str, attributes: Mapping[str, Json], content: str) -> Resource:
    contents = {"content": resource.contents[content]} if content in resource.contents else {}
    return Resource(id=replace(resource.id, kind=file.NAME, name=path), attributes=attributes, contents=contents)


def probe(resource: Resource, siblings: Mapping[str, Resource]) -> str:
    """Print what is there of both files; of the key only its digest."""
    return f"\necho {_NEXT}\n".join(file.shown(each, each.id.name) for each in _files(resource))


def parse(resource: Resource, answer: Sequence[str]) -> Present | Absent:
    """Read what ``rcl_file`` printed of both files."""
    answers = [list(answer)]
    while _NEXT in answers[-1]:
        cut = answers[-1].index(_NEXT)
        answers[-1:] = [answers[-1][:cut], answers[-1][cut + 1 :]]
    files = _files(resource)
    if len(answers) != len(files):
        raise ValueError("the probe did not tell of every file")
    seen = [file.parse(each, lines) for each, lines in zip(files, answers, strict=True)]
    own, key = seen[0], seen[1] if len(seen) > 1 else Absent()
    if isinstance(own, Absent) and isinstance(key, Absent):
        return own
    there: dict[str, Json] = {"expires": _seen_expiry(resource, own)}
    for part, names in ((own, {name: name for name in _SEEN}), (key, _OF_KEY)):
        attributes = part.attributes if isinstance(part, Present) else {}
        there |= {names[name]: value for name, value in attributes.items() if name in names}
    return Present(there)


def _seen_expiry(resource: Resource, seen: Present | Absent) -> Json:
    """When what is there expires; None where that cannot be told."""
    if isinstance(seen, Absent):
        return None
    if seen.attributes.get("content") == resource.attributes["content"]:
        return resource.attributes["expires"]
    shown = seen.attributes.get(CONTENT_KEY)
    try:
        return _expiry(certificates(look.data(shown))) if isinstance(shown, str) else None
    except ValueError:
        return None


def _parts(resource: Resource, seen: Present | Absent) -> list[tuple[Resource, Present | Absent, Mapping[str, str]]]:
    """Each file, what was seen of it, and how its attributes are called here."""
    there = seen.attributes if isinstance(seen, Present) else {}
    found: list[tuple[Resource, Present | Absent, Mapping[str, str]]] = []
    for each, names in zip(_files(resource), ({name: name for name in _SEEN}, _OF_KEY), strict=False):
        own = {name: there[ours] for name, ours in names.items() if there.get(ours) is not None}
        found.append((each, Present(own) if "type" in own else Absent(), names))
    return found


def diff(resource: Resource, seen: Present | Absent) -> Difference | None:
    """Return what differs of either file; a folder in the place of one is a Conflict."""
    fields: list[FieldDiff] = []
    replaces: list[str] = []
    for each, part, names in _parts(resource, seen):
        found = file.diff(each, part)
        replaces += found.replaces if found else ()
        fields += (replace(field, path=names[field.path]) for field in (found.fields if found else ()))
    if not fields:
        return None
    if any(field.path == "content" for field in fields):
        before = seen.attributes.get("expires") if isinstance(seen, Present) else None
        fields.append(FieldDiff(path="expires", before=before, after=resource.attributes["expires"]))
    action = Action.UPDATE if isinstance(seen, Present) else Action.CREATE
    return Difference(action=action, fields=tuple(fields), replaces=tuple(replaces))


def commands(resource: Resource, seen: Present | Absent, siblings: Mapping[str, Resource]) -> tuple[Operation, ...]:
    """Write what differs of the certificate and of the key."""
    return tuple(op for each, part, _ in _parts(resource, seen) for op in file.commands(each, part, siblings))


def removal(resource: Resource, seen: Present | Absent) -> tuple[Operation, ...]:
    """Remove both files."""
    return tuple(op for each, part, _ in _parts(resource, seen) for op in file.removal(each, part))


restart = no_process.restart
