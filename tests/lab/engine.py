"""A Docker Engine of the lab's own, shared by all processes that test at the same time.

The first user starts it and the last one stops it. Who uses it is told by locks that the kernel drops when a process
ends in whatever way, so a killed test run leaves nothing that a person must clean up: the next run takes it over.
"""

import fcntl
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.lab.machine import CACHE, RUN

SOCKET = f"unix://{RUN}/docker.sock"
PIDFILE = RUN / "dockerd.pid"
NETWORK = "lab"
SUBNET = "172.31.77.0/24"
UNASKED = "172.31.77.0/29"
"""Where containers get their addresses from that ask for none: outside of those of the hosts."""

START_LIMIT = 60.0
STOP_LIMIT = 30.0


def inner_address(number: int) -> str:
    """Return the address in the lab's network of the host of this number (11 to 250)."""
    return f"172.31.77.{number}"


class LabError(Exception):
    """The lab could not do something; the text says what, and what Docker or the host said."""


def docker(*words: str, stdin: IO[bytes] | None = None, limit: float = 60.0) -> str:
    """Run the docker client against the lab's engine and return what it printed; raise LabError."""
    command = ["docker", "--host", SOCKET, *words]
    try:
        done = subprocess.run(
            command, stdin=stdin or subprocess.DEVNULL, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        raise LabError(f"docker {' '.join(words)}: no answer within {limit:g} s") from None
    if done.returncode != 0:
        raise LabError(
            f"docker {' '.join(words)}: status {done.returncode}: {_text(done.stderr) or _text(done.stdout)}"
        )
    return done.stdout.decode(errors="replace")


@contextmanager
def running() -> Iterator[None]:
    """Have the engine running for the time of the block; raise LabError when it does not start."""
    RUN.mkdir(mode=0o700, parents=True, exist_ok=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    with (RUN / "users.lock").open("w") as users:
        with locked("gate"):
            alone = _try_alone(users)
            _start()
            if alone:
                _sweep()
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            yield
        finally:
            with locked("gate"):
                if _try_alone(users):
                    _tidy_and_stop()


def stop_unused() -> None:
    """Stop the engine that a killed test run left behind; one that somebody uses is left alone."""
    if not RUN.exists():
        return
    with (RUN / "users.lock").open("w") as users, locked("gate"):
        if _try_alone(users):
            _tidy_and_stop()


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Be the only process of this machine in the block of this name."""
    with (RUN / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _try_alone(users: IO[str]) -> bool:
    fcntl.flock(users, fcntl.LOCK_UN)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start() -> None:
    if _answers():
        return
    _stop()  # one that hangs, or is just ending
    log = RUN / "dockerd.log"
    with os.fdopen(_launch(log)) as process:
        deadline = time.monotonic() + START_LIMIT  # noqa: TID251 - the lab is the real world
        while not _answers():
            ended = select.select([process], [], [], 0.05)[0]
            if ended or time.monotonic() > deadline:  # noqa: TID251
                raise LabError(f"dockerd does not start; its last words: {_last_words(log)}")
    if NETWORK not in docker("network", "ls", "--format", "{{.Name}}").split():
        docker("network", "create", "--subnet", SUBNET, "--ip-range", UNASKED, NETWORK)


def _launch(log: Path) -> int:
    """Start dockerd as nobody's child, for it may outlive this process; return a handle of it."""
    command = ["dockerd", "--host", SOCKET, "--pidfile", str(PIDFILE), "--data-root", str(CACHE / "docker")]
    command += ["--exec-root", str(RUN / "exec"), "--bridge", "none"]
    script = 'log=$1; shift; setsid "$@" </dev/null >"$log" 2>&1 & echo $!'
    done = subprocess.run(["sh", "-c", script, "sh", str(log), *command], stdout=subprocess.PIPE, check=True)
    return os.pidfd_open(int(done.stdout))


def _answers() -> bool:
    try:
        docker("version", limit=10)
    except LabError:
        return False
    return True


def _sweep() -> None:
    """Remove the hosts that a killed run left behind."""
    left = docker("ps", "--all", "--quiet").split()
    if left:
        docker("rm", "--force", "--volumes", *left)


def _tidy_and_stop() -> None:
    if _answers():
        _sweep()
        docker("network", "rm", NETWORK)  # its bridge would stay in the kernel
    _stop()


def _stop() -> None:
    process = _process()
    if process is None:
        return
    with os.fdopen(process) as handle:
        for message in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(handle.fileno(), message)
            if select.select([handle], [], [], STOP_LIMIT)[0]:
                return
    raise LabError(f"dockerd (process {PIDFILE.read_text()}) does not end")


def _process() -> int | None:
    """Return a handle of our own dockerd, None when it is not there; an id that was given away again is not ours."""
    try:
        number = int(PIDFILE.read_text())
        handle = os.pidfd_open(number)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    words = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    if str(PIDFILE).encode() not in words:
        os.close(handle)
        return None
    return handle


def _last_words(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").splitlines()[-3:])


def _text(output: bytes) -> str:
    return output.decode(errors="replace").strip()
