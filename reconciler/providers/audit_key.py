"""The key that checkpoints are signed with: Ed25519, made once, kept in a folder that only we can read."""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

NAME, PUBLIC = "audit-key", "audit-key.pub"


class AuditKeyUnusable(Exception):
    """The key cannot be read or made. The text says where it should be and what to do."""


class AuditKey:
    """Signs. ``public`` is the public key in base64: 32 bytes, 44 letters."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = base64.b64encode(key.public_key().public_bytes_raw()).decode()

    def sign(self, data: bytes) -> str:
        """Return the signature of the bytes, in base64."""
        return base64.b64encode(self._key.sign(data)).decode()


def audit_key(folder: Path) -> AuditKey:
    """Return the key of the folder, which is made when there is none; raises AuditKeyUnusable."""
    file = folder / NAME
    try:
        if not file.exists():
            _make(file)
        key = AuditKey(_read(file))
        if public_key(folder) != key.public:
            _write_public(folder / PUBLIC, key.public)
    except OSError as error:
        raise AuditKeyUnusable(f"cannot use the key {file}: {error.strerror or error}") from error
    return key


def public_key(folder: Path) -> str | None:
    """Return the public key in base64 as it was written beside the key, for whoever may not read that; None: none."""
    try:
        return (folder / PUBLIC).read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise AuditKeyUnusable(f"cannot read the public key {folder / PUBLIC}: {error}") from error


def is_public_key(text: str) -> bool:
    """Whether the text is a public key, Ed25519, in base64."""
    return _public(text) is not None


def signed(key: str, data: bytes, signature: str) -> bool:
    """Whether that public key has signed the bytes so; both in base64. What is no key has signed nothing."""
    public = _public(key)
    if public is None:
        return False
    try:
        public.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _public(text: str) -> Ed25519PublicKey | None:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None


def _read(file: Path) -> Ed25519PrivateKey:
    if file.stat().st_mode & 0o077:
        raise AuditKeyUnusable(f"others may read or write the key {file}, so anybody could have signed; chmod 600 it")
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AuditKeyUnusable(
            f"{file} is no private key in PEM; bring it back from a backup, or move it away"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditKeyUnusable(f"{file} is a key of another sort than Ed25519; move it away, and one is made")
    return key


def _make(file: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    try:
        _write(new, pem, 0o600)
        # Whoever comes second, at the same moment, takes the key of who came first.
        file.hardlink_to(new)
    except FileExistsError:
        pass
    finally:
        new.unlink(missing_ok=True)


def _write_public(file: Path, public: str) -> None:
    new = file.with_name(f"{file.name}.{os.getpid()}.new")
    _write(new, f"{public}\n".encode(), 0o644)
    new.replace(file)


def _write(file: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode), "wb") as opened:
        opened.write(data)
        opened.flush()
        os.fsync(opened.fileno())
