"""What this machine itself has: files of a folder, credentials that systemd handed over, the environment."""

from collections.abc import Mapping
from pathlib import Path

from reconciler.model.secret_store import flat
from reconciler.ports.secrets import SecretMissing, SecretUnknown
from reconciler.providers.secret_reading import LARGEST, Raw, bounded, versionless

VARIABLE = "RECONCILER_SECRET_"


class Folder:
    """Files of a folder: ``shop/db`` is ``<folder>/shop/db``."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._folder = folder

    def read(self, path: str, version: str) -> Raw:
        """Return the bytes of the file."""
        versionless(self._name, version)
        found = file(self._folder / path)
        if found is None:
            raise SecretMissing(f"the secret {path} is not in the store {self._name}; looked at {self._folder / path}")
        return found


class Credentials:
    """What systemd has handed to the daemon: ``shop/db`` is ``$CREDENTIALS_DIRECTORY/<prefix>shop.db``."""

    def __init__(self, name: str, prefix: str, environment: Mapping[str, str]) -> None:
        self._name = name
        self._prefix = prefix
        self._environment = environment

    def read(self, path: str, version: str) -> Raw:
        """Return the bytes of the credential."""
        versionless(self._name, version)
        place = credential(self._prefix + path, self._environment)
        found = file(place) if place else None
        if found is None:
            where = place or "$CREDENTIALS_DIRECTORY, which is not set: LoadCredential= in the unit of the daemon does"
            raise SecretMissing(f"the secret {path} is not in the store {self._name}; looked at {where}")
        return found


class Variables:
    """The environment of the daemon: ``shop/db`` is ``RECONCILER_SECRET_<PREFIX>SHOP_DB``."""

    def __init__(self, name: str, prefix: str, environment: Mapping[str, str]) -> None:
        self._name = name
        self._prefix = prefix
        self._environment = environment

    def read(self, path: str, version: str) -> Raw:
        """Return the value of the variable."""
        versionless(self._name, version)
        name = variable(self._prefix + path)
        if name not in self._environment:
            raise SecretMissing(f"the secret {path} is not in the store {self._name}; there is no variable {name}")
        return self._environment[name].encode(errors="surrogateescape")


def variable(path: str) -> str:
    """Return the name of the variable of a path."""
    return VARIABLE + flat(path)


def credential(path: str, environment: Mapping[str, str]) -> Path | None:
    """Return where systemd puts the credential of a path; None where it hands none over."""
    folder = environment.get("CREDENTIALS_DIRECTORY")
    return Path(folder) / path.replace("/", ".") if folder else None


def file(path: Path) -> bytes | None:
    """Return the bytes of a file, None when there is none; raise SecretUnknown when it cannot be read."""
    try:
        with path.open("rb") as opened:
            return bounded(str(path), opened.read(LARGEST + 1))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SecretUnknown(f"cannot read the secret in {path}: {error.strerror}") from None
