"""Which files of a commit reach the units of some environments and apps. When that cannot be told, they do.

A document is read by itself; what stands in no document (a template, a file, a key) may be read by any app.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.desired import tree
from reconciler.desired.load import Folders
from reconciler.model.access import Labels, Match

LARGEST = 1024 * 1024
"""A document with more bytes is not read to tell: it may reach any unit."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The units of a match, by the names that their environments have in the commits that are compared."""

    match: Match
    environments: frozenset[str]
    folders: Folders

    def by_path(self, path: str) -> bool | None:
        """Whether a file reaches any of the units, None where it has to be read to tell."""
        if inside(path, self.folders.policies):
            return True
        if not inside(path, self.folders.desired_state):
            return False
        return None if tree.is_document(path) else True

    def by_content(self, path: str, data: bytes) -> bool:
        """Whether a file that had to be read reaches any of the units with this content, which it had or has."""
        documents, problems = tree.read({path: data})
        return bool(problems) or any(self._concerns(each.data) for each in documents)

    def _concerns(self, document: Any) -> bool:
        spec, labels = part(document, "spec"), part(part(document, "metadata"), "labels")
        match part(document, "kind"):
            case "Environment":
                return fits(labels, self.match.environments)
            case "App":
                named = part(spec, "environments")
                somewhere = not isinstance(named, dict) or not self.environments.isdisjoint(named)
                return somewhere and fits(labels, self.match.apps)
            case "Host" | "DockerEngine" | "Swarm" | "KubernetesCluster" | "HttpApi":
                named = part(spec, "environment")
                return not isinstance(named, str) or named in self.environments
            case _:
                return True


def environments_of(files: Mapping[str, bytes], folders: Folders, wanted: Labels) -> Iterator[str]:
    """Yield the names of the environments that have the labels."""
    for path, data in files.items():
        # Only a backslash lets the word be written otherwise.
        if inside(path, folders.desired_state) and (b"Environment" in data or b"\\" in data):
            for document in tree.read({path: data})[0]:
                metadata = part(document.data, "metadata")
                name = part(metadata, "name")
                known = part(document.data, "kind") == "Environment" and isinstance(name, str)
                if known and fits(part(metadata, "labels"), wanted):
                    yield name


def inside(path: str, folder: str) -> bool:
    """Whether a file is in the folder; everything is in ``.``."""
    plain = folder.strip("/")
    return plain in ("", ".") or path.startswith(f"{plain}/")


def fits(labels: Any, wanted: Labels) -> bool:
    """Whether labels as they are written are those that are wanted; what is written wrongly fits."""
    if labels is None:
        return not wanted
    return not isinstance(labels, dict) or all(labels.get(name) == value for name, value in wanted.items())


def part(value: Any, key: str) -> Any:
    """Return what a mapping has under the key, None where it is none or has nothing."""
    return value.get(key) if isinstance(value, dict) else None
