"""What tells one state of a Swarm's service from another one, and which objects are versions of ours. Pure."""

from collections.abc import Mapping
from typing import Any

from reconciler.model.canonical import Digest, digest

NAME_LABEL = "reconciler/name"
"""The label of a version of a config or secret: what it is a version of."""

CONTENT_LABEL = "reconciler/content"
"""The label of a version of a config or secret: the digest of its content."""


def revision(spec: Mapping[str, Any]) -> Digest:
    """Return a digest of a ServiceSpec as the engine tells it.

    Of variables it has the names only: a digest of a value could be tried against guesses.
    """
    template = spec.get("TaskTemplate") or {}
    container = template.get("ContainerSpec") or {}
    names = sorted(each.partition("=")[0] for each in container.get("Env") or ())
    return digest({**spec, "TaskTemplate": {**template, "ContainerSpec": {**container, "Env": names}}})
