"""Secret values by reference."""

from typing import Protocol

from reconciler.model.canonical import Digest


class SecretMissing(Exception):
    """No store has the reference. The text says where was looked; it never holds a value."""


class Secrets(Protocol):
    """Where secret values come from. Values are never stored, printed or logged."""

    def value(self, reference: str) -> str:
        """Return the value of a reference such as ``shop/db``; raise SecretMissing."""
        ...

    def keyed(self, digest: Digest) -> Digest:
        """Return the keyed form (``keyed:<hex>``) of a ``sha256:`` digest of secret content.

        It is an HMAC with a key only the controller has, so that a stored digest cannot be tried against guesses.
        """
        ...
