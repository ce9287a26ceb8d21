"""Something we can change: a Linux host over SSH, or what is reached through an API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, TypeAlias


class Sort(StrEnum):
    """What sort of target something is; a kind of resource lives on one sort."""

    HOST = "host"
    DOCKER_ENGINE = "dockerEngine"
    SWARM = "swarm"
    KUBERNETES_CLUSTER = "kubernetesCluster"
    HTTP_API = "httpApi"


class Become(StrEnum):
    """How a connection gets the rights it works with on the host."""

    NONE = "none"
    SUDO = "sudo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A plain Linux host. ``host_key`` is the one public key it may show, as in ``known_hosts`` (type and base64).

    ``jump`` names the Host whose connection carries ours. ``become_password`` is a secret's reference.
    """

    name: str
    environment: str
    address: str
    port: int = 22
    user: str
    host_key: str
    become: Become = Become.NONE
    become_password: str | None = None
    jump: str | None = None
    labels: Mapping[str, str]
    sort: Literal[Sort.HOST] = Sort.HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class UnixSocket:
    """The engine listens on a socket of the machine we run on."""

    path: str = "/var/run/docker.sock"
    endpoint: Literal["unix"] = "unix"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSocket:
    """The engine listens on TCP with TLS. ``ca`` is PEM, ``certificate`` PEM; ``key`` is a secret's reference."""

    host: str
    port: int = 2376
    ca: str
    certificate: str
    key: str
    endpoint: Literal["tls"] = "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSocket:
    """The engine listens on a socket of a Host, and is asked through the Host's SSH connection: no port is opened."""

    host: Host
    path: str = "/var/run/docker.sock"
    endpoint: Literal["host"] = "host"


EngineEndpoint: TypeAlias = UnixSocket | TlsSocket | HostSocket


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerEngine:
    """A Docker Engine. ``address`` is where the ports that its containers publish are reached."""

    name: str
    environment: str
    address: str
    endpoint: EngineEndpoint
    labels: Mapping[str, str]
    sort: Literal[Sort.DOCKER_ENGINE] = Sort.DOCKER_ENGINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """A Docker Swarm, asked at one of its managers. ``address`` is where the ports that it publishes are reached."""

    name: str
    environment: str
    address: str
    endpoint: EngineEndpoint
    labels: Mapping[str, str]
    sort: Literal[Sort.SWARM] = Sort.SWARM


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubeconfig:
    """Access as a kubeconfig says; ``reference`` is the secret that holds it. ``context`` None: its current one."""

    reference: str
    context: str | None = None
    access: Literal["kubeconfig"] = "kubeconfig"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterToken:
    """Access with a bearer token, by reference. ``ca`` is PEM."""

    server: str
    ca: str
    token: str
    access: Literal["token"] = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class InCluster:
    """Access with the service account of the pod that we run in."""

    access: Literal["inCluster"] = "inCluster"


ClusterAccess: TypeAlias = Kubeconfig | ClusterToken | InCluster


@dataclass(frozen=True, slots=True, kw_only=True)
class KubernetesCluster:
    """A Kubernetes cluster. ``address`` is where its ingress is reached; empty where no check asks for it.

    ``namespace`` is that of objects which name none.
    """

    name: str
    environment: str
    address: str = ""
    access: ClusterAccess
    namespace: str = "default"
    labels: Mapping[str, str]
    sort: Literal[Sort.KUBERNETES_CLUSTER] = Sort.KUBERNETES_CLUSTER


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAuth:
    """Anybody may."""

    auth: Literal["none"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A token, by reference, in the Authorization header, or in ``header`` after ``prefix``."""

    token: str
    header: str = "Authorization"
    prefix: str = "Bearer "
    auth: Literal["bearer"] = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """A user and a password, which is a secret's reference."""

    user: str
    password: str
    auth: Literal["basic"] = "basic"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """OAuth 2 client credentials: a token is fetched at ``token_url``. ``secret`` is a reference."""

    token_url: str
    client: str
    secret: str
    scopes: tuple[str, ...] = ()
    auth: Literal["clientCredentials"] = "clientCredentials"


ApiAuth: TypeAlias = NoAuth | Bearer | Basic | ClientCredentials


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiTls:
    """How an API is trusted, and who we are to it. ``ca``, ``certificate`` are PEM; ``key`` is a reference."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """Any API that is asked with HTTP. ``per_second`` bounds our requests; ``look_every`` is how often it is asked."""

    name: str
    environment: str
    url: str
    auth: ApiAuth = NoAuth()
    tls: ApiTls = ApiTls()
    headers: tuple[tuple[str, str], ...] = ()
    per_second: int = 10
    limit: timedelta = timedelta(seconds=10)
    look_every: timedelta = timedelta(seconds=30)
    labels: Mapping[str, str]
    sort: Literal[Sort.HTTP_API] = Sort.HTTP_API

    @property
    def address(self) -> str:
        """Where checks ask; an API has no ports of its own."""
        return ""


Target: TypeAlias = Host | DockerEngine | Swarm | KubernetesCluster | HttpApi


def all_or_nothing(target: Target) -> bool:
    """Whether a change there is one transaction. APIs are changed request by request, each of which may be repeated."""
    return isinstance(target, Host)


def hosts_among(targets: Mapping[str, Target]) -> dict[str, Host]:
    """Return those of the targets that are plain hosts."""
    return {name: each for name, each in targets.items() if isinstance(each, Host)}


def clusters_among(targets: Mapping[str, Target]) -> dict[str, KubernetesCluster]:
    """Return those of the targets that are Kubernetes clusters."""
    return {name: each for name, each in targets.items() if isinstance(each, KubernetesCluster)}
