"""What kinds of objects a cluster knows, where they lie in its API, and which of them have a namespace."""

from dataclasses import dataclass
from urllib.parse import quote

from reconciler.model.cluster import ObjectName
from reconciler.ports.errors import Refused
from reconciler.providers.kubernetes.client import ApiClient


@dataclass(frozen=True, slots=True, order=True)
class Collection:
    """All objects of one kind, in one namespace where they have one. ``path`` is that in the API."""

    api_version: str
    kind: str
    namespace: str
    path: str


@dataclass(frozen=True, slots=True)
class _Sort:
    plural: str
    namespaced: bool


class UnknownKind(Refused):
    """The cluster does not know the kind (yet): its CRD is not there."""


class Discovery:
    """Kinds as the API server tells them, asked for once; a kind that is not among them is asked for again."""

    def __init__(self, client: ApiClient, namespace: str) -> None:
        self._client = client
        self._namespace = namespace
        self._known: dict[tuple[str, str], _Sort] = {}

    async def collection(self, name: ObjectName) -> Collection:
        """Return where objects like this one lie; raise UnknownKind, WorldError."""
        key = (name.api_version, name.kind)
        if key not in self._known:
            await self._ask(name.api_version)
        found = self._known.get(key)
        if found is None:
            raise UnknownKind(f"the cluster knows no {name.kind} of {name.api_version}; is its CRD there?")
        if not found.namespaced:
            return Collection(*key, "", f"{_root(name.api_version)}/{found.plural}")
        namespace = name.namespace or self._namespace
        path = f"{_root(name.api_version)}/namespaces/{quote(namespace, safe='')}/{found.plural}"
        return Collection(*key, namespace, path)

    def forget(self, api_version: str) -> None:
        """Ask again for the kinds of this version: one of them is not as it was."""
        self._known = {key: sort for key, sort in self._known.items() if key[0] != api_version}

    async def _ask(self, api_version: str) -> None:
        what = f"ask what kinds {api_version} has"
        answer = await self._client.get(what, _root(api_version)) or {}
        for each in answer.get("resources") or ():
            if "/" not in each["name"]:
                self._known[api_version, each["kind"]] = _Sort(each["name"], each["namespaced"])


def path_of(collection: Collection, name: str) -> str:
    """Return the path of one object of a collection."""
    return f"{collection.path}/{quote(name, safe='')}"


def _root(api_version: str) -> str:
    return f"/apis/{quote(api_version)}" if "/" in api_version else f"/api/{quote(api_version)}"
