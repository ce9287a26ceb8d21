"""What people write below ``container``."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from reconciler.kinds.docker_words import Duration, Labels, Name, Reference, Size
from reconciler.kinds.written import Path, Text, Written

_PORT = re.compile(
    r"((?P<address>[0-9]+([.][0-9]+){3}|\[[0-9a-f:]+\]):)?((?P<host>[0-9]+):)?(?P<port>[0-9]+)(/(?P<by>tcp|udp|sctp))?"
)
_RESTART = re.compile(r"no|always|unless-stopped|on-failure(:[1-9][0-9]*)?")


def _port(text: str) -> str:
    found = _PORT.fullmatch(text)
    if not found or not all(0 < int(each) < 65536 for each in (found["host"], found["port"]) if each):
        raise ValueError('write a port as "8080:80", "127.0.0.1:8080:80" or "8080:80/udp"')
    if not found["host"]:
        raise ValueError("give the port on the host, too: one that the engine takes by chance cannot be checked")
    return text


def _restart(text: str) -> str:
    if not _RESTART.fullmatch(text):
        raise ValueError("expected no, always, unless-stopped, on-failure or on-failure:N")
    return text


def _volume(text: str) -> str:
    parts = text.split(":")
    if len(parts) not in (2, 3) or not parts[1].startswith("/") or (len(parts) == 3 and parts[2] not in ("ro", "rw")):
        raise ValueError('write "volume:/path", "/folder/on/the/host:/path" or either with :ro at the end')
    if not re.fullmatch(r"/[^:]*|[a-zA-Z0-9][a-zA-Z0-9_.-]+", parts[0]):
        raise ValueError(f"{parts[0]!r} is neither the name of a volume nor an absolute path")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[^\s:]+:([0-9.]+|[0-9a-f:]+|host-gateway)", text):
        raise ValueError('write "name:address"')
    return text


def _capability(text: str) -> str:
    if not re.fullmatch(r"ALL|(CAP_)?[A-Z_]+", text):
        raise ValueError("write a capability as NET_ADMIN, or ALL")
    return text.removeprefix("CAP_")


class Healthcheck(Written):
    """How the engine asks the container whether it does well."""

    test: Annotated[list[Text], Field(min_length=1, description="a command, asked inside of the container")]
    interval: Duration | None = None
    timeout: Duration | None = None
    start_period: Duration | None = None
    retries: Annotated[int, Field(ge=1)] | None = None


class Logging(Written):
    """Where what it prints goes."""

    driver: Text
    options: dict[str, str] = Field(default_factory=dict)


Port = Annotated[Text, AfterValidator(_port)]
Mounted = Annotated[Text, AfterValidator(_volume)]
Capability = Annotated[Text, AfterValidator(_capability)]


class Spec(Written):
    """A container of a Docker Engine."""

    name: Name
    image: Annotated[Reference, Field(description="by digest where it comes from a registry")]
    credentials: Annotated[Text | None, Field(description="secret `user:password` for the registry")] = None
    entrypoint: list[str] | None = None
    command: list[str] | None = None
    env: Annotated[dict[str, str], Field(description="texts may use {{ secrets.NAME }}")] = Field(default_factory=dict)
    secrets: Annotated[dict[str, Text], Field(description="name (secrets.NAME): reference of the secret")] = Field(
        default_factory=dict
    )
    ports: Annotated[list[Port] | None, Field(description='"8080:80", "127.0.0.1:8080:80/tcp"')] = None
    volumes: Annotated[list[Mounted] | None, Field(description='"volume:/path", "/folder:/path:ro"')] = None
    tmpfs: Annotated[dict[Path, str] | None, Field(description="path: options")] = None
    networks: Annotated[list[Name] | None, Field(min_length=1)] = None
    network_mode: Literal["host", "none"] | None = None
    labels: Labels = Field(default_factory=dict)
    restart: Annotated[Text, AfterValidator(_restart)] = "unless-stopped"
    user: Text | None = None
    working_dir: Path | None = None
    hostname: Text | None = None
    extra_hosts: list[Annotated[Text, AfterValidator(_host)]] | None = None
    dns: list[Text] | None = None
    memory: Size | None = None
    cpus: Annotated[float | int, Field(gt=0)] | None = None
    pids: Annotated[int, Field(ge=1)] | None = None
    shm_size: Size | None = None
    healthcheck: Healthcheck | None = None
    cap_add: list[Capability] | None = None
    cap_drop: list[Capability] | None = None
    security: Annotated[list[Text] | None, Field(description="security options")] = None
    sysctls: dict[str, str] | None = None
    privileged: bool | None = None
    read_only: bool | None = None
    init: bool | None = None
    stop_signal: Text | None = None
    stop_timeout: Annotated[Duration | None, Field(description="how long it has to end")] = None
    logging: Logging | None = None
    running: bool = True

    @model_validator(mode="after")
    def _one_way_out(self) -> Self:
        if self.network_mode and (self.networks or (self.ports and self.network_mode)):
            raise ValueError("networkMode goes with neither networks nor ports")
        return self


def port_parts(text: str) -> tuple[str, str, str]:
    """Return the address (empty: all), the port of the host, and the container's port with its protocol."""
    found = _PORT.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is not a port")
    return found["address"] or "", found["host"] or "", f"{found['port']}/{found['by'] or 'tcp'}"
