"""A Shell without a network: the same bootstrap in a local process, with a home and a PATH of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

from reconciler.model.target import Host
from reconciler.ports.errors import Unreachable
from reconciler.ports.shell import Completed, Question, Reply, Script
from reconciler.providers import bootstrap

DASH = ("/bin/sh", "/usr/local/bin:/usr/bin:/bin")


class LocalShell:
    """Runs scripts in ``home``, with its ``bin`` first in PATH. ``sh`` is the login shell, ``path`` the rest."""

    def __init__(self, home: Path, sh: str, path: str) -> None:
        self.home = home
        self._sh = sh
        self._path = path
        (home / "bin").mkdir(parents=True, exist_ok=True)
        self.environment: Mapping[str, str] = {}

    async def run(self, host: Host, script: Script) -> Completed:
        child = await asyncio.create_subprocess_exec(
            self._sh,
            "-c",
            bootstrap.command(host),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.home,
            env={
                "HOME": str(self.home),
                "XDG_STATE_HOME": str(self.home / ".local/state"),
                "PATH": f"{self.home / 'bin'}:{self._path}",
                **self.environment,
            },
            start_new_session=True,
        )
        payloads = b"".join(part if isinstance(part, bytes) else part.read_bytes() for part in script.payloads)
        try:
            async with asyncio.timeout(script.limit.total_seconds()):
                output, errors = await child.communicate(bootstrap.opening(script.text, None) + payloads)
        finally:
            if child.returncode is None:
                os.killpg(child.pid, signal.SIGKILL)
                await child.wait()
        if child.returncode == -signal.SIGKILL:
            raise Unreachable("the script was killed")
        printed = bootstrap.split_ready(output)
        status = child.returncode or 0
        if printed is None:
            raise bootstrap.not_started(host, status, errors.decode())
        return Completed(status, printed, errors.decode())

    async def run_anew(self, host: Host, script: Script) -> Completed:
        return await self.run(host, script)

    async def ask(self, host: Host, question: Question) -> Reply:
        return Reply("", await self.run(host, Script(text=question.text, limit=question.limit)))

    async def follow(self, host: Host, text: str) -> AsyncGenerator[bytes, None]:
        done = await self.run(host, Script(text=text))
        for line in done.output.splitlines(keepends=True):
            yield line
        raise Unreachable("it ended")

    async def close(self) -> None:
        """Nothing is kept."""


def host(**changes: object) -> Host:
    given = {
        "name": "web-1",
        "environment": "testing",
        "address": "127.0.0.1",
        "user": "deploy",
        "host_key": "",
        "labels": {},
    }
    return Host(**(given | changes))


def snapshot(root: Path) -> dict[str, tuple[str, str]]:
    """What is below a folder: mode and content or target by path; our own records and ``bin`` left out."""
    found = {}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if Path(folder, name) not in (root / ".local", root / "bin")]
        for name in [*names, *files]:
            path = Path(folder, name)
            if path.is_symlink():
                found[str(path.relative_to(root))] = ("link", str(path.readlink()))
            elif path.is_dir():
                found[str(path.relative_to(root))] = ("directory", oct(path.stat().st_mode & 0o7777))
            else:
                found[str(path.relative_to(root))] = (
                    oct(path.stat().st_mode & 0o7777),
                    path.read_bytes().decode("latin-1"),
                )
    return found
