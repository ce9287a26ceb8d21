"""The lab as a small production: hosts that serve an app under test, a load balancer, requests all the time.

with World(lab, tmp_path, policy) as world:
    world.release("1.4.1")                     # committed, rolled out, in sync
    with world.requests() as requests:
        world.release("1.4.2")
    assert not requests.tally.failed
"""

import asyncio
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypeVar

import yaml

from reconciler.cli.render.status import status_json
from reconciler.daemon.doorway import on_journal
from reconciler.daemon.settings import Settings
from reconciler.ports.journal import JournalUnavailable
from reconciler.traffic import nginx_file
from tests.lab import app, balancer
from tests.lab.hosts import SIDE_BY_SIDE, Lab, LabHost
from tests.lab.image import BALANCER, DEBIAN
from tests.rollouts.requests import LIMIT, Requests
from tests.stories import repository
from tests.stories.controller import Controller

T = TypeVar("T")

Router: TypeAlias = Literal["haproxy", "nginx"]

UNIT = "shop@production"
BACKEND = "shop"
FRONT = 8080
SOCKET = "/run/haproxy/admin.sock"

HAPROXY = """
global
  stats socket {socket} mode 660 level admin
  stats timeout 30s
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout check 5s
  option redispatch
  retries 3
frontend in
  bind :{front}
  default_backend {backend}
backend {backend}
  balance roundrobin
  option httpchk GET /healthz
  default-server check inter 1s downinter 200ms fall 5 rise 1
{servers}
"""

HEALTH: list[dict[str, Any]] = [
    {"http": {"port": 8080, "path": "/healthz", "period": "200ms", "failureThreshold": 20, "successThreshold": 2}}
]


