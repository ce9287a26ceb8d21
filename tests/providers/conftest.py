"""Shells to try scripts on: dash, and busybox where Debian's package can be had."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import unavailable
from tests.providers.local_shell import DASH, LocalShell

_CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "reconciler-tests" / "busybox"


@pytest.fixture(params=["dash", "busybox"])
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> LocalShell:
    home = tmp_path / "home"
    if request.param == "dash":
        return LocalShell(home, *DASH)
    applets = _busybox()
    return LocalShell(home, str(applets / "sh"), str(applets))


def _busybox() -> Path:
    """Return a folder with busybox under the name of every applet, and nothing else."""
    applets = _CACHE / "applets"
    if not (applets / "sh").exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        got = subprocess.run(
            ["apt-get", "download", "-qq", "busybox-static"], cwd=_CACHE, capture_output=True, text=True, check=False
        )
        packages = sorted(_CACHE.glob("busybox-static*.deb"))
        if not packages:
            unavailable(f"busybox-static cannot be downloaded: {got.stderr.strip()[-200:]}")
        subprocess.run(["dpkg-deb", "-x", packages[-1], _CACHE], check=True)
        applets.mkdir(exist_ok=True)
        subprocess.run([_CACHE / "bin/busybox", "--install", "-s", applets], check=True)
    return applets
