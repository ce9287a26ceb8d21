"""What the commits of a scenario ask for: a folder on disk, with other versions written into it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.desired.folder import read_folder
from reconciler.desired.load import Folders, Loading
from reconciler.desired.tree import is_document, read, with_text
from reconciler.model.canonical import Digest, digest
from reconciler.model.secret_store import SecretStore
from reconciler.model.unit import Desired
from reconciler.ports.kind import Kind


class SimSecrets:
    """Knows every secret, and what is in it is of no use anywhere."""

    def value(self, reference: str) -> str:
        """Return something."""
        return f"simulated-{reference}"

    def keyed(self, digest: Digest) -> Digest:
        """Return something of the right form."""
        return "keyed:" + digest.removeprefix("sha256:")

    def by(self, stores: Mapping[str, SecretStore]) -> "SimSecrets":
        """They are not asked: every secret is known."""
        return self

    def known(self, stores: Mapping[str, SecretStore]) -> "SimSecrets":
        """They are not asked: every secret is known."""
        return self

    def follow(self, stores: Mapping[str, SecretStore]) -> None:
        """They are not asked: every secret is known."""


@dataclass(slots=True)
class Repository:
    """Folders, and the versions that were committed since the scenario began."""

    folder: Path
    kinds: Mapping[str, Kind]
    versions: dict[str, str]
    commits: int = 0

    def commit(self) -> Desired:
        """Return what the next commit asks for; raise Invalid."""
        folders = Folders()
        files = {name: self._changed(name, data) for name, data in read_folder(self.folder, folders).items()}
        self.commits += 1
        name = digest({"number": self.commits, "files": sorted(files)}).removeprefix("sha256:")[:40]
        return Loading(self.kinds, SimSecrets(), folders).load(name, files)

    def apps(self) -> frozenset[str]:
        """Return the names of the apps in the folder."""
        return frozenset(self._apps())

    def _apps(self) -> Iterator[str]:
        documents, _ = read(read_folder(self.folder, Folders()))
        for document in documents:
            if isinstance(document.data, dict) and document.data.get("kind") == "App":
                yield str((document.data.get("metadata") or {}).get("name"))

    def _changed(self, name: str, data: bytes) -> bytes:
        if not (self.versions and is_document(name)):
            return data
        documents, problems = read({name: data})
        if problems:
            return data
        lines = data.decode().splitlines(keepends=True)
        for document in reversed(documents):
            version = self._version_of(document.data)
            if version is not None:
                length = document.text.count("\n") + (not document.text.endswith("\n"))
                text = document.text
                for path in _paths(document.data):
                    text = with_text(text, path, version)
                lines[document.line : document.line + length] = [text]
        return "".join(lines).encode()

    def _version_of(self, data: object) -> str | None:
        if not isinstance(data, dict) or data.get("kind") != "App":
            return None
        return self.versions.get(str((data.get("metadata") or {}).get("name")))


def _paths(data: Mapping[str, object]) -> Iterator[tuple[str, ...]]:
    """Where an App says its version: for all environments, and for those that have one of their own."""
    spec = data.get("spec")
    if not isinstance(spec, dict):
        return
    if "version" in spec:
        yield ("spec", "version")
    environments = spec.get("environments")
    for name, each in environments.items() if isinstance(environments, dict) else ():
        if isinstance(each, dict) and "version" in each:
            yield ("spec", "environments", name, "version")
