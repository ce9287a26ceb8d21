"""What is done to have services, configs and secrets of a Swarm as they shall be, as data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from reconciler.model.canonical import Digest
from reconciler.model.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class PutServiceSpec:
    """Have the service as ``spec`` (the Engine API's JSON of a ServiceSpec) says; it has the label ``label`` then.

    ``seen`` is the revision (``policy.swarm_revision``) that was there when it was planned, None where there was none:
    another one by then is Stale, unless it is what is asked for already. Networks, configs and secrets are called by
    their names in ``spec``; ``configs`` and ``secrets`` say which object that is now. ``keeps`` are places in the spec
    (JSON pointers) where what is there stays. Where the mode changes, the service is removed first.
    ``credentials`` is the reference of a secret ``user:password`` for the image's registry.
    """

    name: str
    spec: Content
    label: Digest
    seen: Digest | None = None
    configs: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    keeps: tuple[str, ...] = ()
    credentials: str | None = None
    limit: timedelta = timedelta(seconds=60)
    op: Literal["put_service"] = "put_service"


@dataclass(frozen=True, slots=True, kw_only=True)
class PutVersion:
    """Have the config or secret ``object`` with that content: the version of ``name`` that services use from now on.

    It never changes; other content is another object. Versions of the name that no service has, nor had before its last
    update, are removed.
    """

    sort: Literal["config", "secret"]
    name: str
    object: str
    content: Content
    labels: tuple[tuple[str, str], ...] = ()
    limit: timedelta = timedelta(seconds=60)
    op: Literal["put_version"] = "put_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveUnused:
    """Remove a network, or all versions of a config or a secret.

    It waits while a task is still there that has it, or an update is under way that could go back to it.
    """

    sort: Literal["config", "secret", "network"]
    name: str
    limit: timedelta = timedelta(minutes=4)
    op: Literal["remove_unused"] = "remove_unused"


SwarmOperation: TypeAlias = PutServiceSpec | PutVersion | RemoveUnused
"""What only a Swarm can be asked for."""
