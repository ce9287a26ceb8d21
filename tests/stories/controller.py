"""One controller of a story: its settings, its state folder, and ``reconciler run`` as a process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

RECONCILER = Path(sys.executable).with_name("reconciler")
CLI_LIMIT = 180.0
STOP_LIMIT = 60.0


class Controller:
    """Runs in ``folder``, with a settings file and a state folder of its own there, both called by its name."""

    def __init__(self, folder: Path, name: str, settings: Mapping[str, Any]) -> None:
        self._folder = folder
        self._settings = folder / ("reconciler.toml" if name == "state" else f"{name}.toml")
        self._log = folder / f"{name}.log"
        self._daemon: subprocess.Popen[bytes] | None = None
        self._settings.write_text(tomli_w.dumps({"state_dir": name, **settings}))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line; standard error is part of the output."""
        return subprocess.run(
            [RECONCILER, *words],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=CLI_LIMIT,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        """Return what ``status --json`` says; empty while it cannot say anything."""
        done = subprocess.run(
            [RECONCILER, "status", "--json"],
            cwd=self._folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CLI_LIMIT,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith(b"{") else {}
        return answer

    def start(self) -> None:
        """Start ``reconciler run``."""
        assert self._daemon is None, "the daemon runs already"
        with self._log.open("ab") as log:
            self._daemon = subprocess.Popen(
                [RECONCILER, "run"],
                cwd=self._folder,
                env=self._environment() | {"RECONCILER_LOG__LEVEL": "info"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop(self) -> None:
        """Ask it to leave; AssertionError when it does not, or not in order."""
        assert self._daemon, "the daemon does not run"
        self._daemon.send_signal(signal.SIGTERM)
        status = self._daemon.wait(STOP_LIMIT)
        self._daemon = None
        assert status == 0, f"the daemon left with status {status}\n{self.log()}"

    def kill(self) -> None:
        """End it at once."""
        assert self._daemon, "the daemon does not run"
        self._daemon.kill()
        self._daemon.wait(STOP_LIMIT)
        self._daemon = None

    def close(self) -> None:
        """End what runs, whatever happened."""
        if self._daemon:
            self.kill()

    def log(self) -> str:
        """Return the last lines that the daemon wrote, for a person to find out what went wrong."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-40:]) if self._log.exists() else ""

    def _environment(self) -> dict[str, str]:
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("RECONCILER_", "PYTEST_"))}
        return ours | {"RECONCILER_CONFIG": str(self._settings), "NO_COLOR": "1", "TZ": "UTC"}
