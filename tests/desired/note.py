"""A small kind of resource, and a fleet of one host, to write documents against."""

import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from reconciler.desired.load import Folders, load
from reconciler.model.target import Sort
from reconciler.model.unit import Desired
from reconciler.ports.kind import Inputs, Rendered
from reconciler.ports.secrets import SecretMissing

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"

BASE = f"""\
kind: Environment
metadata: {{name: production, labels: {{tier: critical}}}}
spec: {{vars: {{color: red}}}}
---
kind: Host
metadata: {{name: web-1, labels: {{role: web}}}}
spec: {{environment: production, address: 203.0.113.1, user: deploy, hostKey: "{KEY}"}}
---
kind: App
metadata: {{name: base}}
spec:
  version: "1"
  environments: {{production: {{}}}}
  targets: {{hosts: {{role: web}}}}
  resources: [note: {{path: /base, text: hello}}]
"""

SECOND = f"""\
kind: Host
metadata: {{name: web-2, labels: {{role: web}}}}
spec: {{environment: production, address: 203.0.113.2, user: deploy, hostKey: "{KEY}"}}
"""
"""Another host for the same app."""


class Spec(BaseModel):
    """A note at a path: a text, a template or a file of the repository."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    path: str
    text: str | None = None
    template: str | None = None
    file: str | None = None
    archive: str | None = None
    sha256: str = ""
    copies: int = Field(default=1, ge=1, le=9)
    secrets: dict[str, str] = Field(default_factory=dict)
    restart_on: tuple[str, ...] = Field(default=(), strict=False)


class Note:
    """The kind; only what documents need of it."""

    NAME = "note"
    TARGET = Sort.HOST
    Spec = Spec

    def render(self, spec: Spec, inputs: Inputs) -> Rendered:
        contents = {}
        attributes: dict[str, Any] = {"copies": spec.copies}
        if spec.template is not None:
            contents["content"] = inputs.template(spec.template, spec.secrets)
        elif spec.file is not None:
            contents["content"] = inputs.file(spec.file)
        elif spec.text is not None:
            contents["content"] = inputs.text(spec.text)
        if contents:
            attributes["content"] = contents["content"].digest
        if spec.archive is not None:
            attributes["archive"] = inputs.artifact(spec.archive, spec.sha256).url
        return Rendered(name=spec.path, attributes=attributes, contents=contents, restart_on=spec.restart_on)


KINDS: Mapping[str, Any] = {"note": Note()}


class Known:
    """Secrets that are given."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values

    def value(self, reference: str) -> str:
        try:
            return self.values[reference]
        except KeyError:
            raise SecretMissing(f"there is no secret {reference} in the test") from None

    def keyed(self, digest: str) -> str:
        return "keyed:" + hashlib.sha256(b"key" + digest.encode()).hexdigest()

    def by(self, stores: object) -> "Known":
        return self

    def known(self, stores: object) -> "Known":
        return self

    def follow(self, stores: object) -> None:
        pass


def loaded(files: Mapping[str, str | bytes], secrets: Mapping[str, str] | None = None) -> Desired:
    """Load the files over BASE with the kind ``note``."""
    texts = {"desired-state/base.yaml": BASE, **files}
    data = {path: text.encode() if isinstance(text, str) else text for path, text in texts.items()}
    return load("c" * 40, data, KINDS, Known(secrets or {"shop/db": "hunter2"}), Folders())
