"""The order in which the resources of one unit on one target are changed."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from reconciler.model.canonical import Json
from reconciler.model.resource import Resource
from reconciler.ports.kind import Kind, Waved

_PACKAGE_SOURCES = ("/etc/apt/", "/usr/share/keyrings/", "/etc/yum.repos.d/", "/etc/dnf/", "/etc/pki/rpm-gpg/")


class Cycle(Exception):
    """Resources that depend on each other in a circle. The text names them in order."""


def ordered(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    """Return the resources with everything before what needs it, otherwise in the order of the document.

    A resource needs what ``depends_on`` and ``restart_on`` name, the resources whose path contains its own, and the
    users and groups it speaks of; what is in a home needs the user, and a package needs the files that say where
    packages come from. Refs to resources that are not in the sequence do not count. Raises Cycle.
    """
    everything = _Everything(resources)
    done: dict[str, Resource] = {}

    def visit(resource: Resource, trail: tuple[str, ...]) -> None:
        ref = resource.id.ref
        if ref in done:
            return
        if ref in trail:
            circle = (*trail[trail.index(ref) :], ref)
            raise Cycle(f"resources depend on each other in a circle: {' → '.join(circle)}")
        for needed in everything.needs(resource):
            visit(needed, (*trail, ref))
        done[ref] = resource

    for resource in resources:
        visit(resource, ())
    return tuple(done.values())


def in_waves(resources: Sequence[Resource], kinds: Mapping[str, Kind]) -> tuple[Resource, ...]:
    """Return the resources by the places that their kinds give them; otherwise as they were."""

    def wave(resource: Resource) -> tuple[int, ...]:
        kind = kinds[resource.id.kind]
        return kind.wave(resource) if isinstance(kind, Waved) else (0,)

    return tuple(sorted(resources, key=wave))


def needs(resources: Sequence[Resource]) -> Mapping[str, frozenset[str]]:
    """Return for each resource, by ref, all that it needs directly or through others."""
    everything = _Everything(resources)
    found: dict[str, frozenset[str]] = {}
    for resource in ordered(resources):
        direct = [each.id.ref for each in everything.needs(resource)]
        found[resource.id.ref] = frozenset(direct).union(*(found[ref] for ref in direct))
    return found


class _Everything:
    """Resources by what others call them."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._by_ref = {resource.id.ref: resource for resource in resources}
        self._by_path = {path: resource for resource in resources if (path := _path(resource))}
        self._homes = {str(home): each for each in resources if (home := _home(each))}
        self._users = [each for each in resources if each.id.kind == "user"]
        self._sources = [each for path, each in self._by_path.items() if path.startswith(_PACKAGE_SOURCES)]

    def needs(self, resource: Resource) -> Iterator[Resource]:
        """Yield what the resource needs itself; nothing needs itself."""
        for ref in (*resource.depends_on, *resource.restart_on):
            if ref in self._by_ref and self._by_ref[ref] is not resource:
                yield self._by_ref[ref]
        if resource.id.kind == "group" and _leaves(resource):
            # Until they have left it, it cannot go.
            yield from self._users
        accounts = (self._by_ref[ref] for ref in _accounts(resource) if ref in self._by_ref)
        yield from (each for each in accounts if each is not resource and not _leaves(each))
        if resource.id.kind == "package":
            yield from (each for each in self._sources if resource.id.ref not in self._named(each, frozenset()))
        path = _path(resource)
        if path:
            for parent in map(str, PurePosixPath(path).parents):
                yield from (there[parent] for there in (self._by_path, self._homes) if parent in there)

    def _named(self, resource: Resource, known: frozenset[str]) -> frozenset[str]:
        """What the resource depends on by what is written: that may be the package that a source is fetched with."""
        for ref in {*resource.depends_on, *resource.restart_on} - known:
            known |= {ref}
            known |= self._named(self._by_ref[ref], known) if ref in self._by_ref else known
        return known


def _accounts(resource: Resource) -> Iterator[str]:
    """The refs of the users and groups that the attributes speak of."""
    attributes = resource.attributes
    for word, kind in (("owner", "user"), ("user", "user"), ("group", "group")):
        if isinstance(attributes.get(word), str):
            yield f"{kind}:{attributes[word]}"
    if resource.id.kind == "user":
        # Where no group is named, one of the user's name that is there is taken.
        yield f"group:{resource.id.name}"
        groups = attributes.get("groups")
        yield from (f"group:{each}" for each in groups) if isinstance(groups, Sequence) else ()


def _leaves(resource: Resource) -> bool:
    return resource.attributes.get("state") == "absent"


def _home(resource: Resource) -> Json:
    return resource.attributes.get("home") if resource.id.kind == "user" else None


def _path(resource: Resource) -> str | None:
    path = resource.attributes.get("path", resource.id.name)
    return path if isinstance(path, str) and path.startswith(("/", "~/")) else None
