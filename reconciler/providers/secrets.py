"""Secrets without a SecretStore: those that this machine itself has, and the key that hides digests of all."""

import hashlib
import hmac
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.model.canonical import Digest
from reconciler.model.secret_store import LOCAL_PATTERN
from reconciler.ports.secrets import SecretMissing
from reconciler.providers.secret_local import credential, file, variable

_REFERENCE = re.compile(LOCAL_PATTERN)
_KEY_SIZE = 32


class LocalSecrets:
    """``ports.secrets.Secrets`` of this machine: ``shop/db`` is the file ``<folder>/shop/db``, else ``shop.db`` among
    systemd's credentials, else RECONCILER_SECRET_SHOP_DB in the environment.

    ``key_file`` holds the key of ``keyed``; it is made when it is not there. OSError when it cannot be.
    """

    def __init__(self, folder: Path | None, key_file: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._key = _key(key_file)

    @property
    def folder(self) -> Path | None:
        """Where the files of this machine's secrets are, None where it has none."""
        return self._folder

    def value(self, reference: str) -> str:
        """Return the value of a reference, without a file's last newline; raise SecretMissing, SecretUnknown."""
        if not _REFERENCE.fullmatch(reference):
            raise SecretMissing(f"{reference!r} is not a secret's name; write words joined by /, for example shop/db")
        looked = []
        for path in self._files(reference):
            found = file(path)
            if found is None:
                looked.append(str(path))
                continue
            try:
                return found.decode().removesuffix("\n")
            except UnicodeDecodeError:
                reason = "it is not text in UTF-8"
                raise SecretMissing(f"cannot read the secret {reference} from {path}: {reason}") from None
        name = variable(reference)
        if name in self._environment:
            return self._environment[name]
        places = ", ".join([*looked, f"the environment variable {name}"])
        raise SecretMissing(f"the secret {reference} is nowhere; looked at {places}")

    def keyed(self, digest: Digest) -> Digest:
        """Return the keyed form of a digest of secret content."""
        return "keyed:" + hmac.new(self._key, digest.encode(), hashlib.sha256).hexdigest()

    def _files(self, reference: str) -> Iterator[Path]:
        if self._folder is not None:
            yield self._folder / reference
        if place := credential(reference, self._environment):
            yield place


def _key(path: Path) -> bytes:
    """Read the key, or make one: whole and readable by us alone before it has its name."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".key-", delete=False) as new:
            new.write(os.urandom(_KEY_SIZE))
            new.flush()
            os.fsync(new.fileno())
        try:
            os.link(new.name, path)
        except FileExistsError:
            pass  # another process was first: its key counts
        finally:
            Path(new.name).unlink()
    return path.read_bytes()
