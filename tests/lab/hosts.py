"""Hosts of the lab: fresh ones in about two seconds, and what can befall them."""

import fcntl
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.lab import engine, image
from tests.lab.engine import LabError, docker
from tests.lab.image import DEBIAN, System
from tests.lab.machine import CACHE, RUN

PORTS = (22, 8080, 8081)
"""What is published of each host, on the host's own loopback address."""

USERS = ("deploy", "careful", "plain")
"""Who can log in with the client key: sudo without a password, sudo with it, no sudo but a lingering user manager."""

CAREFUL_PASSWORD = "correct horse"
BOOT_LIMIT = 60.0
SIDE_BY_SIDE = 4
"""So many hosts are made at once: mostly the engine is waited for."""


class LabHost:
    """One host. ``address`` is the same for its whole life; a reset makes all else new, its key too.

    ``inner_address`` is the one at which the hosts of the lab reach each other, on any port; it stays the same, too.
    """

    def __init__(self, name: str, number: int, system: System, client_key: Path) -> None:
        self.name = name
        self.address = f"127.77.0.{number}"
        self.inner_address = engine.inner_address(number)
        self.client_key = client_key
        self.host_key = ""
        self._container = f"lab-{number}"
        self._system = system

    def reset(self) -> None:
        """Replace the host by a fresh one and wait until it has booted; raise LabError."""
        self.remove()
        words = ["run", "--detach", "--name", self._container, "--hostname", self.name, "--network", engine.NETWORK]
        words += ["--ip", self.inner_address]
        words += ["--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE"]
        words += ["--cgroupns", "host"]
        words += ["--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"]
        words += ["--tmpfs", "/run", "--tmpfs", "/run/lock", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"]
        words += ["--volume", f"{self.client_key}.pub:/etc/ssh/lab_authorized_keys:ro"]
        words += ["--env", "container=docker", "--stop-signal", "SIGRTMIN+3"]
        for port in PORTS:
            words += ["--publish", f"{self.address}:{port}:{port}"]
        docker(*words, image.made(self._system), "/sbin/init")
        self._wait_until_booted()

    def remove(self) -> None:
        """Take the host away; nothing happens when it is not there."""
        docker("rm", "--force", "--volumes", self._container)

    def sh(self, command: str, *, limit: float = 60.0) -> str:
        """Run a shell command as root, past sshd, and return what it printed; LabError when its status is not 0."""
        return docker("exec", self._container, "sh", "-c", command, limit=limit)

    def write(self, path: str, content: bytes, mode: str = "0644") -> None:
        """Write a file as root, past sshd; folders above it are made. Raise LabError."""
        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.seek(0)
            script = f"mkdir -p {shlex.quote(str(Path(path).parent))} && cat >{shlex.quote(path)}"
            script += f" && chmod {mode} {shlex.quote(path)}"
            docker("exec", "--interactive", self._container, "sh", "-c", script, stdin=file)

    def unpack(self, folder: str, tar: IO[bytes]) -> None:
        """Unpack a tar into the folder, as root and past sshd; it is made. Raise LabError."""
        script = f"mkdir -p {shlex.quote(folder)} && tar -x -C {shlex.quote(folder)}"
        docker("exec", "--interactive", self._container, "sh", "-c", script, stdin=tar, limit=300)

    def ssh(self, user: str, command: str, *, limit: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command over SSH with the client key and the pinned host key, by the OpenSSH client."""
        known = RUN / f"{self._container}.known_hosts"
        known.write_text(f"{self.address} {self.host_key}\n")
        options = {"UserKnownHostsFile": known, "GlobalKnownHostsFile": "/dev/null", "StrictHostKeyChecking": "yes"}
        options |= {"BatchMode": "yes", "ConnectTimeout": "10", "IdentitiesOnly": "yes", "LogLevel": "ERROR"}
        words = [
            "ssh",
            "-F",
            "none",
            "-i",
            str(self.client_key),
            *(f"-o{key}={value}" for key, value in options.items()),
        ]
        return subprocess.run(
            [*words, f"{user}@{self.address}", command], capture_output=True, text=True, timeout=limit, check=False
        )

    def pause(self) -> None:
        """Freeze the host: its ports take connections and never answer."""
        docker("pause", self._container)

    def unpause(self) -> None:
        """Let a frozen host go on."""
        docker("unpause", self._container)

    def disconnect(self) -> None:
        """Take its network away: connections are refused, what runs goes on."""
        docker("network", "disconnect", engine.NETWORK, self._container)

    def connect(self) -> None:
        """Give its network back."""
        docker("network", "connect", "--ip", self.inner_address, engine.NETWORK, self._container)

    def kill(self) -> None:
        """Cut its power."""
        docker("kill", self._container)

    def stop(self) -> None:
        """Shut it down in order."""
        docker("stop", "--time", "20", self._container)

    def start(self) -> None:
        """Switch on a host that was killed or stopped, and wait until it has booted; raise LabError."""
        docker("start", self._container)
        self._wait_until_booted()

    def _wait_until_booted(self) -> None:
        try:
            self.host_key = " ".join(self.sh(self._system.booted, limit=BOOT_LIMIT).split()[:2])
        except LabError as error:
            raise LabError(f"{self.name} ({self.address}) does not boot: {error}") from None


class Lab:
    """The hosts of one test process. Other processes have theirs at the same time, at other addresses."""

    def __init__(self, client_key: Path) -> None:
        self.client_key = client_key
        self._hosts: dict[str, LabHost] = {}
        self._claims: list[IO[str]] = []

    def host(self, name: str, system: System = DEBIAN) -> LabHost:
        """Return a fresh, booted host of this name; one that was there before is replaced. Raise LabError.

        A name stays with the system it was first asked for with.
        """
        if name not in self._hosts:
            self._hosts[name] = LabHost(name, self._claim(), system, self.client_key)
        host = self._hosts[name]
        host.reset()
        return host

    def fleet(self, systems: Mapping[str, System]) -> dict[str, LabHost]:
        """Return fresh, booted hosts of these names, made side by side. Raise LabError."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            return dict(zip(systems, threads.map(self.host, systems, systems.values()), strict=True))

    def clear(self) -> None:
        """Take all hosts away; their addresses stay ours."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
            list(threads.map(LabHost.remove, self._hosts.values()))

    def close(self) -> None:
        """Take all hosts away and give their addresses back."""
        self.clear()
        for claim in self._claims:
            claim.close()

    def _claim(self) -> int:
        folder = RUN / "addresses"
        folder.mkdir(exist_ok=True)
        for number in range(11, 251):
            claim = (folder / str(number)).open("w")
            try:
                fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                claim.close()
            else:
                self._claims.append(claim)
                return number
        raise LabError("all 240 addresses of the lab are taken")


@contextmanager
def opened() -> Iterator[Lab]:
    """Have a lab for the time of the block: engine, image and client key are there, hosts are made on demand."""
    with engine.running():
        image.made(DEBIAN)
        lab = Lab(_client_key())
        try:
            yield lab
        finally:
            lab.close()


def _client_key() -> Path:
    key = CACHE / "client_key"
    with engine.locked("client_key"):
        if not key.exists():
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "reconciler-lab", "-f", str(key)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return key


def sudo_with_password(command: str) -> str:
    """Return the command line with which ``careful`` becomes root."""
    return f"printf '%s\\n' {shlex.quote(CAREFUL_PASSWORD)} | sudo -S -p '' sh -c {shlex.quote(command)}"
