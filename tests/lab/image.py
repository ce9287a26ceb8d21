"""The images of hosts, each made once by mmdebstrap and kept in the engine's data."""

import hashlib
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lab.engine import LabError, docker, locked
from tests.lab.machine import CACHE

RELEASE = "bookworm"
IMAGE = Path(__file__).parent / "image"
PYTHON = "3.11"
"""What the release has."""

BUILD_LIMIT = 900.0

_SYSTEMD_RUNS = """
until state=$(systemctl is-system-running --wait 2>/dev/null); [ "$state" = running ] || [ "$state" = degraded ]
do sleep 0.02
done
[ "$state" = running ] || { systemctl --failed --plain --no-legend; exit 1; }
cat /etc/ssh/ssh_host_ed25519_key.pub
"""
_DROPBEAR_RUNS = """
until [ -s /run/dropbear.pid ]; do sleep 0.02; done
cat /etc/dropbear/key.pub
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What a host of the lab is made of.

    ``hook`` is when ``image/customise-<name>`` runs: what is only extracted knows no later moment. ``booted`` waits
    until the host has booted, and prints its public host key. ``based_on`` is the system whose script the hook calls.
    """

    name: str
    variant: str
    packages: tuple[str, ...]
    hook: str
    booted: str
    based_on: str | None = None


DEBIAN = System(
    name="host",
    variant="minbase",
    packages=(
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
        "make",
        "python3",
        "python3-venv",
    ),
    hook="customize",
    booted=_SYSTEMD_RUNS,
)
"""Debian as people run it: systemd, OpenSSH, sudo, GNU tools."""

BALANCER = replace(DEBIAN, name="balancer", packages=(*DEBIAN.packages, "haproxy", "nginx-light"), based_on=DEBIAN.name)
"""A Debian host with HAProxy and nginx; neither runs before a test says how."""

BUSYBOX = System(
    name="small",
    variant="extract",
    packages=("busybox-static", "dropbear-bin", "libc6"),
    hook="extract",
    booted=_DROPBEAR_RUNS,
)
"""As little as a host may have: busybox for every tool, dropbear, no systemd, no sudo."""


def made(system: System) -> str:
    """Return the image's name; make it first when the engine does not have it. Raise LabError."""
    scripts = (_customise(each).read_text() for each in (system.name, system.based_on) if each)
    recipe = "\n".join((RELEASE, system.variant, *system.packages, *scripts))
    name = f"reconciler-lab-{system.name}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"
    with locked(f"image-{system.name}"):
        if not docker("image", "ls", "--quiet", name).strip():
            _make(system, name)
    return name


def _customise(name: str) -> Path:
    return IMAGE / f"customise-{name}"


def _make(system: System, name: str) -> None:
    tree = CACHE / f"{system.name}.tar"
    command = ["mmdebstrap", "--quiet", f"--variant={system.variant}"]
    command += [f"--include={','.join(system.packages)}"]
    command += [f"--{system.hook}-hook={_customise(system.name)}", RELEASE, str(tree)]
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
