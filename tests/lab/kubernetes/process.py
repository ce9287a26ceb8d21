"""A program that runs as long as the process that started it, at most."""

import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lab.engine import LabError

END_LIMIT = 20.0
PATIENCE = 0.05
"""Seconds between two looks whether a program is ready."""

_LAUNCHER = ThreadPoolExecutor(1, "lab-launcher")
"""The kernel ends a program with the thread that started it: this one lasts, the one of a test may not."""


class Program:
    """A program with its log. It ends with this process, however that ends."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._command = list(command)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """The program's name, for people."""
        return Path(self._command[0]).name

    def start(self) -> None:
        """Start it; it must not run."""
        assert self._process is None, f"{self.name} runs"
        self._process = _LAUNCHER.submit(self._launch).result()

    def until(self, ready: Callable[[], bool], limit: float) -> None:
        """Wait until it is ready; raise LabError with its last words when it ends before or takes longer (seconds)."""
        assert self._process is not None
        deadline = time.monotonic() + limit  # noqa: TID251 - the lab is the real world
        with os.fdopen(os.pidfd_open(self._process.pid)) as handle:
            while not ready():
                if select.select([handle], [], [], PATIENCE)[0]:
                    raise LabError(f"{self.name} does not start; its last words: {self.last_words()}")
                if time.monotonic() > deadline:  # noqa: TID251
                    raise LabError(f"{self.name} is not ready within {limit:g} s; it said: {self.last_words()}")

    def end(self) -> None:
        """End it in order, or with force when that takes too long; nothing happens when it does not run."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(END_LIMIT)
            self._process = None

    def pause(self) -> None:
        """Freeze it: its ports take connections and never answer."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on; nothing happens when it does."""
        self._signal(signal.SIGCONT)

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def last_words(self) -> str:
        """Return the last lines of its log."""
        return " / ".join(self._log.read_text(errors="replace").splitlines()[-4:])

    def _launch(self) -> subprocess.Popen[bytes]:
        command = ["setpriv", "--pdeathsig", "KILL", *self._command]
        with self._log.open("ab") as output:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)


def free_port() -> int:
    """Return a port of loopback that nobody listens at."""
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        port: int = there.getsockname()[1]
        return port


def missing_tool() -> str | None:
    """Return in one line why programs cannot be run here, None when they can."""
    return None if shutil.which("setpriv") else "this needs Debian's package util-linux, for setpriv"
