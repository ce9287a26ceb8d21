"""A Swarm that belongs to one test run alone. Its only node is a manager."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.lab import engine as lab
from tests.lab import own_engine
from tests.lab.machine import RUN
from tests.lab.own_engine import OwnEngine


class RealSwarm:
    """A Swarm whose only node is a manager, on an engine of the test's own."""

    def __init__(self, engine: OwnEngine) -> None:
        self.engine = engine

    @property
    def socket(self) -> Path:
        return self.engine.socket

    def service(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.engine.docker("service", "inspect", name))[0]
        return found

    def image_of(self, name: str) -> str:
        return str(self.service(name)["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"])

    def replicas_of(self, name: str) -> int:
        return int(self.service(name)["Spec"]["Mode"]["Replicated"]["Replicas"])

    def names(self, sort: str) -> list[str]:
        """The names of all services, configs, secrets or networks."""
        return sorted(self.engine.docker(sort, "ls", "--format", "{{.Name}}").split())

    def running(self, name: str) -> list[str]:
        """The images of the tasks of a service that run now."""
        words = ("service", "ps", name, "--filter", "desired-state=running", "--format", "{{.Image}} {{.CurrentState}}")
        lines = self.engine.docker(*words).splitlines()
        return sorted(line.split()[0] for line in lines if line.split()[1] == "Running")

    def wait(self, true: Callable[[], bool], limit: float = 30.0) -> None:
        """Wait until it is so."""
        deadline = time.monotonic() + limit  # noqa: TID251 - the lab is the real world
        while not true():
            assert time.monotonic() < deadline, "it never became so"  # noqa: TID251
            time.sleep(0.1)

    def empty(self) -> None:
        """Take away all services, configs, secrets and networks of ours."""
        for sort in ("service", "config", "secret"):
            if names := self.names(sort):
                self.engine.docker(sort, "rm", *names)
        self.wait(lambda: not self.engine.docker("ps", "--all", "--quiet"))
        own = self.engine.docker("network", "ls", "--filter", "driver=overlay", "--format", "{{.Name}}").split()
        if names := [each for each in own if each != "ingress"]:
            self.engine.docker("network", "rm", *names)


@contextmanager
def running(folder: Path) -> Iterator[RealSwarm]:
    """Have a Swarm for the time of the block. Its ports are fixed: one process of the machine has one at a time."""
    RUN.mkdir(mode=0o700, parents=True, exist_ok=True)
    with lab.locked("swarm"), own_engine.running(folder) as engine:
        engine.docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1")
        try:
            yield RealSwarm(engine)
        finally:
            engine.docker("swarm", "leave", "--force")
