"""X.509 certificates in PEM: what they say, whether a chain hangs together, and whether it is valid long enough."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from reconciler.model.duration import format_duration

_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate. ``public`` is its public key (DER, SubjectPublicKeyInfo)."""

    subject: str
    not_before: datetime
    not_after: datetime
    public: bytes
    der: bytes


def certificates(pem: bytes) -> tuple[Certificate, ...]:
    """Return the certificates of a PEM text, in order; ValueError when there is none, or one that cannot be read."""
    try:
        found = x509.load_pem_x509_certificates(pem)
        return tuple(_read(each) for each in found)
    except (*_UNREADABLE, UnsupportedAlgorithm) as error:
        raise ValueError("this holds no certificate in PEM that can be read") from error


def _read(found: x509.Certificate) -> Certificate:
    return Certificate(
        subject=found.subject.rfc4514_string() or "a certificate without a subject",
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        public=found.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        der=found.public_bytes(serialization.Encoding.DER),
    )


def out_of_order(chain: Sequence[Certificate]) -> str | None:
    """Return which certificate was not issued by the one that follows it, None when each was."""
    for first, second in pairwise(chain):
        issuer = x509.load_der_x509_certificate(second.der)
        try:
            x509.load_der_x509_certificate(first.der).verify_directly_issued_by(issuer)
        except (*_UNREADABLE, InvalidSignature, UnsupportedAlgorithm):
            return f"{first.subject} was not issued by {second.subject}, which follows it"
    return None


def first_end(chain: Sequence[Certificate]) -> Certificate:
    """Return the certificate that ends first: with it, all of the chain is worth nothing."""
    return min(chain, key=lambda each: each.not_after)


def validity(chain: Sequence[Certificate], now: datetime, valid_for: timedelta) -> tuple[bool, str]:
    """Return whether all are valid now and for that long, and one line about it for a person."""
    for each in chain:
        if now < each.not_before:
            return False, f"{each.subject} is not valid before {_time(each.not_before)}"
    last = first_end(chain)
    left = last.not_after - now
    if left < timedelta(0):
        return False, f"{last.subject} expired at {_time(last.not_after)}"
    about = f"{last.subject} is valid until {_time(last.not_after)}"
    if left < valid_for:
        return False, f"{about}; that is less than {format_duration(valid_for)}"
    return True, about


def public_half(key: bytes) -> bytes:
    """Return the public half (DER, SubjectPublicKeyInfo) of a PEM private key without a password; ValueError else."""
    try:
        public = serialization.load_pem_private_key(key, None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the library says may quote the text, and that is a secret.
        raise ValueError("is no private key in PEM without a password") from None
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
