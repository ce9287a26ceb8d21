"""Signatures of ``cosign sign-blob --key``: base64 of an ECDSA signature over the sha256 of the file.

Those without a key (Fulcio and Rekor) need a log to be asked, and are not taken.
"""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from reconciler.model.canonical import Digest
from reconciler.policy.signing_keys import cosign_key
from reconciler.providers.signatures_minisign import NotSigned


def verify(pem: str, signature: bytes, digest: Digest) -> None:
    """Return when the file of that sha256 is signed by the key; raise NotSigned."""
    try:
        raw = base64.b64decode(signature.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("it is no signature of cosign sign-blob: expected base64") from None
    try:
        hashed = bytes.fromhex(digest.removeprefix("sha256:"))
        cosign_key(pem).verify(raw, hashed, ec.ECDSA(Prehashed(SHA256())))
    except InvalidSignature:
        raise NotSigned("the signature is that of another file, or by another key") from None
