"""A folder that plays a host, and the shells that a host may have."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from reconciler.kinds.catalog import PRELUDE
from reconciler.model.resource import Absent, Present, Resource, Unknown
from reconciler.ports.kind import REASON, Kind
from reconciler.ports.look import Look
from reconciler.providers.looks import LIBRARY, Answer, alone, apart, tame, together
from tests.lab.machine import CACHE

NOBODY = 65534


@dataclass(frozen=True)
class Sh:
    """A shell, with the folder of the programs that go with it; ``own`` are those it takes before any in PATH."""

    command: str
    programs: str
    own: frozenset[str] = frozenset()


def shell(name: str, folder: Path) -> Sh | None:
    """Return the shell of this name, None where the machine has none and cannot get it.

    ``folder`` is one that everybody may enter; busybox goes there with its programs, so that no other program is met.
    """
    if name != "busybox":
        found = shutil.which(name)
        return Sh(found, "/usr/bin:/bin") if found else None
    busybox = shutil.which("busybox") or _fetched_busybox()
    if busybox is None:
        return None
    programs = folder / "busybox"
    if not programs.exists():
        programs.mkdir()
        shutil.copy(busybox, programs / "busybox")
        listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True, timeout=30)
        for applet in set(listed.stdout.split()) - {"busybox"}:
            (programs / applet).symlink_to("busybox")
    return Sh(str(programs / "sh"), str(programs), frozenset(path.name for path in programs.iterdir()))


def _fetched_busybox() -> str | None:
    folder = CACHE / "busybox"
    program = folder / "bin" / "busybox"
    if program.exists():
        return str(program)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return None
    with _alone(folder):
        if not program.exists():
            fetch = "apt-get download -qq busybox-static 2>/dev/null && dpkg-deb -x busybox-static_*.deb ."
            subprocess.run(["sh", "-c", fetch], cwd=folder, check=False, timeout=120, capture_output=True)
    return str(program) if program.exists() else None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def home() -> Iterator[Path]:
    """A folder that everybody may enter, unlike pytest's; taken away in the end whatever its modes are by then."""
    folder = Path(mkdtemp(prefix="kinds-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for path, _, _ in os.walk(folder):
            Path(path).chmod(0o755)
        shutil.rmtree(folder)


def plant(root: Path, tree: list[Mapping[str, Any]]) -> None:
    """Make the entries below the root; modes last, so that a folder may be closed."""
    for entry in tree:
        path = root / (entry.get("file") or entry.get("directory") or entry.get("link") or entry.get("pipe"))
        path.parent.mkdir(parents=True, exist_ok=True)
        match entry:
            case {"file": _}:
                path.write_bytes(entry.get("content", "").encode() * entry.get("times", 1))
                path.chmod(0o644)
            case {"directory": _}:
                path.mkdir(exist_ok=True)
                path.chmod(0o755)
            case {"link": _, "to": to}:
                path.symlink_to(to)
            case {"pipe": _}:
                os.mkfifo(path)
    for entry in reversed(tree):
        if "mode" in entry:
            (root / (entry.get("file") or entry["directory"])).chmod(int(entry["mode"], 8))


def look(
    sh: Sh, root: Path, probe: str | Look, *, programs: Path | None = None, uid: int | None = None
) -> tuple[int, str]:
    """Run the probe, with the prelude, in a shell that is strict about errors; return status and output."""
    path = f"{programs}:{sh.programs}" if programs else sh.programs
    text = asked_as(probe)
    done = subprocess.run(
        [sh.command, "-s"],
        input=f"set -eu\n{LIBRARY}{PRELUDE}\n( {text}\n )\n".encode(),
        env={"HOME": str(root), "PATH": path, "STATE": str(root / "state"), "LANG": "C.UTF-8"},
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
        **({} if uid is None else {"user": uid, "group": uid, "extra_groups": []}),
    )
    status, output = done.returncode, done.stdout.decode()
    if isinstance(probe, Look) and tame(probe):
        [answer] = apart([probe], Answer(status, output, ""))
        return answer.status, answer.output
    return status, output


def asked_as(probe: str | Look) -> str:
    """Return the sh commands that a host is asked, for a probe that is asked by itself."""
    if isinstance(probe, Look):
        return together([probe]) if tame(probe) else alone(probe)
    return probe


def observed(kind: Kind, resource: Resource, status: int, output: str) -> Present | Absent | Unknown:
    """Return the observation that comes of a probe's status and output."""
    lines = output.splitlines()
    if status == 0:
        return kind.parse(resource, lines)
    return Unknown(lines[-1].removeprefix(REASON).rstrip() if lines and lines[-1].startswith(REASON) else output)
