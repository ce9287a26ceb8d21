"""Secrets for tests: values held in memory, with a key of their own."""

import hashlib
import hmac
from collections.abc import Mapping

from reconciler.ports.secrets import SecretMissing
from tests.leaks import used


class SecretValues:
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        used(values)

    def value(self, reference: str) -> str:
        try:
            return self._values[reference]
        except KeyError:
            raise SecretMissing(f"the secret {reference} is in no store of this test") from None

    def keyed(self, digest: str) -> str:
        return "keyed:" + hmac.new(b"test", digest.encode(), hashlib.sha256).hexdigest()

    def by(self, stores: object) -> "SecretValues":
        return self

    def known(self, stores: object) -> "SecretValues":
        return self

    def follow(self, stores: object) -> None:
        pass
