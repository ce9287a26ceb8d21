"""Where a story happens: hosts of the lab, a Git repository, settings, and the real command line; nothing else."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from tests.lab.engine import LabError
from tests.lab.hosts import Lab, LabHost
from tests.lab.image import BUSYBOX, DEBIAN, System
from tests.stories import repository
from tests.stories.controller import Controller
from tests.stories.story import HERE, Commit, Story

SYSTEMS = {"debian": DEBIAN, "busybox": BUSYBOX}
PRESENT_KEY = "<present>"
"""As ``hostKey`` in a commit: the key that the host has by then."""


class Stage:
    """One story's world. Leaving it ends every daemon, whatever happened."""

    def __init__(self, story: Story, lab: Lab, folder: Path) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.commits: list[str] = []
        self.hosts: dict[str, LabHost] = {name: lab.host(name, _system(spec)) for name, spec in story.hosts.items()}
        self._specs = {name: _spec(self.hosts[name], story.hosts[name]) for name in story.hosts}
        self._git("init", "--quiet", "--initial-branch", "main", str(self.repository))
        repository.lay_out(story.repository, self.repository)
        self._write_hosts()
        for name, value in story.secrets.items():
            repository.write(folder / "secrets", name, value.encode())
        settings = _settings(lab, story.settings)
        self.controllers = {each: Controller(folder, each, settings) for each in story.controllers}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, controller in self.controllers.items():
            controller.close()
            # A story may have given it a disk of its own.
            if (self.folder / name).is_mount():
                self.here(f"umount --lazy {name}")

    @property
    def names(self) -> Mapping[str, str]:
        """What stands for an address or a folder in the transcript."""
        return {host.address: f"<{name}>" for name, host in self.hosts.items()} | {str(self.folder): "<folder>"}

    def sh(self, where: str, command: str) -> str:
        """Run a shell command as root on a host, or here; return what it printed, LabError when it failed."""
        return self.here(command) if where == HERE else self.hosts[where].sh(command)

    def here(self, command: str) -> str:
        """Run a shell command on the controllers' machine, in the folder that has their state folders."""
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != 0:
            raise LabError(f"status {done.returncode}: {done.stderr.strip()}")
        return done.stdout

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

    def _write_hosts(self) -> None:
        documents = [_document(name, spec) for name, spec in self._specs.items()]
        text = yaml.safe_dump_all(documents, sort_keys=False)
        repository.write(self.repository, "desired-state/hosts.yaml", text.encode())

    def _git(self, *words: str) -> str:
        folder = self.repository if self.repository.exists() else self.folder
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def _system(spec: dict[str, Any]) -> System:
    return SYSTEMS[spec.get("system", "debian")]


def _spec(host: LabHost, differing: dict[str, Any]) -> dict[str, Any]:
    # busybox has no sudo.
    who = {"user": "root"} if differing.get("system") == "busybox" else {"user": "deploy", "become": "sudo"}
    rest = {key: value for key, value in differing.items() if key != "system"}
    return {"environment": "production", "address": host.address, **who, "hostKey": host.host_key, **rest}


def _document(name: str, spec: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in spec.items() if key != "labels"}
    meta = {"name": name, "labels": spec.get("labels", {})}
    return {"apiVersion": "reconciler/v1", "kind": "Host", "metadata": meta, "spec": rest}


def _settings(lab: Lab, differing: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "git": {"url": "repository"},
        "ssh": {"identities": [str(lab.client_key)], "agent": False},
        "drift": {"interval": "2s"},
        "secrets": {"directory": "secrets"},
        "log": {"level": "warning"},
    }
    return settings | {section: {**settings.get(section, {}), **keys} for section, keys in differing.items()}
