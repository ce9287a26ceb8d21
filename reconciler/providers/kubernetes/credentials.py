"""How a cluster is reached and who we are to it: from a kubeconfig, a token, or the pod that we run in."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, assert_never

import yaml

from reconciler.model.target import ClusterToken, InCluster, Kubeconfig, KubernetesCluster
from reconciler.ports.errors import Denied
from reconciler.ports.secrets import Secrets
from reconciler.providers.secret_use import used

_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_HOST, _PORT = "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """``ca`` (PEM) None trusts what this machine trusts. Token, certificate and key (PEM) are never shown."""

    server: str
    ca: str | None = None
    token: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    server_name: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a pod's own service account is found; ``environment`` has the variables of the process."""

    environment: Mapping[str, str]
    folder: Path = _POD


def credentials(cluster: KubernetesCluster, secrets: Secrets, around: Surroundings) -> Credentials:
    """Read how the cluster is reached, anew each time; raise Denied with what a person has to do."""
    access, purpose = cluster.access, f"cannot log in to {cluster.name}"
    try:
        match access:
            case Kubeconfig():
                return _of_kubeconfig(used(secrets, access.reference, purpose, Denied), access)
            case ClusterToken():
                token = used(secrets, access.token, purpose, Denied).strip()
                return Credentials(server=access.server.rstrip("/"), ca=access.ca or None, token=token)
            case InCluster():
                return _of_pod(around)
            case _:
                assert_never(access)
    except _Unusable as error:
        raise Denied(f"{purpose}: {error}") from error


class _Unusable(Exception):
    """The text says why the credentials cannot be used, never what they are."""


def _of_pod(around: Surroundings) -> Credentials:
    host = around.environment.get(_HOST)
    if not host:
        raise _Unusable(f"inCluster is for a reconciler that runs in a pod, and {_HOST} is not set here")
    host = f"[{host}]" if ":" in host else host
    server = f"https://{host}:{around.environment.get(_PORT, '443')}"
    return Credentials(server=server, ca=_text(around.folder / "ca.crt"), token=_text(around.folder / "token").strip())


def _of_kubeconfig(text: str, access: Kubeconfig) -> Credentials:
    said = f"the kubeconfig in the secret {access.reference}"
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        # What YAML says of it quotes it.
        raise _Unusable(f"{said} is not YAML") from None
    if not isinstance(config, dict):
        raise _Unusable(f"{said} is no mapping")
    name = access.context or config.get("current-context")
    if not name:
        raise _Unusable(f"{said} has no current-context; name one: `context`")
    context = _named(config, "contexts", "context", name, said)
    cluster = _named(config, "clusters", "cluster", context.get("cluster"), said)
    user = _named(config, "users", "user", context.get("user"), said)
    _refuse_what_is_not_known(cluster, user, said)
    token = user.get("token") or (_text(Path(str(user["tokenFile"]))).strip() if user.get("tokenFile") else None)
    return Credentials(
        server=str(cluster.get("server", "")).rstrip("/"),
        ca=_pem(cluster, "certificate-authority", said),
        token=str(token) if token else None,
        certificate=_pem(user, "client-certificate", said),
        key=_pem(user, "client-key", said),
        server_name=cluster.get("tls-server-name"),
    )


def _refuse_what_is_not_known(cluster: Mapping[str, Any], user: Mapping[str, Any], said: str) -> None:
    if not str(cluster.get("server", "")).startswith("https://"):
        raise _Unusable(f"{said} has no server that starts with https://")
    if cluster.get("insecure-skip-tls-verify"):
        raise _Unusable(f"{said} has insecure-skip-tls-verify; write certificate-authority-data instead")
    if cluster.get("proxy-url"):
        raise _Unusable(f"{said} has a proxy-url, which is not followed")
    for key in ("exec", "auth-provider"):
        if user.get(key):
            raise _Unusable(
                f"{said} logs in with a program ({key}), which is not run here; use a service account's token"
            )
    if user.get("username"):
        raise _Unusable(f"{said} logs in with a password; use a service account's token or a client certificate")


def _named(config: Mapping[str, Any], part: str, key: str, name: object, said: str) -> Mapping[str, Any]:
    entries = config.get(part)
    for each in entries if isinstance(entries, list) else ():
        if isinstance(each, dict) and each.get("name") == name and isinstance(each.get(key), dict):
            found: Mapping[str, Any] = each[key]
            return found
    raise _Unusable(f"{said} has no {key} called {name}")


def _pem(part: Mapping[str, Any], key: str, said: str) -> str | None:
    """The PEM that is given along, or that of a file of this machine."""
    data, path = part.get(f"{key}-data"), part.get(key)
    if data:
        try:
            return base64.b64decode(str(data), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _Unusable(f"{key}-data of {said} is not PEM in base64") from None
    if not path:
        return None
    if not Path(str(path)).is_absolute():
        raise _Unusable(f"{key} of {said} is no absolute path; use {key}-data")
    return _text(Path(str(path)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _Unusable(f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is no text'}") from error
