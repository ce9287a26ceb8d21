"""The daemon's own machine and set-up: files, rights, space, Git."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from reconciler.daemon.doctor.finding import HERE, Finding, bad, good, hint
from reconciler.daemon.exclusive import is_held
from reconciler.daemon.settings import Settings

_BAD, _HINT = 100 << 20, 1 << 30
_OWN_KEYS = Path("~/.ssh")


def here(settings: Settings) -> Iterator[Finding]:
    """Yield what there is to say without asking anybody outside."""
    yield from _programs()
    yield from _state_dir(settings.state_dir)
    yield from _secrets(settings)
    if not (settings.git.trust.allowed_signers or settings.git.trust.gpg_keys):
        yield hint(
            HERE,
            "trust",
            "commits need no signature: whoever may push decides what runs on the targets",
            "name allowed_signers or gpg_keys under [git.trust]",
        )


def _programs() -> Iterator[Finding]:
    missing = [name for name in ("git", "ssh") if shutil.which(name) is None]
    if missing:
        yield bad(HERE, "programs", f"not there: {', '.join(missing)}", "install git and openssh-client")
    else:
        yield good(HERE, "programs", "git and ssh are there")


def _state_dir(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        yield hint(HERE, "state", f"{folder} is not there yet", "the first start of the daemon makes it")
        return
    seen = folder.stat()
    if seen.st_uid != os.geteuid():
        yield hint(
            HERE, "state", f"{folder} belongs to user {seen.st_uid}, not to us", "run doctor as that user to see all"
        )
    elif not os.access(folder, os.W_OK):
        yield bad(HERE, "state", f"{folder} cannot be written to", "is the file system read-only?")
    elif stat.S_IMODE(seen.st_mode) & 0o007:
        yield bad(HERE, "state", f"everybody may look into {folder}", f"chmod o-rwx {folder}")
    else:
        yield good(HERE, "state", str(folder))
    free = shutil.disk_usage(folder).free
    said = f"{free >> 20} MiB free for {folder}"
    if free < _HINT:
        mend = "make room: without it nothing can be written down, and nothing is done"
        yield (bad if free < _BAD else hint)(HERE, "disk", said, mend)
    else:
        yield good(HERE, "disk", said)
    if is_held(folder) is False:
        yield hint(HERE, "daemon", "no daemon is at work", "systemctl start reconciler, or reconciler run")
    else:
        yield good(HERE, "daemon", "it is at work")


def keys(settings: Settings) -> Iterator[Finding]:
    """Yield what there is to say of the keys that we log in to hosts with."""
    for path in settings.ssh.identities:
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            with path.open("rb") as file:
                file.read(1)
        except OSError as error:
            yield bad(
                HERE, "ssh key", f"cannot read {path}: {error.strerror}", f"who runs the daemon has to own {path}"
            )
            continue
        if mode & 0o077:
            yield bad(HERE, "ssh key", f"others may read {path} (mode {mode:04o})", f"chmod 600 {path}")
        else:
            yield good(HERE, "ssh key", str(path))
    if settings.ssh.identities:
        return
    own = sorted(path.name for path in _OWN_KEYS.expanduser().glob("id_*") if path.suffix != ".pub")
    if own:
        yield good(HERE, "ssh key", f"{', '.join(own)} in {_OWN_KEYS}")
    elif not (settings.ssh.agent and os.environ.get("SSH_AUTH_SOCK")):
        said = f"no key to log in with: [ssh] identities names none, {_OWN_KEYS} has none, and no agent is there"
        yield bad(HERE, "ssh key", said, "name a private key without passphrase: identities = [...] under [ssh]")


def _secrets(settings: Settings) -> Iterator[Finding]:
    folder = settings.secrets.directory
    if folder is None:
        return
    if not folder.is_dir():
        yield bad(HERE, "secrets", f"{folder} is not there", "make it, or mend [secrets] directory")
    elif not os.access(folder, os.R_OK | os.X_OK):
        yield bad(HERE, "secrets", f"{folder} cannot be read", "it has to belong to the user who runs the daemon")
    elif stat.S_IMODE(folder.stat().st_mode) & 0o007:
        yield bad(HERE, "secrets", f"everybody may look into {folder}", f"chmod o-rwx {folder}")
    else:
        yield good(HERE, "secrets", str(folder))
