"""Files encrypted with age, decrypted in memory."""

import base64
import binascii
from typing import Any

import pyrage

from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.providers.secret_encrypted import Files, Identities
from reconciler.providers.secret_reading import Raw, bounded, versionless

_OVERHEAD = 64 * 1024
_BEGIN, _END = b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----"


class Age:
    """``shop/db`` is the file ``shop/db.age``, for one of our identities: keys of age, or of SSH (ed25519, RSA)."""

    def __init__(self, name: str, files: Files, identities: Identities) -> None:
        self._name = name
        self._files = files
        self._identities = identities

    def read(self, path: str, version: str) -> Raw:
        """Return the decrypted bytes."""
        versionless(self._name, version)
        name, data = self._files.of(path, (".age", ""))
        bounded(name, data[_OVERHEAD:])
        keys = [each for text in self._identities() for each in _keys(self._name, text)]
        try:
            return bytes(pyrage.decrypt(_binary(data), keys))
        except pyrage.DecryptError:
            why = "it is for none of our identities, or no file of age"
            raise SecretMissing(f"the secret {path} of the store {self._name} cannot be decrypted: {why}") from None


def _binary(data: bytes) -> bytes:
    """The file itself; what has armour, which is text that a diff can show, is base64 between two lines."""
    text = data.strip()
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        return data
    try:
        return base64.b64decode(text[len(_BEGIN) : -len(_END)].replace(b"\r", b"").replace(b"\n", b""), validate=True)
    except binascii.Error:
        return b""


def _keys(store: str, text: str) -> list[Any]:
    """Read a file of identities; what the library says of one that is wrong is not told."""
    try:
        if text.startswith("-----BEGIN"):
            return [pyrage.ssh.Identity.from_buffer(text.encode() + b"\n")]
        lines = (line.strip() for line in text.splitlines())
        return [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        said = "is neither a key of age (AGE-SECRET-KEY-1...) nor one of SSH without a passphrase"
        raise SecretUnknown(f"an identity of the store {store} {said}") from None
