"""The text of a token of ours, ``rcl_<id>_<secret>``: how it is made, and what is kept to know it again. Pure.

The id is no secret: a token is found by it, and revoked. Of the whole only the SHA-256 is kept; the secret is 256 bits
of chance, so nobody finds it from that by trying.
"""

import base64
import hashlib
import hmac
import re

PREFIX = "rcl_"
SECRET_BYTES = 32
_TEXT = re.compile(r"rcl_([0-9A-Za-z]{1,64})_([A-Za-z0-9_-]{43})")


def token_text(token_id: str, secret: bytes) -> str:
    """Return the text that is shown once to who asked for it; ValueError when there is too little chance in it."""
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"internal error: a token needs {SECRET_BYTES} bytes of chance, got {len(secret)}")
    return f"{PREFIX}{token_id}_{base64.urlsafe_b64encode(secret[:SECRET_BYTES]).rstrip(b'=').decode()}"


def token_id(text: str) -> str | None:
    """Return the id in the text, None when it is no token of ours."""
    match = _TEXT.fullmatch(text)
    return match[1] if match else None


def digest(text: str) -> str:
    """Return what is kept of a token: the SHA-256 of its text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, kept: str) -> bool:
    """Whether the text is the token of which that is kept, in the same time whatever is wrong with it."""
    return hmac.compare_digest(digest(text).encode(), kept.encode())
