"""Objects of Kubernetes made from files of a commit, as the daemon makes them; programs that stand in for others."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.desired.inputs import ResourceInputs, Sources
from reconciler.desired.memory import Memory
from reconciler.desired.templates import Templates
from reconciler.kinds import kubernetes
from reconciler.model.identity import ResourceId, UnitId
from reconciler.model.resource import Resource
from reconciler.ports.kind import InputError, Rendered
from tests.desired.note import Known

VARIABLES = {"app": "shop", "version": "1.4", "environment": "production", "vars": {"replicas": 3}}


@dataclass
class Commit:
    """Files below desired-state; the App is in the folder ``shop``."""

    files: Mapping[str, str | bytes] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)

    def rendered(self, **written: Any) -> dict[str, Rendered]:
        """Return what the kind renders, by name; raise InputError."""
        return self.made(**written)[0]

    def manifests(self, **written: Any) -> dict[str, Any]:
        """Return the manifests, by name; raise InputError."""
        found, sources = self.made(**written)
        contents = {name: each.contents["manifest"] for name, each in found.items()}
        return {name: json.loads(sources.contents[each.blob]) for name, each in contents.items()}

    def made(self, **written: Any) -> tuple[dict[str, Rendered], Sources]:
        """Return what the kind renders, by name, and where its contents are; raise InputError."""
        files = {f"desired-state/{name}": _bytes(data) for name, data in self.files.items()}
        sources = Sources(files, "desired-state", Templates(), Known(self.secrets), memory=self.memory)
        inputs = ResourceInputs(sources, "desired-state/shop", VARIABLES, written)
        with self.memory.load():
            found = kubernetes.render(kubernetes.Spec.model_validate(written), inputs)
        return {each.name: each for each in found}, sources

    def mistake(self, **written: Any) -> tuple[str, str]:
        """Return the key and the text of the mistake that is told."""
        try:
            found = self.rendered(**written)
        except InputError as error:
            return error.where, str(error)
        raise AssertionError(f"nothing is told, {sorted(found)} are made")


def resource_of(rendered: Rendered) -> Resource:
    """Return the resource on a cluster."""
    identity = ResourceId(UnitId("shop", "production"), "cluster", kubernetes.NAME, rendered.name)
    return Resource(id=identity, attributes=rendered.attributes, contents=rendered.contents)


def program(folder: Path, name: str, script: str) -> None:
    """Put a program into the folder; it is a sh script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def path_with(folder: Path) -> str:
    """Return a PATH in which the folder comes first."""
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data
