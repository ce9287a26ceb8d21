"""A Docker Engine that belongs to one test run alone: it may be stopped, held up and killed.

with own_engine.running(folder) as engine:
    engine.docker("ps")
    engine.image("app:1", {"/www/index.html": b"one"})
"""

import io
import os
import select
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lab.engine import LabError

_START_LIMIT, _STOP_LIMIT = 60.0, 30.0
_BUSYBOX = Path("/bin/busybox")


class OwnEngine:
    """A dockerd with a data folder of its own. ``socket`` is where it listens; networks are bridges of this machine."""

    def __init__(self, folder: Path, more: Sequence[str] = ()) -> None:
        self.folder = folder
        # A socket's path has 106 letters at most to containerd, which a test's own folder may use up.
        self._exec = Path(tempfile.mkdtemp(prefix="dockerd-"))
        self.socket = self._exec / "docker.sock"
        self._more = more
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; raise LabError."""
        self._exec.mkdir(exist_ok=True)
        pool = f"10.{180 + os.getpid() % 60}.0.0/16"
        command = ["dockerd", "--host", f"unix://{self.socket}", "--pidfile", str(self.folder / "pid")]
        command += ["--data-root", str(self.folder / "data"), "--exec-root", str(self._exec)]
        command += ["--bridge", "none", "--iptables=false", "--ip6tables=false"]
        command += ["--default-address-pool", f"base={pool},size=24", *self._more]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _START_LIMIT  # noqa: TID251 - the lab is the real world
        with os.fdopen(os.pidfd_open(self._process.pid)) as handle:
            while not self.answers():
                ended = select.select([handle], [], [], 0.05)[0]
                if ended or time.monotonic() > deadline:  # noqa: TID251
                    words = (self.folder / "log").read_text(errors="replace").splitlines()[-3:]
                    raise LabError(f"dockerd does not start: {' / '.join(words)}")

    def stop(self) -> None:
        """End it as a service manager would; its containers end with it. Nothing happens when it does not run."""
        self._end(signal.SIGTERM)
        self._unmount()
        shutil.rmtree(self._exec, ignore_errors=True)

    def hold_up(self) -> None:
        """Let it take connections and answer nothing, until ``go_on``."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End ``hold_up``."""
        self._signal(signal.SIGCONT)

    def answers(self) -> bool:
        """Whether it answers."""
        try:
            self.docker("version", limit=10)
        except LabError:
            return False
        return True

    def docker(self, *words: str, stdin: bytes = b"", limit: float = 60.0) -> str:
        """Run the docker client against it and return what it printed; raise LabError."""
        command = ["docker", "--host", f"unix://{self.socket}", *words]
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, timeout=limit, check=False)
        except subprocess.TimeoutExpired:
            raise LabError(f"docker {' '.join(words)}: no answer within {limit:g} s") from None
        if done.returncode != 0:
            raise LabError(f"docker {' '.join(words)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace").strip()

    def image(self, name: str, files: Mapping[str, bytes] | None = None, changes: Sequence[str] = ()) -> str:
        """Have an image with busybox and these files; return its id. ``changes`` are lines of a Dockerfile."""
        options = [word for change in changes for word in ("--change", change)]
        return self.docker("import", *options, "-", name, stdin=tree(files or {}))

    def empty(self) -> None:
        """Take away all containers, networks, volumes and images."""
        if left := self.docker("ps", "--all", "--quiet").split():
            self.docker("rm", "--force", "--volumes", *left)
        self.docker("network", "prune", "--force")
        if volumes := self.docker("volume", "ls", "--quiet").split():
            self.docker("volume", "rm", "--force", *volumes)
        self.docker("image", "prune", "--force", "--all")

    def _unmount(self) -> None:
        """Take away the mounts that dockerd leaves in its folders: nobody could remove the folders otherwise."""
        places = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        left = [place for place in places if place.startswith((f"{self.folder}/", f"{self._exec}/"))]
        for place in reversed(left):
            subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise LabError("dockerd does not run")
        self._process.send_signal(number)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def running(folder: Path, more: Sequence[str] = ()) -> Iterator[OwnEngine]:
    """Have an engine for the time of the block; raise LabError when it does not start."""
    engine = OwnEngine(folder, more)
    try:
        engine.start()
        yield engine
    finally:
        if engine.answers():
            engine.empty()
        engine.stop()


def tree(files: Mapping[str, bytes]) -> bytes:
    """Return a tar of the smallest system that there is: busybox by all its names, and the files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        _add(tar, "bin/busybox", _BUSYBOX.read_bytes(), 0o755)
        for name in ("sh", "httpd", "sleep", "cat", "true", "false", "wget", "ls", "nc", "env", "id", "test"):
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
        for path, data in files.items():
            _add(tar, path.lstrip("/"), data, 0o644)
    return out.getvalue()


def _add(tar: tarfile.TarFile, path: str, data: bytes, mode: int) -> None:
    info = tarfile.TarInfo(path)
    info.size, info.mode = len(data), mode
    tar.addfile(info, io.BytesIO(data))
