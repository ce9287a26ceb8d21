"""What people write below ``swarmService``."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds.container_spec import Capability, Healthcheck
from reconciler.kinds.docker_words import Duration, Labels, Reference, Size
from reconciler.kinds.written import Mode, Path, Text, Written


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?", name):
        raise ValueError("a name has letters, digits, _ and -, starts and ends with a letter or digit, 63 at most")
    return name


def _object(name: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,63})", name):
        raise ValueError("a name has letters, digits, _ . and -, starts with a letter or digit, 64 at most")
    return name


ServiceName = Annotated[Text, AfterValidator(_name)]
"""A name of a service."""

ObjectName = Annotated[Text, AfterValidator(_object)]
"""A name of a network, a config or a secret of a Swarm."""

PortNumber = Annotated[int, Field(ge=1, le=65535)]
Cpus = Annotated[float | int, Field(gt=0)]


class Port(Written):
    """A port that is published: by every node (``ingress``), or by those that run a task (``host``)."""

    published: PortNumber
    target: PortNumber
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"
    mode: Literal["ingress", "host"] = "ingress"


class Mount(Written):
    """What is mounted into the containers."""

    type: Literal["volume", "bind", "tmpfs"] = "volume"
    source: Text | None = None
    target: Path
    read_only: bool = False

    @model_validator(mode="after")
    def _of_something(self) -> Self:
        if (self.source is None) != (self.type == "tmpfs"):
            raise ValueError("a tmpfs has no source" if self.source else f"a {self.type} needs a source")
        return self


class ConfigFile(Written):
    """A config as a file in the containers."""

    config: Annotated[ObjectName, Field(description="a swarmConfig of the app, or the name of a config that is there")]
    path: Text
    mode: Mode = "0444"


class SecretFile(Written):
    """A secret as a file in the containers, below /run/secrets unless the path is absolute."""

    secret: Annotated[ObjectName, Field(description="a swarmSecret of the app, or the name of a secret that is there")]
    path: Annotated[Text | None, Field(description="by default the name")] = None
    mode: Mode = "0444"


class Limits(Written):
    """The most that each container may take."""

    cpus: Cpus | None = None
    memory: Size | None = None
    pids: Annotated[int, Field(ge=1)] | None = None


class Reservations(Written):
    """What a node must have left for a container."""

    cpus: Cpus | None = None
    memory: Size | None = None


class Restart(Written):
    """What Swarm does when a container ends."""

    condition: Literal["none", "on-failure", "any"] | None = None
    delay: Duration | None = None
    max_attempts: Annotated[int, Field(ge=0)] | None = None
    window: Duration | None = None


class Rolling(Written):
    """How Swarm replaces tasks."""

    parallelism: Annotated[int, Field(ge=0, description="0: all at once")] | None = None
    delay: Duration | None = None
    order: Literal["stop-first", "start-first"] | None = None
    monitor: Duration | None = None
    max_failure_ratio: Annotated[float | int, Field(ge=0, le=1)] | None = None


class Update(Rolling):
    """How Swarm goes from one version to the next."""

    failure_action: Literal["pause", "continue", "rollback"] | None = None


class Rollback(Rolling):
    """How Swarm goes back by itself."""

    failure_action: Literal["pause", "continue"] | None = None


class Spec(Written):
    """A service of a Docker Swarm."""

    name: ServiceName
    image: Annotated[Reference, Field(description="by digest where it comes from a registry")]
    credentials: Annotated[Text | None, Field(description="secret `user:password` for the registry")] = None
    mode: Literal["replicated", "global"] = "replicated"
    replicas: Annotated[int, Field(ge=0, description="not written: 1 at first, then as it is there")] | None = None
    entrypoint: list[str] | None = None
    command: list[str] | None = None
    env: Annotated[dict[str, str], Field(description="texts may use {{ secrets.NAME }}")] = Field(default_factory=dict)
    secrets: Annotated[dict[str, Text], Field(description="name (secrets.NAME): reference of the secret")] = Field(
        default_factory=dict
    )
    ports: list[Port] | None = None
    networks: list[ObjectName] | None = None
    config_files: list[ConfigFile] | None = None
    secret_files: list[SecretFile] | None = None
    mounts: list[Mount] | None = None
    constraints: Annotated[list[Text] | None, Field(description='such as "node.labels.disk == ssd"')] = None
    max_per_node: Annotated[int, Field(ge=1)] | None = None
    limits: Limits = Limits()
    reservations: Reservations = Reservations()
    restart: Restart = Restart()
    healthcheck: Healthcheck | None = None
    update: Update = Update()
    rollback: Rollback = Rollback()
    user: Text | None = None
    working_dir: Path | None = None
    hostname: Text | None = None
    cap_add: list[Capability] | None = None
    cap_drop: list[Capability] | None = None
    read_only: bool | None = None
    init: bool | None = None
    stop_signal: Text | None = None
    stop_timeout: Annotated[Duration | None, Field(description="how long a container has to end")] = None
    labels: Labels = Field(default_factory=dict)
    container_labels: Labels = Field(default_factory=dict)
    stack: Annotated[Text | None, Field(description="the name under which `docker stack` lists it")] = None

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.mode == "global" and (self.replicas is not None or self.max_per_node is not None):
            raise ValueError("a global service has one task on each node: leave replicas and maxPerNode out")
        return self
