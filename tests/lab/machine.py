"""What this machine has to have before it can run the lab, and where the lab keeps its things."""

import os
import platform
import shutil
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "reconciler-lab"
"""What is worth keeping between runs: the Docker Engine's data with the host image, and the client key."""

RUN = Path("/run/reconciler-lab")
"""What belongs to the present boot: sockets, locks, the process id of the Docker Engine."""

PACKAGES = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "mmdebstrap": "mmdebstrap",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "setsid": "util-linux",
}
"""Debian's package for each program that the lab calls."""


def obstacle() -> str | None:
    """Return in one line why the lab cannot run here, None when it can."""
    if platform.system() != "Linux":
        return f"the lab needs Linux; this is {platform.system()}"
    if os.geteuid() != 0:
        return "the lab needs root, to run systemd in containers"
    missing = sorted({package for program, package in PACKAGES.items() if shutil.which(program) is None})
    if missing:
        return f"the lab needs Debian's packages: apt-get install {' '.join(missing)}"
    return None
