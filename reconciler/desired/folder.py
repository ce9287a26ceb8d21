"""Documents from a folder on disk, without Git: for ``reconciler validate``."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.desired.load import Folders, Invalid
from reconciler.model.canonical import Digest
from reconciler.model.problem import Problem
from reconciler.model.secret_store import SecretStore
from reconciler.ports.secrets import SecretMissing


class NoSecrets:
    """Knows no secret: their units are checked in everything else."""

    def value(self, reference: str) -> str:
        """Raise SecretMissing."""
        raise SecretMissing(f"the secret {reference} is not looked up here")

    def keyed(self, digest: Digest) -> Digest:
        """Return something of the right form."""
        return "keyed:" + digest.removeprefix("sha256:")

    def by(self, stores: Mapping[str, SecretStore]) -> "NoSecrets":
        """None of them is asked."""
        return self

    def known(self, stores: Mapping[str, SecretStore]) -> "NoSecrets":
        """None of them is asked."""
        return self

    def follow(self, stores: Mapping[str, SecretStore]) -> None:
        """None of them is asked."""


def read_folder(path: Path, folders: Folders) -> dict[str, bytes]:
    """Return the files of the folders below the path, by their path from there.

    Raises Invalid for links, which a commit may not have either, and for files that cannot be read.
    """
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for folder in folders.all:
        for file in _files(path / folder):
            name = file.relative_to(path).as_posix()
            if file.is_symlink():
                problems.append(Problem(file=name, message="this is a symbolic link; only plain files are read"))
                continue
            try:
                files[name] = file.read_bytes()
            except OSError as error:
                problems.append(Problem(file=name, message=f"this cannot be read: {error.strerror}"))
    if problems:
        raise Invalid(tuple(problems))
    return files


def _files(folder: Path) -> Iterator[Path]:
    for here, inner, names in os.walk(folder):
        inner[:] = [name for name in inner if name != ".git"]
        yield from (Path(here, name) for name in (*names, *inner) if name in names or Path(here, name).is_symlink())
