"""What people write to name a target that is no host: DockerEngine, Swarm, KubernetesCluster."""

from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from reconciler.desired.documents import Metadata
from reconciler.desired.fields import Address, Matching, OrEmpty, Port, SecretReference, Strict
from reconciler.desired.urls import url_schema, web_address
from reconciler.desired.wait_documents import told_at
from reconciler.model import target as model

_PATH = "/var/run/docker.sock"

SocketPath = Annotated[str, Matching(r"/[^\0]*", "the path of a socket, which starts with '/'")]
Namespace = Annotated[
    str,
    Matching(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "a namespace of lower case letters, digits and '-'"),
]
Server = Annotated[str, AfterValidator(web_address(("https",))), WithJsonSchema(url_schema("https"))]


def _one_of(*keys: str) -> dict[str, Any]:
    """What the JSON Schema says where exactly one of the keys has to be there."""
    return {"oneOf": [{"required": [key]} for key in keys]}


class Supply(Protocol):
    """What targets are made with, beside what is written in them. What it raises is raised."""

    def pem(self, key: str, given: str) -> str:
        """Return certificates in PEM: those of a file of the repository, or the text itself where it is PEM.

        ``key`` is where it was written, below spec. Raises InputError.
        """
        ...

    def host(self, key: str, name: str) -> model.Host:
        """Return the Host of the name; raise InputError."""
        ...


class UnixSpec(Strict):
    """A socket of the machine that the controller runs on."""

    path: SocketPath = _PATH


class TlsSocketSpec(Strict):
    """A TCP port with TLS, on which both sides show a certificate."""

    host: Address
    port: Port = 2376
    ca: str
    certificate: str
    key: SecretReference


class _EngineSpec(Strict, json_schema_extra=_one_of("unix", "tls", "host")):
    environment: str
    address: Address | None = None
    unix: Annotated[UnixSpec | None, OrEmpty] = None
    tls: TlsSocketSpec | None = None
    host: str | None = None
    path: SocketPath | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "_EngineSpec":
        if sum(each is not None for each in (self.unix, self.tls, self.host)) != 1:
            raise ValueError("expected exactly one of unix, tls or host: the way to the engine")
        if self.path and self.host is None:
            raise told_at(("path",), "path is that of the socket on the host, and no host is named here", self.path)
        return self

    def endpoint(self, supply: Supply) -> tuple[str, model.EngineEndpoint]:
        """Return the address, and the way to the engine."""
        if self.host is not None:
            host = supply.host("host", self.host)
            return self.address or host.address, model.HostSocket(host=host, path=self.path or _PATH)
        if self.tls is not None:
            tls = model.TlsSocket(
                host=self.tls.host,
                port=self.tls.port,
                ca=supply.pem("tls.ca", self.tls.ca),
                certificate=supply.pem("tls.certificate", self.tls.certificate),
                key=self.tls.key,
            )
            return self.address or tls.host, tls
        return self.address or "127.0.0.1", model.UnixSocket(path=self.unix.path if self.unix else _PATH)


class DockerEngineSpec(_EngineSpec):
    """A Docker Engine: on a local socket, over TLS, or on the socket of a Host through its SSH connection."""

    def to_model(self, metadata: Metadata, supply: Supply) -> model.DockerEngine:
        """Return the target; what the supply raises is raised."""
        address, endpoint = self.endpoint(supply)
        return model.DockerEngine(
            name=metadata.name,
            environment=self.environment,
            address=address,
            endpoint=endpoint,
            labels=metadata.labels,
        )


class SwarmSpec(_EngineSpec):
    """A Docker Swarm, asked at one of its managers, which is reached as a Docker Engine is."""

    def to_model(self, metadata: Metadata, supply: Supply) -> model.Swarm:
        """Return the target; what the supply raises is raised."""
        address, endpoint = self.endpoint(supply)
        return model.Swarm(
            name=metadata.name,
            environment=self.environment,
            address=address,
            endpoint=endpoint,
            labels=metadata.labels,
        )


class KubeconfigSpec(Strict):
    """Access as a kubeconfig says, which is a secret; by its current context where none is named."""

    secret: SecretReference
    context: Annotated[str, Field(min_length=1)] | None = None


class TokenSpec(Strict):
    """Access with a bearer token, which is a secret."""

    server: Server
    ca: str
    secret: SecretReference


class InClusterSpec(Strict):
    """Access with the service account of the pod that the controller runs in."""


class KubernetesClusterSpec(Strict, json_schema_extra=_one_of("kubeconfig", "token", "inCluster")):
    """A Kubernetes cluster: by kubeconfig, by token, or the one that the controller runs in."""

    environment: str
    address: Address | None = None
    namespace: Namespace = "default"
    kubeconfig: KubeconfigSpec | None = None
    token: TokenSpec | None = None
    in_cluster: Annotated[InClusterSpec | None, OrEmpty] = None

    @model_validator(mode="after")
    def _one_way(self) -> "KubernetesClusterSpec":
        if sum(each is not None for each in (self.kubeconfig, self.token, self.in_cluster)) != 1:
            raise ValueError("expected exactly one of kubeconfig, token or inCluster: the access to the cluster")
        return self

    def to_model(self, metadata: Metadata, supply: Supply) -> model.KubernetesCluster:
        """Return the target; what the supply raises is raised."""
        return model.KubernetesCluster(
            name=metadata.name,
            environment=self.environment,
            address=self.address or "",
            access=self._access(supply),
            namespace=self.namespace,
            labels=metadata.labels,
        )

    def _access(self, supply: Supply) -> model.ClusterAccess:
        if self.kubeconfig:
            return model.Kubeconfig(reference=self.kubeconfig.secret, context=self.kubeconfig.context)
        if self.token:
            ca = supply.pem("token.ca", self.token.ca)
            return model.ClusterToken(server=self.token.server, ca=ca, token=self.token.secret)
        return model.InCluster()
