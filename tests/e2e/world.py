"""One test's world: hosts, a repository, settings, the real command line as processes. Nothing in it is simulated."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from reconciler.cli.render.status import status_json
from reconciler.daemon.exclusive import is_held
from reconciler.daemon.picture import picture
from reconciler.model.record import Entry, Picture
from reconciler.ports.journal import JournalUnavailable
from reconciler.providers.clock import SystemClock
from reconciler.store.journal import SqliteStore
from tests.e2e import documents
from tests.e2e.loopback import Loopback

RECONCILER = Path(sys.executable).with_name("reconciler")
LIMIT = 60.0
"""How long anything may take, in seconds. A test that comes near it has found something."""

STEP = 0.05
DEFAULTS: dict[str, Any] = {
    "state_dir": "state",
    "git": {"url": "repository"},
    "ssh": {"agent": False},
    "drift": {"interval": "1s"},
    "log": {"level": "info", "format": "json"},
}


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All of it."""
        return self.out + self.err

    @property
    def flat(self) -> str:
        """All of it on one line: where a sentence is broken does not matter."""
        return " ".join(self.text.split())


class Daemon:
    """``reconciler run`` as a process."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text(errors="replace")

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it with -9."""
        self.process.kill()
        self.process.wait(LIMIT)

    def stop(self, within: float = LIMIT) -> int:
        """Ask it to leave and return its exit status."""
        self.tell(signal.SIGTERM)
        return self.process.wait(within)


