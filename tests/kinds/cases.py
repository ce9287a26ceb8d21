"""Cases in YAML: what people write and what is to come of it, so that a new case needs no Python.

Beside YAML's own there are three tags: ``!digest text`` is the sha256 digest of the text (``!hex`` without the prefix),
``!base64 text`` its base64. In every text of a case, ``{root}`` is the folder that plays the host's home, and
``{user}``, ``{home}``, ``{group}``, ``{uid}`` and ``{gid}`` are those of the
test's process.
"""

import base64
import grp
import hashlib
import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from reconciler.kinds.catalog import CATALOG
from reconciler.model.canonical import Json, digest_bytes
from reconciler.model.content import SECRET_CLOSE, SECRET_OPEN, Artifact, Content
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.operation import ChangePackages, Operation, PackageVersion, RunCommand
from reconciler.model.resource import Absent, Present, Resource
from reconciler.ports.kind import NO_SECRETS, Kind, Piece, Rendered
from reconciler.ports.program import Program

HERE = Path(__file__).parent
UNIT = UnitId("shop", "production")


class _Loader(yaml.SafeLoader):
    """SafeLoader with our tags."""


def _bytes(loader: yaml.SafeLoader, node: yaml.Node) -> bytes:
    if isinstance(node, yaml.MappingNode):
        said = loader.construct_mapping(node)
        return str(said["text"]).encode() * int(said["times"])
    return str(node.value).encode()


_Loader.add_constructor("!digest", lambda loader, node: digest_bytes(_bytes(loader, node)))
_Loader.add_constructor("!hex", lambda loader, node: hashlib.sha256(_bytes(loader, node)).hexdigest())
_Loader.add_constructor("!base64", lambda loader, node: base64.b64encode(_bytes(loader, node)).decode())


