"""Ways into a cluster, and what a person is told who has written down one that cannot be gone."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.model.target import ClusterAccess, ClusterToken, InCluster, Kubeconfig, KubernetesCluster
from reconciler.ports.errors import Denied
from reconciler.providers.kubernetes.credentials import Credentials, Surroundings, credentials
from tests.providers.secret_values import SecretValues

NOWHERE = Surroundings({})
PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
DATA = base64.b64encode(PEM.encode()).decode()
SERVER = {"server": "https://192.0.2.1:6443/", "certificate-authority-data": DATA}


def cluster(access: ClusterAccess) -> KubernetesCluster:
    return KubernetesCluster(name="kube-1", environment="testing", access=access, labels={})


def kubeconfig(server: dict[str, Any], user: dict[str, Any]) -> dict[str, Any]:
    return {
        "current-context": "one",
        "contexts": [
            {"name": "one", "context": {"cluster": "c", "user": "u"}},
            {"name": "two", "context": {"cluster": "c", "user": "gone"}},
        ],
        "clusters": [{"name": "c", "cluster": server}],
        "users": [{"name": "u", "user": user}],
    }


def read(config: object, context: str | None = None) -> Credentials:
    secrets = SecretValues({"kube": yaml.safe_dump(config) if not isinstance(config, str) else config})
    return credentials(cluster(Kubeconfig(reference="kube", context=context)), secrets, NOWHERE)


def test_a_kubeconfig_has_a_server_an_authority_and_a_token() -> None:
    found = read(kubeconfig(SERVER, {"token": "t0ken"}))
    assert found == Credentials(server="https://192.0.2.1:6443", ca=PEM, token="t0ken")
    assert "t0ken" not in repr(found)


def test_a_kubeconfig_may_have_a_client_certificate_and_name_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("KEY")
    user = {"client-certificate-data": DATA, "client-key": str(tmp_path / "key")}
    found = read(kubeconfig(SERVER, user))
    assert (found.certificate, found.key) == (PEM, "KEY")


def test_a_token_is_that_of_its_secret() -> None:
    access = ClusterToken(server="https://192.0.2.1", ca=PEM, token="kube")
    found = credentials(cluster(access), SecretValues({"kube": "t0ken\n"}), NOWHERE)
    assert found == Credentials(server="https://192.0.2.1", ca=PEM, token="t0ken")


def test_in_a_pod_its_own_account_is_used(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t0ken")
    (tmp_path / "ca.crt").write_text(PEM)
    around = Surroundings({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}, tmp_path)
    found = credentials(cluster(InCluster()), SecretValues({}), around)
    assert found == Credentials(server="https://[fd00::1]:6443", ca=PEM, token="t0ken")


WRONG: dict[str, tuple[object, str | None, str]] = {
    "no YAML": ("{", None, "is not YAML"),
    "a text": ("t0ken", None, "is no mapping"),
    "no context": ({"users": []}, None, "has no current-context"),
    "another context": (kubeconfig(SERVER, {}), "three", "has no context called three"),
    "a user that is not there": (kubeconfig(SERVER, {}), "two", "has no user called gone"),
    "no verification": (
        kubeconfig({**SERVER, "insecure-skip-tls-verify": True}, {}),
        None,
        "write certificate-authority-data instead",
    ),
    "plain HTTP": (kubeconfig({"server": "http://192.0.2.1"}, {}), None, "no server that starts with https://"),
    "a proxy": (kubeconfig({**SERVER, "proxy-url": "http://p"}, {}), None, "has a proxy-url"),
    "a program": (kubeconfig(SERVER, {"exec": {"command": "aws"}}), None, r"logs in with a program \(exec\)"),
    "a password": (kubeconfig(SERVER, {"username": "a", "password": "b"}), None, "logs in with a password"),
    "no base64": (kubeconfig(SERVER, {"client-key-data": "%"}), None, "client-key-data of .* is not PEM in base64"),
    "a path that leads nowhere": (kubeconfig(SERVER, {"tokenFile": "/nowhere/t"}), None, "cannot read /nowhere/t"),
    "a path below something": (kubeconfig(SERVER, {"client-key": "key"}), None, "is no absolute path"),
}


@pytest.mark.parametrize(("config", "context", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_used_is_said_so(config: object, context: str | None, said: str) -> None:
    with pytest.raises(Denied, match=rf"cannot log in to kube-1: .*{said}") as caught:
        read(config, context)
    assert "t0ken" not in str(caught.value)


def test_a_secret_that_is_missing_and_a_pod_that_is_none_are_said_so() -> None:
    with pytest.raises(Denied, match="cannot log in to kube-1: the secret kube"):
        credentials(cluster(Kubeconfig(reference="kube")), SecretValues({}), NOWHERE)
    with pytest.raises(Denied, match="KUBERNETES_SERVICE_HOST is not set"):
        credentials(cluster(InCluster()), SecretValues({}), NOWHERE)
