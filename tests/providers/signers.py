"""Keys that sign archives, and signatures written by the specifications of their formats."""

import base64
import hashlib
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


@dataclass(slots=True)
class MinisignPerson:
    """Somebody with a key of minisign."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    id: bytes = field(default_factory=lambda: os.urandom(8))

    @property
    def public(self) -> str:
        raw = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(b"Ed" + self.id + raw).decode()

    def sign(self, data: bytes, comment: str = "timestamp:1 file:shop.tar.gz", legacy: bool = False) -> bytes:
        """Return the four lines of a signature."""
        over = data if legacy else hashlib.blake2b(data, digest_size=64).digest()
        signature = self.private.sign(over)
        first = base64.b64encode((b"Ed" if legacy else b"ED") + self.id + signature).decode()
        all_of_it = base64.b64encode(self.private.sign(signature + comment.encode())).decode()
        return f"untrusted comment: signature\n{first}\ntrusted comment: {comment}\n{all_of_it}\n".encode()


@dataclass(slots=True)
class CosignPerson:
    """Somebody with a key of cosign."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> str:
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, data: bytes) -> bytes:
        """Return what ``cosign sign-blob --key`` prints."""
        return base64.b64encode(self.private.sign(data, ec.ECDSA(SHA256()))) + b"\n"