def cases(table: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (id, case) from all ``<kind>/<table>.yaml``; the case has the kind's NAME under ``kind``."""
    for path in sorted(HERE.glob(f"*/{table}.yaml")):
        document = yaml.load(path.read_text(), _Loader)
        for case in document["cases"]:
            merged = {"kind": document["kind"], **document.get("every", {}), **case}
            yield f"{path.parent.name}: {case['case']}", merged


def filled(value: Any, root: str) -> Any:
    """Return the value with the places of every text in it filled."""
    match value:
        case str():
            for name, text in _places(root).items():
                value = value.replace("{" + name + "}", text)
            return value
        case list():
            return [filled(item, root) for item in value]
        case dict():
            return {filled(name, root): filled(item, root) for name, item in value.items()}
        case _:
            return value


def _places(root: str) -> Mapping[str, str]:
    uid, gid = os.geteuid(), os.getegid()
    account = pwd.getpwuid(uid)
    names = {"user": account.pw_name, "home": account.pw_dir, "group": grp.getgrgid(gid).gr_name}
    return {"root": root, **names, "uid": str(uid), "gid": str(gid)}


@dataclass
class Repository:
    """Inputs of a repository that has every file; a file's or template's content is its own path.

    What a kind has to understand is in the folder ``files``."""

    version: str = "1.4.2"
    secrets: dict[str, str] = field(default_factory=dict)

    def text(self, text: str, secrets: Mapping[str, str] = NO_SECRETS) -> Content:
        data = text.encode()
        blob = digest_bytes(data)
        used = {name: reference for name, reference in secrets.items() if f"{SECRET_OPEN}{name}{SECRET_CLOSE}" in text}
        return Content(blob, blob.replace("sha256:", "keyed:") if used else blob, len(data), used)

    def template(self, path: str, secrets: Mapping[str, str]) -> Content:
        blob = digest_bytes(path.encode())
        return Content(blob, blob.replace("sha256:", "keyed:") if secrets else blob, len(path), dict(secrets))

    def file(self, path: str) -> Content:
        return self.text(path)

    def data(self, path: str) -> bytes:
        return (HERE / "files" / path).read_bytes()

    def below(self, path: str) -> Sequence[str]:
        return sorted(f"/{each.relative_to(HERE / 'files')}" for each in (HERE / "files" / path).rglob("*.*"))

    def filled(self, path: str, secrets: Mapping[str, str]) -> str:
        return self.data(path).decode()

    def pieces(self, name: str, text: str) -> Sequence[Piece]:
        return [Piece(name, 1, each) for each in yaml.safe_load_all(text) if each]

    def output(self, program: Program) -> str:
        return program.files[program.key].decode()

    def private_key(self, reference: str, public: bytes) -> Content:
        assert public
        blob = digest_bytes(reference.encode())
        return Content(blob, blob.replace("sha256:", "keyed:"), len(reference), {"key": reference})

    def secret(self, reference: str) -> Content:
        blob = digest_bytes(reference.encode())
        return Content(blob, blob.replace("sha256:", "keyed:"), len(reference), {"value": reference})

    def artifact(self, url: str, sha256: str) -> Artifact:
        return Artifact(url, f"sha256:{sha256}")


def resource_of(kind_name: str, written: Mapping[str, Any]) -> Resource:
    """Return what the kind renders of what people write, on the host web-1."""
    kind: Kind = CATALOG[kind_name]
    made = kind.render(kind.Spec.model_validate(written), Repository())
    (rendered,) = [made] if isinstance(made, Rendered) else made
    return Resource(
        id=ResourceId(UNIT, "web-1", kind_name, rendered.name),
        attributes=rendered.attributes,
        contents=rendered.contents,
        depends_on=tuple(rendered.depends_on),
        restart_on=tuple(rendered.restart_on),
    )


def siblings_of(written: list[Mapping[str, Any]]) -> Mapping[str, Resource]:
    """Return resources by ref, from one-key maps as in documents."""
    resources = [resource_of(kind, body) for each in written for kind, body in each.items()]
    return {resource.id.ref: resource for resource in resources}


def seen_of(seen: Any) -> Present | Absent:
    """Return ``absent`` or the attributes of what is there."""
    return Absent() if seen == "absent" else Present(seen)


def seen_text(seen: Present | Absent) -> Any:
    """Return the opposite of ``seen_of``."""
    return "absent" if isinstance(seen, Absent) else dict(seen.attributes)


def _filled(version: PackageVersion) -> dict[str, str]:
    found = {each.name: getattr(version, each.name) for each in fields(version)}
    return {name: value for name, value in found.items() if value is not None}


def _words(argv: tuple[str, ...]) -> list[str]:
    """The words of a program; of a script of ours only what it is given."""
    return ["...", *argv[4:]] if argv[:2] == ("sh", "-c") else list(argv)


def operation_text(operation: Operation) -> dict[str, Json]:
    """Return an operation as a table writes it: contents by digest, and nothing that is None or empty."""
    values: dict[str, Any] = {each.name: getattr(operation, each.name) for each in fields(operation)}
    if "content" in values:
        values["content"] = values["content"] and values["content"].digest
    if "artifact" in values:
        values["artifact"] = values["artifact"].url
    if "edit" in values:
        edit = values["edit"]
        values["edit"] = {name: text for name, text in asdict(edit).items() if text is not None}
    if "environment" in values:
        values["environment"] = dict(values["environment"])
    if "inputs" in values:
        values["inputs"] = list(values["inputs"])
    if isinstance(operation, ChangePackages):
        values["install"] = [_filled(each) for each in operation.install]
        values |= {name: list(values[name]) for name in ("remove", "hold", "unhold")}
        values = {name: value for name, value in values.items() if name != "limit" and value is not False}
    if isinstance(operation, RunCommand):
        values |= {name: _words(values[name]) for name in ("argv", "undo", "undo_if")}
        values = {name: value for name, value in values.items() if value and name != "limit"}
    return {name: value for name, value in values.items() if value not in (None, [])}
