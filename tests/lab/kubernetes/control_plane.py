"""etcd, kube-apiserver and kube-controller-manager of one cluster: how they start, and what can befall them."""

import ssl
from pathlib import Path

import httpx

from tests.lab.kubernetes.access import Access
from tests.lab.kubernetes.certificates import Authority, signing_key
from tests.lab.kubernetes.process import Program, free_port

START_LIMIT = 60.0
ISSUER = "https://kubernetes.default.svc"
CONTROLLERS = "*,-nodelifecycle,-nodeipam,-ttl,-bootstrapsigner,-tokencleaner,-csrsigning,-csrapproving,-csrcleaner"
"""Not those that would miss the heartbeats of real nodes, nor those that let nodes in."""


class ControlPlane:
    """The three programs, in a folder of their own. ``binaries`` is where they lie."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority(folder / "certificates")
        self.ca = self.authority.certificate
        self.trust = ssl.create_default_context(cafile=str(self.ca))
        self._folder = folder
        self._etcd_url = f"http://127.0.0.1:{free_port()}"
        self._port = free_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self.access = Access(folder / "access", self.url, self.authority)
        self._signing_key = signing_key(folder / "service-accounts.key")
        self._etcd = Program([str(binaries / "etcd"), *self._etcd_words()], folder / "etcd.log")
        self._api = Program([str(binaries / "kube-apiserver"), *self._api_words()], folder / "apiserver.log")
        controllers = [str(binaries / "kube-controller-manager"), *self._controllers_words()]
        self._controllers = Program(controllers, folder / "controllers.log")

    def client(self, user: str = "admin") -> httpx.Client:
        """Return an HTTP client that shows this user's token; it is the caller's to close."""
        return httpx.Client(
            base_url=self.url, verify=self.trust, headers={"Authorization": f"Bearer {self.access.token(user)}"}
        )

    def start(self) -> None:
        """Start all three, and return when the API server serves and controllers work. Raise LabError."""
        self._etcd.start()
        with httpx.Client(base_url=self._etcd_url) as etcd:
            self._etcd.until(lambda: _answers(etcd, "/health"), START_LIMIT)
        self.start_api()
        self._controllers.start()
        with self.client() as api:
            # The first thing that controllers are seen to do.
            first = "/api/v1/namespaces/default/serviceaccounts/default"
            self._controllers.until(lambda: _answers(api, first), START_LIMIT)

    def stop(self) -> None:
        """End all three; nothing is left to be read but logs."""
        for program in (self._controllers, self._api, self._etcd):
            program.kill()  # what they would tidy up is thrown away

    def start_api(self) -> None:
        """Start the API server, and return when it is ready. Raise LabError."""
        self._api.start()
        with self.client() as api:
            self._api.until(lambda: _answers(api, "/readyz"), START_LIMIT)

    def kill_api(self) -> None:
        """Cut the API server's power: connections break, and are refused from now on."""
        self._api.kill()

    def pause_api(self) -> None:
        """Freeze the API server: connections stay, new ones are taken, and nothing is answered."""
        self._api.pause()

    def resume_api(self) -> None:
        """Let a frozen API server go on."""
        self._api.resume()

    def heal(self) -> None:
        """Have the API server run and answer, whatever has befallen it. Raise LabError."""
        self._api.resume()
        if not self._api.running:
            self._api.kill()
            self.start_api()

    def _etcd_words(self) -> list[str]:
        peers = f"http://127.0.0.1:{free_port()}"
        return [
            "--name=lab",
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={self._etcd_url}",
            f"--advertise-client-urls={self._etcd_url}",
            f"--listen-peer-urls={peers}",
            f"--initial-advertise-peer-urls={peers}",
            f"--initial-cluster=lab={peers}",
            "--unsafe-no-fsync",
            "--log-level=error",
        ]

    def _api_words(self) -> list[str]:
        serving = self.authority.serving("apiserver")
        return [
            f"--etcd-servers={self._etcd_url}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self._port}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            f"--client-ca-file={self.ca}",
            f"--token-auth-file={self.access.tokens_file}",
            "--authorization-mode=RBAC",
            "--anonymous-auth=false",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-signing-key-file={self._signing_key}",
            f"--service-account-key-file={self._signing_key}",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--allow-privileged=true",
            # The loop that writes the endpoints of the service `kubernetes` waits at its end for other API servers.
            "--endpoint-reconciler-type=none",
            "--shutdown-delay-duration=0s",
        ]

    def _controllers_words(self) -> list[str]:
        return [
            f"--kubeconfig={self.access.kubeconfig_by_certificate('admin')}",
            "--leader-elect=false",
            "--port=0",
            "--secure-port=0",
            f"--controllers={CONTROLLERS}",
            f"--service-account-private-key-file={self._signing_key}",
            f"--root-ca-file={self.ca}",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--horizontal-pod-autoscaler-sync-period=1s",
            # The storage class `standard` gets its volumes from here; each is an empty folder in /tmp.
            "--enable-hostpath-provisioner",
        ]


def _answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
