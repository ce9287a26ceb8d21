"""Certificates for tests, issued on the spot."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Issuer:
    """A key with its certificate, which may issue others."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def root(cls, name: str, start: datetime = START) -> "Issuer":
        """Return one that vouches for itself, for ten years."""
        key = ec.generate_private_key(ec.SECP256R1())
        return cls(key, _signed(_names(name, name), key.public_key(), key, (start, start + timedelta(days=3650))))

    def issue(self, name: str, until: datetime, start: datetime = START) -> "Issuer":
        """Return another that this one vouches for."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = (_name(name), self.certificate.subject)
        return Issuer(key, _signed(names, key.public_key(), self.key, (start, until)))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _names(subject: str, issuer: str) -> tuple[x509.Name, x509.Name]:
    return _name(subject), _name(issuer)


def _signed(
    names: tuple[x509.Name, x509.Name],
    public: ec.EllipticCurvePublicKey,
    key: ec.EllipticCurvePrivateKey,
    valid: tuple[datetime, datetime],
) -> x509.Certificate:
    made = x509.CertificateBuilder(
        subject_name=names[0],
        issuer_name=names[1],
        public_key=public,
        serial_number=x509.random_serial_number(),
        not_valid_before=valid[0],
        not_valid_after=valid[1],
    )
    return made.sign(key, hashes.SHA256())
