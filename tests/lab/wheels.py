"""The program and what it needs as wheels, so that it can be installed on a host that reaches no package index."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests.architecture.tracked import ROOT, files
from tests.lab.engine import LabError, locked
from tests.lab.hosts import LabHost
from tests.lab.image import PYTHON
from tests.lab.machine import CACHE

FOLDER = "/opt/wheels"
LIMIT = 600


def obstacle() -> str | None:
    """Return why wheels for a host cannot be had here, None when they can."""
    ours = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return None if ours == PYTHON else f"hosts of the lab have Python {PYTHON}, and the tests run with {ours}"


def bring(host: LabHost) -> None:
    """Put all packages of requirements.lock and our own wheel into FOLDER on the host; raise LabError."""
    with tempfile.TemporaryDirectory() as made:
        _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", made, str(ROOT))
        with tempfile.TemporaryFile() as packed:
            with tarfile.open(fileobj=packed, mode="w") as tar:
                for wheel in (*_locked().iterdir(), *Path(made).iterdir()):
                    tar.add(wheel, wheel.name)
            packed.seek(0)
            host.unpack(FOLDER, packed)


def bring_checkout(host: LabHost, folder: str) -> None:
    """Put every file of this repository into the folder on the host; raise LabError."""
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path in files():
                tar.add(path, str(path.relative_to(ROOT)))
        packed.seek(0)
        host.unpack(folder, packed)


def _locked() -> Path:
    """The packages of the lock file, downloaded once."""
    lock = ROOT / "requirements.lock"
    folder = CACHE / f"wheels-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    with locked("wheels"):
        if not folder.exists():
            for old in CACHE.glob("wheels-*"):
                shutil.rmtree(old)
            partly = folder.with_name("partly-downloaded")
            shutil.rmtree(partly, ignore_errors=True)
            _pip("download", "--only-binary", ":all:", "--require-hashes", "--dest", str(partly), "-r", str(lock))
            partly.rename(folder)
    return folder


def _pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    if done.returncode != 0:
        raise LabError(f"pip {words[0]}: {done.stderr.strip()}")
