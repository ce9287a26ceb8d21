"""The hosts: real OpenSSH, one loopback address, one key and one home folder each. Nothing of it outlives the block.

A thread listens on 127.77.0.0/16 and starts one ``sshd -i`` a connection, as a listening sshd would. Only these
addresses are listened on, only our own key is let in, and only as the user who runs this.
"""

import getpass
import os
import selectors
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PORTS = range(2277, 2377, 2)
_SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", ""))


@dataclass(frozen=True, slots=True)
class Host:
    """One host. ``root`` is its home folder on this machine."""

    name: str
    address: str
    root: Path


class Hosts:
    """All hosts, and what the tools need to reach them: they ask ``port``, and ``behind`` is where sshd answers.

    The two differ when something stands between that counts.
    """

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.user = getpass.getuser()
        self.port = self.behind = _free_port()
        self.key = _key(folder / "client_key")
        self.host_key = _key(folder / "host_key").with_suffix(".pub").read_text().strip()
        self.all = tuple(
            Host(f"h{number:03}", f"127.77.{number // 250}.{number % 250 + 1}", folder / "hosts" / f"h{number:03}")
            for number in range(count)
        )
        self.log = folder / "sshd.log"
        (folder / "authorized_keys").write_text(self.key.with_suffix(".pub").read_text())
        self.known_hosts = folder / "known_hosts"
        pinned = " ".join(self.host_key.split()[:2])
        self.known_hosts.write_text("".join(f"[{host.address}]:{self.port} {pinned}\n" for host in self.all))
        for host in self.all:
            host.root.mkdir(parents=True, exist_ok=True)

    def sessions(self) -> int:
        """Return how many sessions (shells, programs, sftp) all hosts together have started so far."""
        return self.log.read_text(errors="replace").count("Starting session: ") if self.log.exists() else 0

    def command(self, host: Host) -> list[str]:
        """Return the server for one connection to the host; its environment is that of a machine of its own."""
        options = [
            f"HostKey={self.folder / 'host_key'}",
            f"AuthorizedKeysFile={self.folder / 'authorized_keys'}",
            f"AllowUsers={self.user}",
            f"SetEnv=HOME={host.root} XDG_STATE_HOME={host.root}/.local/state",
            "Subsystem=sftp internal-sftp",
            *("UsePAM=no", "StrictModes=no", "PasswordAuthentication=no", "KbdInteractiveAuthentication=no"),
            *("PermitRootLogin=prohibit-password", "PrintMotd=no", "UseDNS=no", "LogLevel=VERBOSE", "MaxSessions=100"),
        ]
        if _SSHD is None:
            raise SystemExit("the bench needs OpenSSH's sshd: apt-get install openssh-server")
        return [
            _SSHD,
            "-i",
            "-f",
            "/dev/null",
            "-E",
            str(self.log),
            *(word for each in options for word in ("-o", each)),
        ]


@contextmanager
def serving(hosts: Hosts) -> Iterator[None]:
    """Have all hosts up for the time of the block."""
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where a root sshd locks itself in before the login
    stop, ready = socket.socketpair()
    thread = threading.Thread(target=_serve, args=(hosts, stop, listening := _listeners(hosts)), name="hosts")
    thread.start()
    try:
        yield
    finally:
        ready.close()
        thread.join()
        stop.close()
        for listener in listening:
            listener.close()


def _free_port() -> int:
    """Return a port that nobody uses, nor the one after it: somebody else may run the bench on this machine too."""
    for port in PORTS:
        with (
            suppress(OSError),
            socket.create_server(("127.77.0.1", port)),
            socket.create_server(("127.77.0.1", port + 1)),
        ):
            return port
    raise SystemExit(f"no port from {PORTS.start} to {PORTS.stop} is free on 127.77.0.1")


def _listeners(hosts: Hosts) -> dict[socket.socket, Host]:
    found = {}
    for host in hosts.all:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.address, hosts.behind))
        listener.listen(128)
        found[listener] = host
    return found


def _serve(hosts: Hosts, stop: socket.socket, listening: dict[socket.socket, Host]) -> None:
    selector = selectors.DefaultSelector()
    selector.register(stop, selectors.EVENT_READ)
    commands = {host.name: hosts.command(host) for host in hosts.all}
    for listener in listening:
        selector.register(listener, selectors.EVENT_READ)
    servers: list[subprocess.Popen[bytes]] = []
    while True:
        ready = {key.fileobj for key, _ in selector.select()}
        if stop in ready:
            break
        for listener in listening.keys() & ready:
            connection, _ = listener.accept()
            with connection:
                at = connection.fileno()
                command = commands[listening[listener].name]
                servers.append(subprocess.Popen(command, stdin=at, stdout=at, stderr=subprocess.DEVNULL))
        servers = [each for each in servers if each.poll() is None]
    for server in servers:
        with suppress(ProcessLookupError):
            server.terminate()
        server.wait()
    selector.close()


def _key(path: Path) -> Path:
    if not path.exists():
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", path], check=True)
    return path