class World:
    """One test's world; ``home(host)`` is the folder of a host."""

    def __init__(self, folder: Path, there: Loopback, names: tuple[str, ...]) -> None:
        self.folder = folder
        self.there = there
        self.names = names
        self.repository = folder / "repository"
        self.state = folder / "state"
        self.settings_file = folder / "reconciler.toml"
        self._logs = 0
        self.git("init", "--quiet", "--initial-branch", "main", str(self.repository), folder=folder)
        self.settings()
        hosts = {name: there.fleet.host(name) for name in names}
        self.commit({"desired-state/hosts.yaml": documents.hosts(hosts), "policies/default.yaml": documents.policy()})

    def settings(self, **sections: Any) -> None:
        """Write the settings: the usual ones, and these keys of these sections."""
        ours = {**DEFAULTS, "ssh": {**DEFAULTS["ssh"], "identities": [str(self.there.fleet.client_key)]}}
        for section, keys in sections.items():
            ours[section] = {**ours.get(section, {}), **keys} if isinstance(keys, dict) else keys
        self.settings_file.write_text(tomli_w.dumps(ours))

    def home(self, name: str = "web-1") -> Path:
        """Return the home folder on a host."""
        return self.there.fleet.root(name)

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write into the work tree; None removes."""
        for name, content in files.items():
            path = self.repository / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "a change") -> str:
        """Write, commit all of the work tree, and return the id of the commit."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD").strip()

    def app(self, *resources: Mapping[str, Any], **spec: Any) -> str:
        """Commit the app ``shop`` with these resources."""
        return self.commit({"desired-state/shop.yaml": documents.app(*resources, **spec)})

    def policy(self, **spec: Any) -> None:
        """Write the policy for everything; the next commit has it."""
        self.write({"policies/default.yaml": documents.policy(**spec)})

    def git(self, *words: str, folder: Path | None = None) -> str:
        """Run git in the repository."""
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
        where = folder or self.repository
        return subprocess.run(["git", *who, *words], cwd=where, capture_output=True, text=True, check=True).stdout

    def reconciler(self, *words: str, **environment: str) -> Said:
        """Run a command to its end."""
        done = subprocess.run(
            [RECONCILER, *words],
            cwd=self.folder,
            env=self.environment() | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def settled(self) -> Said:
        """Run ``run --once``, which has to end well."""
        said = self.reconciler("run", "--once")
        assert said.status == 0, said.text
        return said

    @contextmanager
    def daemon(self, **environment: str) -> Iterator[Daemon]:
        """Have ``reconciler run`` running; whatever happens, it is gone afterwards."""
        self._logs += 1
        log = self.folder / f"daemon-{self._logs}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [RECONCILER, "run"],
                cwd=self.folder,
                env=self.environment() | environment,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
        daemon = Daemon(process, log)
        try:
            yield daemon
        except BaseException as error:
            error.add_note(f"the daemon said:\n{daemon.log[-6000:]}")
            raise
        finally:
            if process.poll() is None:
                process.kill()
            process.wait(LIMIT)

    def status(self) -> dict[str, Any]:
        """Return what ``status --json`` prints, without the cost of a process; nothing while there is no journal."""
        return asyncio.run(self._status())

    async def _status(self) -> dict[str, Any]:
        seen = await self._picture()
        return status_json(seen) if seen else {}

    async def _picture(self) -> Picture | None:
        if not (self.state / "journal.db").exists():
            return None
        store = SqliteStore.open_read_only(self.state / "journal.db")
        try:
            return await picture(store, SystemClock().now(), is_held(self.state))
        except JournalUnavailable:
            return None
        finally:
            await store.close()

    def entries(self) -> Sequence[Entry]:
        """Return all that the journal has written down."""
        return asyncio.run(self._entries())

    async def _entries(self) -> Sequence[Entry]:
        store = SqliteStore.open_read_only(self.state / "journal.db")
        try:
            return await store.history.since(0, 100_000)
        finally:
            await store.close()

    def rollout_state(self, unit: str = "shop@test") -> str:
        """Return the state of the rollout under way, as its daemon has recorded it; nothing without one."""
        seen = asyncio.run(self._picture())
        known = [each for each in seen.standing.units.values() if str(each.unit) == unit] if seen else []
        return known[0].rollout.state.value if known and known[0].rollout else ""

    def unit(self, name: str = "shop@test") -> dict[str, Any]:
        """Return what status says about a unit; nothing when it does not know it."""
        units = self.status().get("units", ())
        return next((each for each in units if each["unit"] == name), {})

    def in_sync_at(self, commit: str, unit: str = "shop@test") -> Callable[[], bool]:
        """Return a question: is the unit as this commit says, with nothing under way?"""

        def asked() -> bool:
            said = self.unit(unit)
            return said.get("state") == "in sync" and said["commit"] == commit

        return asked

    def until(self, asked: Callable[[], Any], what: str, within: float = LIMIT) -> None:
        """Ask again and again until the answer is true; AssertionError with where things stand when it never is."""
        deadline = time.monotonic() + within  # noqa: TID251 - processes live in real time
        while not asked():
            if time.monotonic() > deadline:  # noqa: TID251
                raise AssertionError(f"not within {within:g} s: {what}; status: {self.status()}")
            time.sleep(STEP)

    def state_of(self, state: str, unit: str = "shop@test") -> Callable[[], bool]:
        """Return a question: is the unit in this state?"""
        return lambda: self.unit(unit).get("state") == state

    def transactions(self, name: str = "web-1") -> list[str]:
        """Return the transactions that the host remembers, oldest first; only a host that nobody cleans up has all."""
        folder = self.home(name) / ".local/state/reconciler-host/tx"
        return [each.name for each in sorted(folder.iterdir(), key=_made)] if folder.exists() else []

    def hold(self, program: str, name: str = "web-1") -> "Held":
        """Make every call of a program on the host wait until it is released."""
        return Held(self.home(name), program)

    def environment(self) -> dict[str, str]:
        """Return the environment of every command; what pytest or the caller has set for others is not in it."""
        ours = {key: value for key, value in os.environ.items() if not re.match("RECONCILER_|PYTEST_|GIT_", key)}
        return ours | {"RECONCILER_CONFIG": str(self.settings_file), "NO_COLOR": "1", "TZ": "UTC"}


class Held:
    """A program on a host that waits. ``reached`` says whether somebody has come to it."""

    def __init__(self, home: Path, program: str) -> None:
        self._closed, self._reached = home / f"{program}.closed", home / f"{program}.reached"
        self._closed.touch()
        path = home / "bin" / program
        path.write_text(
            documents.shell(
                f"""\
                while test -e {self._closed}; do : >{self._reached}; sleep 0.05; done
                PATH=${{PATH#*:}} exec {program} "$@"
                """
            )
        )
        path.chmod(0o755)

    def reached(self) -> bool:
        """Return whether a call of it waits, or has waited."""
        return self._reached.exists()

    def release(self) -> None:
        """Let every call go on, now and from now on."""
        self._closed.unlink()


def _made(path: Path) -> int:
    return path.stat().st_ctime_ns
