"""Talking to systemd: readiness, status, watchdog (sd_notify(3)), without a library."""

import os
import socket
from contextlib import suppress
from datetime import timedelta

_PATIENCE = 1.0
"""Seconds to wait for systemd to take a message."""


def notify(*lines: str) -> None:
    """Tell systemd how we are, when it started us: ``READY=1``, ``STATUS=...``, ``WATCHDOG=1`` and so on."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    path = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.settimeout(_PATIENCE)
        # A systemd that does not read is no reason to stop the work: what it missed is told again soon.
        with suppress(TimeoutError):
            channel.sendto("\n".join(lines).encode(), path)


def watchdog_interval() -> timedelta | None:
    """Return how often systemd wants to hear from us (half of WatchdogSec), None when it does not."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    ours = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return timedelta(microseconds=int(microseconds) // 2) if microseconds.isdigit() and ours else None


def under_systemd() -> bool:
    """Return whether standard error goes to the systemd journal."""
    return "JOURNAL_STREAM" in os.environ
