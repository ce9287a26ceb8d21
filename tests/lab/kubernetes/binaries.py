"""etcd, kube-apiserver, kube-controller-manager and kubectl, built once from Debian's packages and kept."""

import fcntl
import hashlib
import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.engine import LabError
from tests.lab.kubernetes.process import missing_tool
from tests.lab.machine import CACHE

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
BUILD = Path(__file__).parent / "build"
BUILD_LIMIT = 1500.0
TOOLS = ("apt-get", "dpkg-deb", "tar")


def obstacle() -> str | None:
    """Return in one line why a cluster cannot be started here now, None when it can."""
    if _folder().is_dir():
        return missing_tool()
    return _unbuildable() or "the cluster's programs are not built yet; `make lab` builds them, in some minutes, once"


def made() -> Path:
    """Return the folder of PROGRAMS; build them first when they are not there (three minutes). Raise LabError."""
    folder = _folder()
    CACHE.mkdir(parents=True, exist_ok=True)
    with _locked():
        if not folder.is_dir():
            reason = _unbuildable()
            if reason is not None:
                raise LabError(reason)
            _build(folder)
    return folder


def _unbuildable() -> str | None:
    if platform.system() != "Linux":
        return f"the cluster needs Linux; this is {platform.system()}"
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "unknown")
    if release != "bookworm":
        return f"the cluster is built from the packages of Debian bookworm; this is {release}"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"the cluster's programs cannot be built without {', '.join(missing)}" if missing else None


def _folder() -> Path:
    return CACHE / f"kubernetes-{hashlib.sha256(BUILD.read_bytes()).hexdigest()[:12]}"


def _build(folder: Path) -> None:
    partly = CACHE / "partly-built-kubernetes"
    shutil.rmtree(partly, ignore_errors=True)
    partly.mkdir()
    _run([str(BUILD), str(partly)], partly / "log")
    missing = [program for program in PROGRAMS if not (partly / "bin" / program).is_file()]
    if missing:
        raise LabError(f"building the cluster's programs did not bring {', '.join(missing)}")
    for old in CACHE.glob("kubernetes-*"):
        shutil.rmtree(old)
    (partly / "bin").rename(folder)
    shutil.rmtree(partly)


def _run(command: list[str], log: Path) -> None:
    """Run the build in a process group of its own, so that nothing of it stays when it takes too long."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["nice", "-n", "5", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "HOME": str(log.parent)},
        ) as process,
    ):
        try:
            status = process.wait(BUILD_LIMIT)
        except subprocess.TimeoutExpired:
            raise LabError(f"the cluster's programs were not built within {BUILD_LIMIT:g} s") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
    if status != 0:
        words = " / ".join(log.read_text(errors="replace").splitlines()[-5:])
        raise LabError(f"the cluster's programs cannot be built: {words}")


@contextmanager
def _locked() -> Iterator[None]:
    with (CACHE / "kubernetes.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
