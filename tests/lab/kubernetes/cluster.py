"""A Kubernetes cluster for tests: a real API server with its controllers, and nodes that are played.

    def test_it(cluster: Cluster) -> None:
        namespace = cluster.namespace()
        cluster.apply(manifest, namespace)
        shop = f"/apis/apps/v1/namespaces/{namespace}/deployments/shop"
        cluster.wait(shop, lambda shop: shop["status"]["readyReplicas"] == 3)

What the pods become is said by the names of their images: see `pods.WORDS`.
"""

import asyncio
import json
import os
import secrets
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path

import httpx

from tests.lab.engine import LabError
from tests.lab.kubernetes import binaries
from tests.lab.kubernetes.background import Background
from tests.lab.kubernetes.control_plane import ControlPlane
from tests.lab.kubernetes.kubelet import Kubelet
from tests.lab.kubernetes.objects import APPLY, Paths, documents
from tests.lab.kubernetes.outside import Outside
from tests.lab.kubernetes.proxy import Proxy, proxy_before
from tests.lab.kubernetes.watching import Json

BASICS = Path(__file__).parent / "objects.yaml"
WAIT_LIMIT = 30.0
PATIENCE = 0.05


class Cluster:
    """One cluster, with the users of `access.USERS`. ``ca`` is the file of the authority that it shows itself by."""

    def __init__(self, programs: Path, control_plane: ControlPlane) -> None:
        self.url = control_plane.url
        self.ca = control_plane.ca
        self.trust: ssl.SSLContext = control_plane.trust
        self.access = control_plane.access
        self._programs = programs
        self._control_plane = control_plane
        self._admin = control_plane.client()
        self._paths = Paths(self._admin)
        self._namespaces: list[str] = []
        self._serving = control_plane.authority.serving("proxy")

    def token(self, user: str = "admin") -> str:
        """Return the user's token."""
        return self.access.token(user)

    def account_token(self, namespace: str, account: str = "default") -> str:
        """Return a fresh token of a service account, as a pod of it has: it expires in ten minutes. Raise LabError."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        token: str = _good(self._admin.post(path, json=asked))["status"]["token"]
        return token

    def kubeconfig(self, user: str = "admin") -> Path:
        """Return a kubeconfig with the user's token; `access` makes those with certificates or another URL."""
        return self.access.kubeconfig(user)

    def client(self, user: str = "admin") -> httpx.Client:
        """Return an HTTP client of this user; it is the caller's to close."""
        return self._control_plane.client(user)

    def namespace(self) -> str:
        """Return the name of a fresh namespace; it goes after the test."""
        name = f"test-{secrets.token_hex(4)}"
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self._namespaces.append(name)
        # Without its service account no pod can be made by hand.
        self.wait(f"/api/v1/namespaces/{name}/serviceaccounts/default", lambda account: bool(account.get("secrets")))
        return name

    def apply(self, manifest: str | Mapping[str, object], namespace: str = "default") -> list[Json]:
        """Apply objects as the manager `lab`, past all conflicts, and return what became of them. Raise LabError."""
        return [self._apply(item, namespace) for item in documents(manifest)]

    def find(self, path: str) -> Json | None:
        """Return the object or list at the path, None when there is none. Raise LabError."""
        answer = self._admin.get(path)
        if answer.status_code == 404:
            return None
        return _good(answer)

    def get(self, path: str) -> Json:
        """Return the object or list at the path; raise LabError when there is none."""
        return _good(self._admin.get(path))

    def merge(self, path: str, change: Mapping[str, object], manager: str = "kubectl-edit") -> Json:
        """Change an object as a person does with kubectl, by a merge patch. Raise LabError."""
        kind = {"Content-Type": "application/merge-patch+json"}
        return _good(self._admin.patch(path, params={"fieldManager": manager}, json=change, headers=kind))

    def delete(self, path: str) -> None:
        """Delete an object; what it owns follows. Raise LabError."""
        _good(self._admin.request("DELETE", path, json={"propagationPolicy": "Background"}))

    def wait(self, path: str, met: Callable[[Json], object], limit: float = WAIT_LIMIT) -> Json:
        """Return the object at the path as soon as it is there and as wanted; LabError after ``limit`` seconds."""
        for item in self._states(path, limit):
            with suppress(KeyError, IndexError, TypeError):  # a field that is not there yet, or null, is not as wanted
                if item is not None and met(item):
                    return item
        raise AssertionError("unreachable")

    def wait_gone(self, path: str, limit: float = WAIT_LIMIT) -> None:
        """Return as soon as there is no object at the path; LabError after ``limit`` seconds."""
        for item in self._states(path, limit):
            if item is None:
                return

    def kubectl(self, *words: str, user: str = "admin") -> str:
        """Run kubectl as a user and return what it printed; raise LabError when its status is not 0."""
        with tempfile.TemporaryDirectory() as home:
            command = [str(self._programs / "kubectl"), "--kubeconfig", str(self.kubeconfig(user)), *words]
            environment = {**os.environ, "HOME": home}
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=60,
                env=environment,
                stdin=subprocess.DEVNULL,
                check=False,
            )
        if done.returncode != 0:
            raise LabError(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def proxy(self) -> AbstractContextManager[Proxy]:
        """Have a proxy before the API server for the time of a block; its ``url`` takes the place of the cluster's."""
        return proxy_before(int(self.url.rpartition(":")[2]), self._serving, self.trust)

    def pause_apiserver(self) -> None:
        """Freeze the API server: connections stay, new ones are taken, and nothing is answered."""
        self._control_plane.pause_api()

    def resume_apiserver(self) -> None:
        """Let a frozen API server go on."""
        self._control_plane.resume_api()

    def kill_apiserver(self) -> None:
        """Cut the API server's power: connections break, new ones are refused."""
        self._control_plane.kill_api()

    def start_apiserver(self) -> None:
        """Start the API server after it was killed. It has forgotten old versions: who watches is answered 410."""
        self._control_plane.start_api()

    def clear(self) -> None:
        """Heal what a test did to the API server, and have the namespaces go that it asked for."""
        self._control_plane.heal()
        for name in self._namespaces:
            gone = self._admin.delete(f"/api/v1/namespaces/{name}")
            if gone.status_code not in (404, 409):  # the test has had it go
                _good(gone)
        self._namespaces.clear()

    def close(self) -> None:
        """Give back what it holds; the programs go on."""
        with closing(self._admin), suppress(httpx.TransportError):  # a test run may end in any way
            for volume in self.get("/api/v1/persistentvolumes")["items"]:
                with suppress(FileNotFoundError):
                    Path(volume["spec"]["hostPath"]["path"]).rmdir()

    def _apply(self, item: Json, namespace: str) -> Json:
        path = self._paths.of(item, namespace)
        words = {"fieldManager": "lab", "force": "true"}
        made = _good(self._admin.patch(path, params=words, content=json.dumps(item), headers=APPLY))
        if item["kind"] == "CustomResourceDefinition":
            made = self.wait(path, _established)
            self._until_served(made)
        return made

    def _until_served(self, definition: Json) -> None:
        """A kind that is established is served a moment later."""
        spec = definition["spec"]
        for version in spec["versions"]:
            collection = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
            for _ in _tries(WAIT_LIMIT):
                if self._admin.get(collection).status_code == 200:
                    break
            else:
                raise LabError(f"{collection} is not served after {WAIT_LIMIT:g} s")

    def _states(self, path: str, limit: float) -> Iterator[Json | None]:
        """Yield the object as it is and as it becomes, None while there is none; LabError after the limit."""
        collection, _, name = path.rpartition("/")
        said: Json | None = None
        one = {"fieldSelector": f"metadata.name={name}"}
        for left in _tries(limit):
            with suppress(httpx.TransportError):  # the test may have taken the API server away
                found = _good(self._admin.get(collection, params=one, timeout=left))
                said = next(iter(found["items"]), None)
                yield said
                watch = {**one, "watch": "1", "resourceVersion": found["metadata"]["resourceVersion"]}
                with self._watch(collection, watch, left) as lines:
                    for line in lines:
                        event = json.loads(line)
                        if event["type"] == "ERROR":
                            break
                        said = None if event["type"] == "DELETED" else event["object"]
                        yield said
        raise LabError(f"{path} is not as awaited after {limit:g} s: {json.dumps(said)}")

    @contextmanager
    def _watch(self, collection: str, words: Mapping[str, str], left: float) -> Iterator[Iterator[str]]:
        limited = {**words, "timeoutSeconds": str(int(left) + 1)}
        with self._admin.stream("GET", collection, params=limited, timeout=httpx.Timeout(left)) as answer:
            if answer.status_code != 200:
                answer.read()
                _good(answer)
            yield answer.iter_lines()


@contextmanager
def opened(folder: Path) -> Iterator[Cluster]:
    """Have a cluster for the time of the block, its files in the folder. Raise LabError."""
    programs = binaries.made()
    control_plane = ControlPlane(programs, folder)
    try:
        control_plane.start()
        with closing(Cluster(programs, control_plane)) as cluster, _played(control_plane):
            cluster.apply(BASICS.read_text())
            yield cluster
    finally:
        control_plane.stop()


@contextmanager
def _played(control_plane: ControlPlane) -> Iterator[None]:
    """Play what lies outside of the control plane."""
    background = Background("lab-kubelet")
    headers = {"Authorization": f"Bearer {control_plane.access.token('admin')}", "User-Agent": "kubelet"}
    client = httpx.AsyncClient(base_url=control_plane.url, verify=control_plane.trust, headers=headers, timeout=10)
    background.spawn(_play(client))
    try:
        yield
    finally:
        background.close()


async def _play(client: httpx.AsyncClient) -> None:
    async with client, asyncio.TaskGroup() as group:
        for part in (Kubelet(client), Outside(client)):
            group.create_task(part.run())


def _tries(limit: float) -> Iterator[float]:
    """Yield the seconds that are left until the limit, at most 20 times a second."""
    deadline = time.monotonic() + limit  # noqa: TID251 - the lab is the real world
    while (left := deadline - time.monotonic()) > 0:  # noqa: TID251
        yield left
        time.sleep(PATIENCE)


def _established(definition: Json) -> bool:
    return any(
        each["type"] == "Established" and each["status"] == "True" for each in definition["status"]["conditions"]
    )


def _good(answer: httpx.Response) -> Json:
    if answer.is_error:
        raise LabError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text.strip()}")
    found: Json = answer.json()
    return found
