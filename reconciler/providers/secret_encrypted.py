"""Encrypted files: those that came with a commit, or those of a folder of this machine. No plain text is written."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from reconciler.model.secret_store import Encrypted
from reconciler.ports.secrets import SecretMissing
from reconciler.providers.secret_local import file
from reconciler.providers.secret_programs import Runner
from reconciler.providers.secret_reading import Raw, versionless

Identities = Callable[[], Sequence[str]]
"""The private keys, looked up when they are needed."""


class Files:
    """The encrypted bytes by path. A path may leave out the ending."""

    def __init__(self, name: str, encrypted: Encrypted, folder: Path | None) -> None:
        self._name = name
        self._files = dict(encrypted.files)
        self._folder = folder

    def of(self, path: str, endings: Iterable[str]) -> tuple[str, bytes]:
        """Return the name of the file and its bytes; raise SecretMissing, SecretUnknown."""
        tried = [path + ending for ending in endings]
        for name in tried:
            found = self._files.get(name) if self._folder is None else file(self._folder / name)
            if found is not None:
                return name, found
        where = "the commit" if self._folder is None else str(self._folder)
        raise SecretMissing(
            f"the secret {path} is not in the store {self._name}; {where} has no {' and no '.join(tried)}"
        )


class Sops:
    """Files of SOPS, decrypted by the program ``sops``: keys of age are handed to it, other keys are its own matter."""

    def __init__(self, name: str, files: Files, identities: Identities, runner: Runner) -> None:
        self._name = name
        self._files = files
        self._identities = identities
        self._runner = runner

    def read(self, path: str, version: str) -> Raw:
        """Return the entries of the decrypted file, or its bytes where it has none."""
        versionless(self._name, version)
        name, data = self._files.of(path, ("", ".yaml", ".yml", ".json", ".env", ".ini"))
        form = _FORMS.get(name.rpartition(".")[2], "binary")
        printed = "binary" if form == "binary" else "json"
        command = ("sops", "--decrypt", "--input-type", form, "--output-type", printed, "/dev/stdin")
        plain = self._runner.output(command, data, {"SOPS_AGE_KEY": "\n".join(self._identities())})
        return _entries(plain) if printed == "json" else plain


def _entries(plain: bytes) -> Raw:
    try:
        read = json.loads(plain)
    except (ValueError, RecursionError):
        return plain
    return read if isinstance(read, dict) else plain


_FORMS = {"yaml": "yaml", "yml": "yaml", "json": "json", "env": "dotenv", "ini": "ini"}
