"""What stands on a host for a resource that another one watches: the path whose change counts."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from reconciler.model.operation import Scope
from reconciler.model.resource import Resource

_UNIT_FOLDERS = {Scope.SYSTEM.value: "/etc/systemd/system", Scope.USER.value: "~/.config/systemd/user"}


def _ref(ref: str) -> str:
    kind, colon, name = ref.partition(":")
    if not (kind and colon and name):
        raise ValueError("name a resource of this app as kind:name, for example file:/etc/shop/app.toml")
    return ref


Ref = Annotated[str, AfterValidator(_ref)]
"""A resource of the same app, as ``kind:name``."""


def paths(resource: Resource, siblings: Mapping[str, Resource]) -> tuple[str, ...]:
    """Return the paths that stand for what ``restart_on`` names, each once; what is at no path has none."""
    found = (_path(siblings[ref]) for ref in resource.restart_on if ref in siblings)
    return tuple(dict.fromkeys(path for path in found if path))


def _path(sibling: Resource) -> str | None:
    path = sibling.attributes.get("path", sibling.id.name)
    match sibling.id.kind:
        case "systemdUnit" if "content" in sibling.attributes:
            return f"{_UNIT_FOLDERS[str(sibling.attributes.get('scope', 'system'))]}/{sibling.id.name}"
        case "release":
            return f"{path}/current"
        case "gitCheckout":
            return f"{path}/.git/HEAD"
        case _:
            return path if isinstance(path, str) and path.startswith(("/", "~/")) else None
