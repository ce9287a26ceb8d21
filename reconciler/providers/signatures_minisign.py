"""Signatures of minisign, verified by its format: https://jedisct1.github.io/minisign/#signature-format"""

import base64
import binascii
import hashlib
import mmap
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from reconciler.policy.signing_keys import Minisign, key_id

_CHUNK = 1024 * 1024
_COMMENT, _TRUSTED = b"untrusted comment: ", b"trusted comment: "


class NotSigned(Exception):
    """There is no good signature by the key. The text says why, as the end of a sentence."""


@dataclass(frozen=True, slots=True)
class _Signature:
    algorithm: bytes
    key: bytes
    signature: bytes
    comment: bytes
    over_all: bytes


def verify(key: Minisign, signature: bytes, file: Path) -> None:
    """Return when the file is signed by the key; raise NotSigned.

    The trusted comment is verified too: who could change it could pass one release for another.
    """
    taken = _taken(signature)
    if key_id(taken.key) != key.id:
        raise NotSigned(f"it is signed with the key {key_id(taken.key)} and not with {key.id}")
    public = Ed25519PublicKey.from_public_bytes(key.public)
    try:
        if taken.algorithm == b"ED":
            public.verify(taken.signature, _hashed(file))
        else:
            _verify_whole(public, taken.signature, file)
    except InvalidSignature:
        raise NotSigned(f"the signature by {key.id} is that of another file") from None
    try:
        public.verify(taken.over_all, taken.signature + taken.comment)
    except InvalidSignature:
        raise NotSigned(f"the trusted comment of the signature by {key.id} was changed") from None


def _taken(signature: bytes) -> _Signature:
    lines = signature.split(b"\n")
    if lines and lines[-1] == b"":
        lines.pop()
    whole = len(lines) == 4 and lines[0].startswith(_COMMENT) and lines[2].startswith(_TRUSTED)
    if not whole:
        raise NotSigned("it is no signature of minisign: expected four lines")
    try:
        first, over_all = (base64.b64decode(line, validate=True) for line in (lines[1], lines[3]))
    except (binascii.Error, ValueError):
        raise NotSigned("it is no signature of minisign: expected base64 in lines 2 and 4") from None
    if len(first) != 74 or len(over_all) != 64 or first[:2] not in (b"ED", b"Ed"):
        raise NotSigned("it is no signature of minisign: it was cut off, or is of another sort")
    return _Signature(first[:2], first[2:10], first[10:], lines[2].removeprefix(_TRUSTED), over_all)


def _hashed(file: Path) -> bytes:
    hashed = hashlib.blake2b(digest_size=64)
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK):
            hashed.update(chunk)
    return hashed.digest()


def _verify_whole(public: Ed25519PublicKey, signature: bytes, file: Path) -> None:
    """The format of old, over the file itself: it is not read into memory."""
    if file.stat().st_size == 0:
        public.verify(signature, b"")
        return
    with (
        file.open("rb") as source,
        mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as whole,
        memoryview(whole) as view,
    ):
        public.verify(signature, view)
