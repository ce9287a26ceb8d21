"""Where a story happens: hosts of the lab, a Git repository, settings, and the real command line; nothing else."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import tomli_w
import yaml

from tests.lab.hosts import Lab, LabHost
from tests.stories import repository
from tests.stories.story import Commit, Story

RECONCILER = Path(sys.executable).with_name("reconciler")
CLI_LIMIT = 180.0
STOP_LIMIT = 60.0
PRESENT_KEY = "<present>"
"""As ``hostKey`` in a commit: the key that the host has by then."""


class Stage:
    """One story's world. Leaving it ends the daemon, whatever happened."""

    def __init__(self, story: Story, lab: Lab, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.commits: list[str] = []
        self.hosts: dict[str, LabHost] = {name: lab.host(name) for name in story.hosts}
        self._specs = {name: _spec(self.hosts[name], story.hosts[name]) for name in story.hosts}
        self._daemon: subprocess.Popen[bytes] | None = None
        self._log = folder / "daemon.log"
        self._git("init", "--quiet", "--initial-branch", "main", str(self.repository))
        repository.lay_out(story.repository, self.repository)
        self._write_hosts()
        for name, value in story.secrets.items():
            repository.write(folder / "secrets", name, value.encode())
        settings = _settings(lab, story.settings)
        (folder / "reconciler.toml").write_text(tomli_w.dumps(settings))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._daemon:
            self.kill_daemon()

    @property
    def names(self) -> Mapping[str, str]:
        """What stands for an address or a folder in the transcript."""
        return {host.address: f"<{name}>" for name, host in self.hosts.items()} | {str(self.folder): "<folder>"}

    def commit(self, act: Commit) -> None:
        """Write what the act says, with the Host documents, and commit it."""
        for name, text in act.files.items():
            if text is None:
                (self.repository / name).unlink()
            else:
                repository.write(self.repository, name, repository.with_digests(text, self.repository).encode())
        for name, words in act.edits.items():
            path = self.repository / name
            path.write_text(repository.edited(path.read_text(), words, self.repository))
        for name, spec in act.hosts.items():
            self._specs[name] = {**self._specs[name], **spec}
            if spec.get("hostKey") == PRESENT_KEY:
                self._specs[name]["hostKey"] = self.hosts[name].host_key
        self._write_hosts()
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", act.message)
        self.commits.append(self._git("rev-parse", "HEAD").strip())

    def reconciler(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command line; standard error is part of the output."""
        return subprocess.run(
            [RECONCILER, *words],
            cwd=self.folder,
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
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CLI_LIMIT,
            check=False,
        )
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith(b"{") else {}
        return answer

    def start_daemon(self) -> None:
        """Start ``reconciler run``."""
        assert self._daemon is None, "the daemon runs already"
        with self._log.open("ab") as log:
            command = [RECONCILER, "run"]
            self._daemon = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self._environment() | {"RECONCILER_LOG__LEVEL": "info"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def stop_daemon(self) -> None:
        """Ask it to leave; AssertionError when it does not, or not in order."""
        assert self._daemon, "the daemon does not run"
        self._daemon.send_signal(signal.SIGTERM)
        status = self._daemon.wait(STOP_LIMIT)
        self._daemon = None
        assert status == 0, f"the daemon left with status {status}\n{self.daemon_log()}"

    def kill_daemon(self) -> None:
        """End it at once."""
        assert self._daemon, "the daemon does not run"
        self._daemon.kill()
        self._daemon.wait(STOP_LIMIT)
        self._daemon = None

    def daemon_log(self) -> str:
        """Return the last lines that the daemon wrote, for a person to find out what went wrong."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-40:]) if self._log.exists() else ""

    def _write_hosts(self) -> None:
        documents = [_document(name, spec) for name, spec in self._specs.items()]
        text = yaml.safe_dump_all(documents, sort_keys=False)
        repository.write(self.repository, "desired-state/hosts.yaml", text.encode())

    def _git(self, *words: str) -> str:
        folder = self.repository if self.repository.exists() else self.folder
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True).stdout

    def _environment(self) -> dict[str, str]:
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("RECONCILER_", "PYTEST_"))}
        return ours | {"RECONCILER_CONFIG": str(self.folder / "reconciler.toml"), "NO_COLOR": "1", "TZ": "UTC"}


def _spec(host: LabHost, differing: dict[str, Any]) -> dict[str, Any]:
    spec = {"environment": "production", "address": host.address, "user": "deploy", "become": "sudo"}
    return {**spec, "hostKey": host.host_key, **differing}


def _document(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in spec.items() if key != "labels"}
    meta = {"name": name, "labels": spec.get("labels", {})}
    return {"apiVersion": "reconciler/v1", "kind": "Host", "metadata": meta, "spec": rest}


def _settings(lab: Lab, differing: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "state_dir": "state",
        "git": {"url": "repository"},
        "ssh": {"identities": [str(lab.client_key)], "agent": False},
        "drift": {"interval": "2s"},
        "secrets": {"directory": "secrets"},
        "log": {"level": "warning"},
    }
    return settings | {section: {**settings.get(section, {}), **keys} for section, keys in differing.items()}
