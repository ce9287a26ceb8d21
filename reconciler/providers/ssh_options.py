"""How we connect: settings, algorithms, and the one key a host may show."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncssh

from reconciler.model.target import Host
from reconciler.ports.errors import Denied, WrongHostKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOptions:
    """Settings of all SSH connections.

    ``identities`` are private key files without passphrase; with none, those in ``~/.ssh`` are tried. ``agent`` says
    whether the ssh agent of the environment (``SSH_AUTH_SOCK``) is asked. ``max_handshakes`` is how many
    connections may be in the making at once: a handshake costs both sides some milliseconds of CPU.
    """

    identities: tuple[Path, ...] = ()
    agent: bool = True
    connect_timeout: timedelta = timedelta(seconds=10)
    keepalive: timedelta = timedelta(seconds=5)
    max_handshakes: int = 20


# Fast and modern first; the classics after them so that old but sound servers can still be reached.
_KEX = (
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "diffie-hellman-group16-sha512",
    "diffie-hellman-group14-sha256",
)
_CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
)
_KEEPALIVES_MISSED = 3


def common_options(settings: SshOptions) -> asyncssh.SSHClientConnectionOptions:
    """Return what all connections share, with the private keys read once; raise Denied when one cannot be read."""
    agent: dict[str, Any] = {} if settings.agent else {"agent_path": None}
    if settings.identities:
        agent["client_keys"] = [key for path in settings.identities for key in _identity(path)]
    return asyncssh.SSHClientConnectionOptions(
        config=None,
        kex_algs=_KEX,
        encryption_algs=_CIPHERS,
        compression_algs=["none"],
        preferred_auth=["publickey"],
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_auth=False,
        gss_kex=False,
        agent_forwarding=False,
        login_timeout=settings.connect_timeout.total_seconds(),
        keepalive_interval=settings.keepalive.total_seconds(),
        keepalive_count_max=_KEEPALIVES_MISSED,
        **agent,
    )


def _identity(path: Path) -> list[asyncssh.SSHKeyPair]:
    try:
        return list(asyncssh.load_keypairs([str(path)]))
    except (OSError, asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise Denied(f"cannot read the SSH identity {path}: {error}; name a private key without passphrase") from error


def pinned_key(host: Host) -> asyncssh.SSHKey:
    """Return the key the host is known by; raise WrongHostKey when what is written down is no key."""
    try:
        return asyncssh.import_public_key(host.host_key)
    except asyncssh.KeyImportError as error:
        raise WrongHostKey(
            f"the hostKey of {host.name} is not a public key ({error}); "
            f"write type and base64, as `ssh-keyscan {host.address}` prints them"
        ) from error


class KeyWatcher(asyncssh.SSHClient):
    """Remembers the key a host showed when it is not the pinned one. It never trusts it."""

    shown: asyncssh.SSHKey | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Answer no, always: the pinned key was compared before we are asked."""
        self.shown = key
        return False
