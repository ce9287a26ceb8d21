"""The image of a Debian host, made once by mmdebstrap and kept in the engine's data."""

import hashlib
import subprocess
from pathlib import Path

from tests.lab.engine import LabError, docker, locked
from tests.lab.machine import CACHE

RELEASE = "bookworm"
PACKAGES = (
    "systemd",
    "systemd-sysv",
    "libpam-systemd",
    "dbus",
    "dbus-user-session",
    "openssh-server",
    "iproute2",
    "sudo",
    "curl",
    "ca-certificates",
    # For kinds that need a tool by their nature, and for tests that watch or play a server on a host:
    "git",
    "cron",
    "inotify-tools",
    "python3",
    "python3-venv",
)
CUSTOMISE = Path(__file__).parent / "image" / "customise"
BUILD_LIMIT = 900.0


def made() -> str:
    """Return the image's name; make it first when the engine does not have it. Raise LabError."""
    recipe = "\n".join((RELEASE, *PACKAGES, CUSTOMISE.read_text()))
    name = f"reconciler-lab-host:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with locked("image"):
        if not docker("image", "ls", "--quiet", name).strip():
            _make(name)
    return name


def _make(name: str) -> None:
    tree = CACHE / "host.tar"
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    command += [f"--customize-hook={CUSTOMISE}", RELEASE, str(tree)]
    try:
        done = subprocess.run(
            command, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=BUILD_LIMIT, check=False
        )
        if done.returncode != 0:
            raise LabError(f"mmdebstrap cannot make the host image: {done.stderr.decode(errors='replace').strip()}")
        with tree.open("rb") as file:
            docker("import", "-", name, stdin=file, limit=BUILD_LIMIT)
    except subprocess.TimeoutExpired:
        raise LabError(f"mmdebstrap did not make the host image within {BUILD_LIMIT:g} s") from None
    finally:
        tree.unlink(missing_ok=True)
