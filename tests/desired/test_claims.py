"""A thing on a host is one thing, whatever kind speaks of it; and what only the user who logs in can have."""

from typing import Any

import pytest
from pydantic import BaseModel

from reconciler.desired.folder import NoSecrets
from reconciler.desired.load import Folders, Invalid, load
from reconciler.kinds.catalog import CATALOG
from reconciler.model.target import Sort
from reconciler.model.unit import Desired
from reconciler.ports.kind import Rendered

FLEET = """
kind: Environment
metadata: {name: production}
---
kind: Host
metadata: {name: web-1, labels: {role: web}}
spec: {environment: production, address: 192.0.2.1, user: deploy, become: BECOME, hostKey: "ssh-ed25519 KEY"}
---
kind: App
metadata: {name: shop}
spec:
  version: "1"
  environments: {production: {}}
  targets: {hosts: {role: web}}
  resources:
""".replace("KEY", "AAAAC3NzaC1lZDI1NTE5AAAAIHB1dCB0aGUga2V5IG9mIHlvdXIgb3duIGhvc3QgaGVy")


class _Part:
    """A kind that has a line of a file, as far as loading asks it."""

    NAME = "part"
    TARGET = Sort.HOST

    class Spec(BaseModel):
        path: str
        line: str

    def render(self, spec: Any, inputs: Any) -> Rendered:
        return Rendered(name=f"{spec.path} {spec.line}", attributes={"line": spec.line}, shares=(spec.path,))


KINDS: Any = {**CATALOG, "part": _Part()}


def loaded(*resources: str, become: str = "sudo") -> Desired:
    text = FLEET.replace("BECOME", become) + "".join(f"    - {each}\n" for each in resources)
    return load("c1", {"desired-state/fleet.yaml": text.encode()}, KINDS, NoSecrets(), Folders())


def problem(*resources: str, become: str = "sudo") -> str:
    with pytest.raises(Invalid) as invalid:
        loaded(*resources, become=become)
    (found,) = invalid.value.problems
    return str(found)


RELEASE = f'release: {{name: shop, artifact: "https://x.example/a.tar.gz", sha256: "{"0" * 64}", path: /opt/shop}}'


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        ("file: {path: /srv/x, content: a}", "symlink: {path: /srv/x, to: /srv/y}", "file:/srv/x on web-1"),
        ("directory: {path: /srv/x}", "file: {path: /srv/x, content: a}", "directory:/srv/x on web-1"),
        ("file: {path: /srv/x, content: a}", "file: {path: /srv/x, content: b}", "file:/srv/x on web-1"),
        (
            "systemdUnit: {name: a.service, content: a}",
            "file: {path: /etc/systemd/system/a.service, content: a}",
            "systemdUnit:a.service on web-1 (/etc/systemd/system/a.service)",
        ),
        (RELEASE, "symlink: {path: /opt/shop/current, to: x}", "release:shop on web-1 (/opt/shop/current)"),
        ("file: {path: /srv/x, content: a}", "part: {path: /srv/x, line: a}", "file:/srv/x on web-1"),
        ("part: {path: /srv/x, line: a}", "symlink: {path: /srv/x, to: y}", "part:/srv/x a on web-1 (/srv/x)"),
        ("part: {path: /srv/x, line: a}", "part: {path: /srv/x, line: a}", "part:/srv/x a on web-1"),
    ],
)
def test_two_resources_that_speak_of_one_thing_are_a_mistake(one: str, other: str, told: str) -> None:
    assert f"{told} is already in shop@production" in problem(one, other)


@pytest.mark.parametrize(
    "resources",
    [
        ("part: {path: /srv/x, line: a}", "part: {path: /srv/x, line: b}"),
        ("directory: {path: /opt/shop}", RELEASE),
        ("systemdUnit: {name: a.service, running: true}", "file: {path: /etc/systemd/system/a.service, content: a}"),
    ],
)
def test_what_can_be_shared_is_shared(resources: tuple[str, ...]) -> None:
    (unit,) = loaded(*resources).units.values()
    assert len(unit.resources) == 2


def test_a_unit_of_the_user_is_refused_on_a_host_where_everything_is_done_as_root() -> None:
    unit = "systemdUnit: {name: a.service, running: true, user: true}"
    assert len(loaded(unit, become="none").units) == 1
    told = problem(unit)
    assert "systemdUnit:a.service belongs to the user who logs in, and web-1 has 'become: sudo'" in told
    assert told.endswith("(leave user out, or use a Host with become: none)")


@pytest.mark.parametrize(("field", "right"), [("mode", True), ("mo*", True), ("colour", False), ("content.a", False)])
def test_a_field_to_ignore_has_to_be_one_of_the_resource(field: str, right: bool) -> None:
    resource = f'file: {{path: /srv/x, content: a, ignore: ["{field}"]}}'
    if right:
        assert loaded(resource).units
    else:
        assert f"file:/srv/x has no field '{field}'" in problem(resource)


def test_what_a_resource_says_of_itself_is_read() -> None:
    (unit,) = loaded("file: {path: /srv/x, content: a, adopt: true, prune: confirm}").units.values()
    (resource,) = unit.resources
    assert (resource.adopt, resource.prune) == (True, "confirm")
