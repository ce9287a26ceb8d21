"""A path on a host is one thing, whatever kind speaks of it."""

import pytest

from reconciler.desired.folder import NoSecrets
from reconciler.desired.load import Folders, Invalid, load
from reconciler.kinds.catalog import CATALOG

FLEET = """
kind: Environment
metadata: {name: production}
---
kind: Host
metadata: {name: web-1, labels: {role: web}}
spec: {environment: production, address: 192.0.2.1, user: deploy, hostKey: "ssh-ed25519 KEY"}
---
kind: App
metadata: {name: shop}
spec:
  version: "1"
  environments: {production: {}}
  targets: {hosts: {role: web}}
  resources:
    - file: {path: /srv/x, content: a}
    - symlink: {path: /srv/x, to: /srv/y}
""".replace("KEY", "AAAAC3NzaC1lZDI1NTE5AAAAIHB1dCB0aGUga2V5IG9mIHlvdXIgb3duIGhvc3QgaGVy")


def test_a_file_and_a_link_at_one_path_are_a_mistake():
    with pytest.raises(Invalid) as invalid:
        load("c1", {"desired-state/fleet.yaml": FLEET.encode()}, CATALOG, NoSecrets(), Folders())
    (problem,) = invalid.value.problems
    assert "file:/srv/x on web-1 is already in shop@production" in str(problem)
