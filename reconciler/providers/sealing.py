"""Bytes sealed with age for public keys, and opened again with a private one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyrage

from reconciler.ports.errors import Denied


def is_recipient(text: str) -> bool:
    """Return whether this is a public key that can be sealed for: of age, or of SSH (ed25519, RSA)."""
    try:
        _recipient(text)
    except ValueError:
        return False
    return True


def sealed(data: bytes, recipients: Sequence[str]) -> bytes:
    """Return the bytes so that only who has a private key to one of the recipients can read them."""
    return bytes(pyrage.encrypt(data, [_recipient(each) for each in recipients]))


def opened(data: bytes, identity: Path) -> bytes:
    """Return what was sealed; the file holds private keys of age, or one of SSH. Raises Denied."""
    with _told(identity):
        return bytes(pyrage.decrypt(data, _identities(_read(identity))))


def seal(plain: IO[bytes], sealed_to: IO[bytes], recipients: Sequence[str]) -> None:
    """Seal what is too large to be held in memory."""
    pyrage.encrypt_io(plain, sealed_to, [_recipient(each) for each in recipients])


def unseal(sealed_in: IO[bytes], plain: IO[bytes], identity: Path) -> None:
    """Open what is too large to be held in memory, as ``opened`` does."""
    with _told(identity):
        pyrage.decrypt_io(sealed_in, plain, _identities(_read(identity)))


@contextmanager
def _told(identity: Path) -> Iterator[None]:
    try:
        yield
    except pyrage.IdentityError:
        raise Denied(f"{identity} holds neither keys of age (AGE-SECRET-KEY-1...) nor one of SSH") from None
    except pyrage.DecryptError:
        raise Denied(f"it is not sealed for the keys in {identity}, or it is damaged") from None


def _read(identity: Path) -> str:
    try:
        return identity.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise Denied(f"cannot read the identity {identity}: {getattr(error, 'strerror', None) or error}") from error


def _recipient(text: str) -> Any:
    try:
        kind = pyrage.ssh if text.startswith("ssh-") else pyrage.x25519
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise ValueError(f"{text!r:.40} is no public key of age or SSH") from None


def _identities(text: str) -> list[Any]:
    if text.startswith("-----BEGIN"):
        return [pyrage.ssh.Identity.from_buffer(text.encode())]
    lines = (line.strip() for line in text.splitlines())
    return [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
