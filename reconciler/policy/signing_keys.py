"""Public keys that sign archives, read from what people write. Pure."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key


class KeyMistake(ValueError):
    """What was written is no such key. The text says what was expected."""


@dataclass(frozen=True, slots=True)
class Minisign:
    """A minisign key: its id as minisign shows it, and the Ed25519 key."""

    id: str
    public: bytes


def minisign_key(text: str) -> Minisign:
    """Read a public key, with or without the line of comment above it; raise KeyMistake.

    It is base64 of ``Ed``, 8 bytes of id and 32 of key: https://jedisct1.github.io/minisign/#public-key-format
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    try:
        raw = base64.b64decode(lines[-1] if lines else "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyMistake("expected a public key of minisign, which starts with RW, as in minisign.pub") from error
    if len(raw) != 42 or raw[:2] != b"Ed":
        raise KeyMistake("expected a public key of minisign, which starts with RW, as in minisign.pub")
    return Minisign(key_id(raw[2:10]), raw[10:])


def key_id(raw: bytes) -> str:
    """Return the id of a key as minisign shows it: a number with its least byte first, in hex."""
    return f"{int.from_bytes(raw, 'little'):016X}"


def cosign_key(pem: str) -> ec.EllipticCurvePublicKey:
    """Read a public key; raise KeyMistake. cosign makes keys on P-256, and no others are taken."""
    expected = "expected a public key of cosign (ECDSA on P-256) in PEM, as in cosign.pub"
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyMistake(expected) from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeyMistake(expected)
    return key


def short_pem(pem: str) -> str:
    """Return how a key in PEM is called: the start of its SHA-256."""
    plain = cosign_key(pem).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{hashlib.sha256(plain).hexdigest()[:16]}"