class World:
    """Web hosts and a load balancer, a repository with the app and its policy, and a daemon that follows it."""

    def __init__(
        self,
        lab: Lab,
        folder: Path,
        policy: Mapping[str, Any],
        *,
        webs: int = 4,
        labels: Callable[[int], Mapping[str, str]] = lambda _: {},
        spec: Mapping[str, Any] | None = None,
        documents: tuple[Mapping[str, Any], ...] = (),
        slots: Mapping[str, int] | None = None,
        router: Router = "haproxy",
    ) -> None:
        self._lab, self._folder = lab, folder
        self.repository = folder / "repository"
        hosts = lab.fleet({"lb-1": BALANCER, **{f"web-{number}": DEBIAN for number in range(1, webs + 1)}})
        self.balancer = hosts.pop("lb-1")
        self.webs = hosts
        self._labels = {f"web-{number}": dict(labels(number)) for number in range(1, webs + 1)}
        self.policy = dict(policy)
        self.spec = dict(spec or {})
        self.documents = list(documents)
        self.version = ""
        self.slots = dict(slots or {})
        self._router: Router = router
        self._balance()
        self._git(folder, "init", "--quiet", "--initial-branch", "main", str(self.repository))
        repository.write(self.repository, "desired-state/files/app.pl", app.PROGRAM)
        self.controller = Controller(folder, "state", _settings(lab))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(self.controller.run("explain", UNIT).stdout)  # noqa: T201 - what a person would ask first
            print(self.controller.run("history", UNIT).stdout)  # noqa: T201
            print(self.controller.log())  # noqa: T201
        self.controller.close()

    # What people do

    def commit(self, version: str) -> None:
        """Commit the app at this version, with the policy and all else as it is now."""
        self.version = version
        self._write("desired-state/fleet.yaml", [_environment(), *self._hosts()])
        self._write("desired-state/shop.yaml", [self._app(version)])
        self._write("policies/all.yaml", [_document("RolloutPolicy", "all", self.policy), *self.documents])
        self._git(self.repository, "add", "--all")
        self._git(self.repository, "commit", "--quiet", "--message", f"Shop {version}")

    def first(self, version: str = "1.4.1") -> None:
        """Have the first version run, with a daemon that goes on."""
        self.commit(version)
        self.controller.start()
        self.until(state="in sync", version=version)

    def release(self, version: str) -> None:
        """Commit the version and wait until it is rolled out."""
        self.commit(version)
        self.until(state="in sync", version=version)

    def rejected(self) -> dict[str, Any]:
        """Wait until what was committed last is rejected and taken back; return the status of the unit."""
        commit = self._git(self.repository, "rev-parse", "HEAD")
        return self.wait(self.status, lambda now: _held(now) and now["rejected"]["commit"] == commit)

    def planned(self, version: str) -> str:
        """Return what ``plan`` says of the version, which is committed to a branch that nobody follows."""
        self._git(self.repository, "checkout", "--quiet", "-B", "next")
        self.commit(version)
        self._git(self.repository, "checkout", "--quiet", "main")
        done = self.controller.run("plan", "--commit", "next")
        assert done.returncode == 0, done.stdout
        return done.stdout

    # What is seen

    def journal(self, before: int = 0) -> list[dict[str, Any]]:
        """Return the events of the last rollout, or of one so many before it, as ``history --json`` says them."""
        rollout = json.loads(self.controller.run("history", UNIT, "--json").stdout)["rollouts"][before]["rollout"]
        events: list[dict[str, Any]] = json.loads(
            self.controller.run("history", "--rollout", rollout, "--json").stdout
        )["events"]
        return events

    def status(self) -> dict[str, Any]:
        """Return what ``status --json`` says of the unit; without a process for it, which is slow to start."""
        units = asyncio.run(_seen(self._folder / "reconciler.toml")).get("units", [])
        return next((unit for unit in units if unit["unit"] == UNIT), {})

    def until(self, within: float = LIMIT, **values: Any) -> dict[str, Any]:
        """Wait until the status of the unit has these values, and return it."""
        return self.wait(self.status, lambda now: all(now.get(key) == each for key, each in values.items()), within)

    def wait(self, look: Callable[[], Any], is_there: Callable[[Any], bool], within: float = LIMIT) -> Any:
        """Look until it is there; AssertionError with what was seen last when it is not in time."""
        deadline = time.monotonic() + within  # noqa: TID251 - it happens in the real world
        pace = threading.Event()
        while not is_there(seen := look()):
            assert time.monotonic() < deadline, f"not within {within:g} s; last seen: {seen}\n{self.controller.log()}"  # noqa: TID251
            pace.wait(0.2)
        return seen

    def versions(self) -> dict[str, str]:
        """Return which version answers on each web host, asked directly; empty text for none."""
        return self.each(self.answers)

    def answers(self, host: LabHost, port: int = 8080) -> str:
        """Return the version that answers on a host's port, past the load balancer."""
        command = f"curl -s -m 2 -o /dev/null -D - localhost:{port}/ | sed -n 's/^X-Version: //Ip' | tr -d '\\r'"
        return host.sh(command).strip()

    def weights(self) -> dict[str, int]:
        """Return the weight of each server that the load balancer sends requests to."""
        if self._router == "nginx":
            told = nginx_file.read(self.balancer.sh(f"cat {balancer.INCLUDE}") + "-- leaving 0")
            return {name: told[f"{host.inner_address}:8080"] for name, host in self.webs.items()}
        rows = self.haproxy("show stat").splitlines()
        names = rows[0].lstrip("# ").split(",")
        found = [dict(zip(names, row.split(","), strict=False)) for row in rows[1:] if row.startswith(f"{BACKEND},")]
        servers = [row for row in found if row["svname"] not in ("BACKEND", "FRONTEND")]
        return {row["svname"]: int(row["weight"]) if row["status"].startswith("UP") else 0 for row in servers}

    def haproxy(self, command: str) -> str:
        """Run a command of HAProxy's runtime API."""
        return self.balancer.sh(
            "python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
            's.sendall(sys.argv[2].encode()+b"\\n"); print(b"".join(iter(lambda: s.recv(65536), b"")).decode())\' '
            f"{SOCKET} '{command}'"
        )

    @contextmanager
    def requests(self, per_second: float = 200.0) -> Iterator[Requests]:
        """Send requests through the load balancer as long as the block lasts."""
        with Requests(f"http://{self.balancer.inner_address}:{FRONT}/", per_second) as requests:
            requests.next(20)
            yield requests

    # What there is

    def control(self, settings: Mapping[str, str]) -> None:
        """Say on all web hosts what the app does from now on."""
        self.each(lambda host: app.control(host, settings))

    def each(self, do: Callable[[LabHost], T]) -> dict[str, T]:
        """Do it on all web hosts side by side, and return what came of it, by name."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            return dict(zip(self.webs, threads.map(do, self.webs.values()), strict=True))

    def servers(self) -> list[str]:
        """Return the lines of HAProxy's backend: a server for each host, or for each slot on it."""
        if self.slots:
            places = [
                (f"{name}-{slot}", host, port) for name, host in self.webs.items() for slot, port in self.slots.items()
            ]
        else:
            places = [(name, host, 8080) for name, host in self.webs.items()]
        return [f"  server {name} {host.inner_address}:{port}" for name, host, port in places]

    def _balance(self) -> None:
        if self._router == "nginx":
            balancer.with_nginx(self.balancer, [f"{host.inner_address}:8080" for host in self.webs.values()])
            return
        text = HAPROXY.format(socket=SOCKET, front=FRONT, backend=BACKEND, servers="\n".join(self.servers()))
        self.balancer.write("/etc/haproxy/haproxy.cfg", text.encode())
        self.balancer.sh("mkdir -p /run/haproxy && systemctl restart haproxy")

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources of the app."""
        if not self.slots:
            return app.documents(app.App(version="{{ version }}"))
        return app.documents(app.App(version="{{ version }}", port="{{ slot.port }}", slot="{{ slot.name }}"))

    def _app(self, version: str) -> dict[str, Any]:
        spec: dict[str, Any] = {
            "version": version,
            "environments": {"production": {}},
            "targets": {"hosts": {"role": "web"}},
            "resources": self.resources(),
            "health": HEALTH,
            "traffic": _traffic(self._router),
        }
        if self.slots:
            spec["slots"] = {name: {"port": port} for name, port in self.slots.items()}
            spec["health"] = [{"http": {**HEALTH[0]["http"], "port": "{{ slot.port }}"}}]
            spec["traffic"]["haproxy"]["server"] = "{{ target.name }}-{{ slot.name }}"
        return _document("App", "shop", {**spec, **self.spec})

    def _hosts(self) -> list[dict[str, Any]]:
        webs = [_host(host, {"role": "web", **self._labels[name]}) for name, host in self.webs.items()]
        return [*webs, _host(self.balancer, {"role": "lb"})]

    def _git(self, folder: Path, *words: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def _write(self, name: str, documents: list[Mapping[str, Any]]) -> None:
        repository.write(self.repository, name, yaml.safe_dump_all(documents, sort_keys=False).encode())


def _document(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "reconciler/v1", "kind": kind, "metadata": {"name": name}, "spec": dict(spec)}


def _traffic(router: Router) -> dict[str, Any]:
    common = {"hosts": {"role": "lb"}, "drainWithin": "5s"}
    if router == "haproxy":
        return {"haproxy": {**common, "backend": BACKEND, "socket": SOCKET}}
    server = "{{ target.address }}:8080"
    return {"nginx": {**common, "upstream": BACKEND, "include": balancer.INCLUDE, "server": server}}


def _held(now: Mapping[str, Any]) -> bool:
    return bool(now.get("state") == "holding" and now["inSync"] and now["rejected"])


async def _seen(settings: Path) -> dict[str, Any]:
    found = Settings.load(settings)
    try:
        async with on_journal(found) as doorway:
            return dict(status_json(await doorway.desk.picture()))
    except JournalUnavailable:
        return {}


def _environment() -> dict[str, Any]:
    return _document("Environment", "production", {})


def _host(host: LabHost, labels: Mapping[str, str]) -> dict[str, Any]:
    spec = {"environment": "production", "address": host.inner_address, "user": "deploy", "become": "sudo"}
    document = _document("Host", host.name, {**spec, "hostKey": host.host_key})
    document["metadata"]["labels"] = dict(labels)
    return document


def _settings(lab: Lab) -> dict[str, Any]:
    return {
        "git": {"url": "repository"},
        "ssh": {"identities": [str(lab.client_key)], "agent": False},
        "drift": {"interval": "5s"},
        "log": {"level": "warning"},
    }
