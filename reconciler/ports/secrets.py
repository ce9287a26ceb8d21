"""Secret values by reference."""

from collections.abc import Mapping
from typing import Protocol

from reconciler.model.canonical import Digest
from reconciler.model.secret_store import SecretStore


class SecretMissing(Exception):
    """The value cannot be had: no store has the reference. The text says where was looked; it never holds a value."""


class SecretUnknown(SecretMissing):
    """The store cannot be asked now, or does not let us: nobody knows whether it has the value, so it is not gone."""


class Secrets(Protocol):
    """Where secret values come from. Values are never stored, printed or logged."""

    def value(self, reference: str) -> str:
        """Return the value of a reference such as ``shop/db``; raise SecretMissing, SecretUnknown.

        A store far away may take as long as its limit: ask in a thread, never on the event loop.
        """
        ...

    def keyed(self, digest: Digest) -> Digest:
        """Return the keyed form (``keyed:<hex>``) of a ``sha256:`` digest of secret content.

        It is an HMAC with a key only the controller has, so that a stored digest cannot be tried against guesses.
        """
        ...


class SecretStores(Secrets, Protocol):
    """Secret values, and the stores that a commit says they are in."""

    def by(self, stores: Mapping[str, SecretStore]) -> Secrets:
        """Return the secrets as they are by these stores, of a commit that may be followed."""
        ...

    def known(self, stores: Mapping[str, SecretStore]) -> Secrets:
        """Return the secrets by those of these stores that are followed already, just as they are.

        Whoever may only propose a commit has no store of theirs asked: neither an address nor a program.
        """
        ...

    def follow(self, stores: Mapping[str, SecretStore]) -> None:
        """Look up every reference by these stores from now on, whichever commit it is from."""
        ...
