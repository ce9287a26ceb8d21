"""Where the objects of a cluster lie: the path in the API for a manifest, asked from the API itself."""

from collections.abc import Iterable, Mapping

import httpx
import yaml

from tests.lab.engine import LabError
from tests.lab.kubernetes.watching import Json

APPLY = {"Content-Type": "application/apply-patch+yaml"}


def documents(manifest: str | Mapping[str, object]) -> list[Json]:
    """Return the objects of a manifest: one object, or YAML text with any number of them."""
    parts: Iterable[object] = yaml.safe_load_all(manifest) if isinstance(manifest, str) else [manifest]
    return [dict(part) for part in parts if isinstance(part, Mapping)]


class Paths:
    """Paths by kind, as far as they were asked for."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._known: dict[tuple[str, str], tuple[str, bool]] = {}

    def of(self, item: Json, namespace: str) -> str:
        """Return the object's path; an object without a namespace that must have one is in the one given."""
        version, kind = item["apiVersion"], item["kind"]
        if (version, kind) not in self._known:
            self._ask(version)
        if (version, kind) not in self._known:
            raise LabError(f"the cluster does not know {kind} of {version}")
        plural, namespaced = self._known[version, kind]
        within = f"/namespaces/{item['metadata'].get('namespace', namespace)}" if namespaced else ""
        return f"{_root(version)}{within}/{plural}/{item['metadata']['name']}"

    def _ask(self, version: str) -> None:
        answer = self._client.get(_root(version))
        if answer.status_code != 200:
            return
        for each in answer.json()["resources"]:
            if "/" not in each["name"]:
                self._known[version, each["kind"]] = (each["name"], each["namespaced"])


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
