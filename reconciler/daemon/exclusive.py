"""One process at a time acts on a state folder. The kernel holds the lock, so kill -9 leaves none behind."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AlreadyRunning(Exception):
    """Another process has the state folder. The text names it."""


class NotOurs(Exception):
    """The state folder cannot be used by this user. The text says what to do."""


@contextmanager
def exclusive(state_dir: Path) -> Iterator[None]:
    """Hold the state folder while the block runs; raise AlreadyRunning, or NotOurs when we may not use it."""
    try:
        state_dir.mkdir(mode=0o750, parents=True, exist_ok=True)
        descriptor = os.open(state_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise NotOurs(
            f"cannot use the state folder {state_dir}: {error.strerror}; it has to belong to the user we run as "
            "(run as that user, or set state_dir)"
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            raise AlreadyRunning(
                f"process {holder or 'unknown'} is at work on {state_dir}; only one may be. "
                "Stop it first (systemctl stop reconciler), or let it do the work"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def check_owner(state_dir: Path, command: str) -> None:
    """Raise NotOurs where the state folder is another user's, for root too; one that is not there is nobody's.

    For what people run beside the daemon; ``command`` is what they are told to run as that user.
    """
    try:
        owner = state_dir.stat().st_uid
    except FileNotFoundError:
        return
    except OSError as error:
        raise NotOurs(
            f"cannot look at the state folder {state_dir}: {error.strerror}; run {command} as the user it belongs to"
        ) from error
    if owner != os.geteuid():
        # A file of ours in there would lock the daemon out.
        raise NotOurs(f"{state_dir} belongs to user {owner}; run {command} as that user, for example with sudo -u")


def is_held(state_dir: Path) -> bool | None:
    """Return whether a process is at work on the state folder; None when we may not look."""
    try:
        descriptor = os.open(state_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
