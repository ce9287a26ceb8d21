"""Where the demo happens: one temporary folder, a fleet on loopback, a Git repository, the daemon."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from tests.demo import repository
from tests.demo.processes import NotInTime, Processes, Surroundings

RECONCILER = Path(sys.executable).with_name("reconciler")
WITHIN = 90.0
"""Seconds that anything may take on a slow machine."""

Picture = dict[str, Any]


class NotAsTold(Exception):
    """The program did something else than the story says. The text says what."""


class Stage:
    """The world of one demo. ``leave`` ends all of it; ``remove`` takes its folder away."""

    def __init__(self, processes: Processes) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="reconciler-demo-")).resolve()
        self.repository = self.folder / "repository"
        self._processes = processes
        self._roots: dict[str, Path] = {}
        self._log = self.folder / "daemon.log"
        self._daemon: subprocess.Popen[bytes] | None = None

    def build(self) -> None:
        """Start the fleet, make the repository with its first commit, and write the settings."""
        fleet = self._fleet()
        hosts = {host["name"]: host for host in fleet["hosts"]}
        self._roots = {name: Path(host["root"]) for name, host in hosts.items()}
        repository.lay_out(self.repository, hosts)
        self.quietly("git", "init", "--quiet", "--initial-branch", "main")
        self.quietly("git", "add", "--all")
        self.quietly("git", "commit", "--quiet", "--message", "The shop and its hosts")
        settings = {
            "state_dir": "state",
            "git": {"url": "repository"},
            "ssh": {"identities": [fleet["identity"]], "agent": False},
            "drift": {"interval": "4s"},
        }
        (self.folder / "reconciler.toml").write_text(tomli_w.dumps(settings))

    def leave(self) -> None:
        """End the daemon, the fleet and whatever else still runs."""
        self._processes.end_all()

    def remove(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.folder)

    def perform(self, *words: str | Path) -> int:
        """Run a command to its end and return its exit status; its output is the demo's."""
        sys.stdout.flush()
        return self._processes.ended(self._processes.start(words, self._around(words)), WITHIN)

    def quietly(self, *words: str) -> str:
        """Run a command that has to end well, and return what it printed."""
        status, said = self._captured(words)
        if status:
            raise NotAsTold(f"{' '.join(words)} ended with status {status}: {said.strip()}")
        return said

    def on(self, host: str, script: str) -> int:
        """Run a script in the folder of a host, as somebody who is logged in there; return its exit status."""
        sys.stdout.flush()
        root = self._roots[host]
        around = Surroundings(folder=root, environment={**self._environment(), "HOME": str(root)})
        return self._processes.ended(self._processes.start(("/bin/sh", "-c", script), around), WITHIN)

    def file(self, host: str, name: str) -> str:
        """Return a file of a host; the empty text when it is not there."""
        path = self._roots[host] / name
        return path.read_text() if path.exists() else ""

    def link(self, host: str, name: str) -> str:
        """Return where a link on a host leads."""
        path = self._roots[host] / name
        return str(path.readlink()) if path.is_symlink() else ""

    def start_daemon(self) -> None:
        """Start ``reconciler run``; what it logs goes into a file."""
        with self._log.open("wb") as log:
            around = Surroundings(folder=self.folder, environment=self._environment())
            self._daemon = self._processes.start((RECONCILER, "run"), around, log)

    def stop_daemon(self) -> int:
        """Ask the daemon to leave; return its exit status."""
        assert self._daemon is not None
        self._daemon.terminate()
        status = self._processes.ended(self._daemon, WITHIN)
        self._daemon = None
        return status

    def log_tail(self) -> str:
        """Return the last lines that the daemon logged."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        return "\n".join(lines[-30:])

    def until(self, look: Callable[[], Any], is_there: Callable[[Any], bool], what: str) -> None:
        """Look until it is there; raise NotAsTold with ``what`` should be there, and what is."""

        def looked() -> Any:
            if self._daemon is not None and self._daemon.poll() is not None:
                raise NotAsTold(f"the daemon ended with status {self._daemon.returncode}")
            return look()

        try:
            self._processes.level(looked, is_there, WITHIN)
        except NotInTime as late:
            raise NotAsTold(f"not within {WITHIN:g} s: {what}; seen last: {late.args[0]}") from None

    def rows(self) -> str:
        """Return what ``reconciler status`` says, as text."""
        return self._captured((RECONCILER, "status"))[1]

    def status(self) -> Picture:
        """Return what ``reconciler status --json`` says; empty while there is nothing to say."""
        return _picture(self._captured((RECONCILER, "status", "--json"))[1])

    def history(self, unit: str) -> Picture:
        """Return the newest rollout of a unit."""
        answer = _picture(self._captured((RECONCILER, "history", unit, "--limit", "1", "--json"))[1])
        return next(iter(answer.get("rollouts", [])), {})

    def head(self) -> str:
        """Return the newest commit of the branch that the daemon follows."""
        return self.quietly("git", "rev-parse", "main").strip()

    def _fleet(self) -> Picture:
        said = self.folder / "fleet.json"
        names = ",".join(repository.host_names())
        command = (sys.executable, "-m", "tests.lab.fleet", "--dir", str(self.folder / "fleet"), "--hosts", names)
        around = Surroundings(folder=repository.EXAMPLES, environment=self._environment())
        with said.open("wb") as file:
            process = self._processes.start(command, around, file)
        self.until(
            lambda: {"said": said.read_text(), "status": process.poll()},
            lambda seen: seen["said"].endswith("\n") or seen["status"] is not None,
            "the fleet is up",
        )
        fleet = _picture(said.read_text())
        if not fleet:
            raise NotAsTold(f"the fleet did not start:\n{said.read_text()}")
        return fleet

    def _captured(self, words: tuple[str | Path, ...]) -> tuple[int, str]:
        with tempfile.TemporaryFile(dir=self.folder) as file:
            status = self._processes.ended(self._processes.start(words, self._around(words), file), WITHIN)
            file.seek(0)
            return status, file.read().decode(errors="replace")

    def _around(self, words: tuple[str | Path, ...]) -> Surroundings:
        folder = self.repository if words[0] == "git" else self.folder
        return Surroundings(folder=folder, environment=self._environment())

    def _environment(self) -> Mapping[str, str]:
        """Ours, without what would make the demo depend on the machine's or the user's settings."""
        ours = {
            key: value for key, value in os.environ.items() if not key.startswith(("RECONCILER_", "GIT_", "PYTEST_"))
        }
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in ADA.items()}
        return ours | who | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_PAGER": "cat"}


ADA = {"NAME": "Ada", "EMAIL": "ada@example.org"}


def _picture(text: str) -> Picture:
    try:
        picture = json.loads(text)
    except ValueError:
        return {}
    return picture if isinstance(picture, dict) else {}
