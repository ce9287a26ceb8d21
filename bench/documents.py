"""How long documents take: loading them, loading one that changed, and planning many resources. No network, no disk.

    .venv/bin/python -m bench.documents

Prints seconds of CPU, and the longest time that the event loop stood still meanwhile.
"""

from collections.abc import Mapping
from typing import TypeVar

from reconciler.desired.folder import NoSecrets
from reconciler.desired.load import Folders, load
from reconciler.kinds.catalog import CATALOG
from reconciler.model.unit import Desired

T = TypeVar("T")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
LINES = "\n".join(f"        # line {number} of a document as long as documents are" for number in range(3))


def many_documents(count: int) -> dict[str, bytes]:
    """Return ``count`` documents, a file each: environments, a fifth hosts, and apps with two resources on two hosts."""
    environments, hosts = 10, count // 5
    files = {f"desired-state/environments/e{n}.yaml": environment(n) for n in range(environments)}
    for number in range(hosts):
        files[f"desired-state/hosts/h{number}.yaml"] = host(number, number % environments, number // 2)
    for number in range(count - environments - hosts - 1):
        role = number % (hosts // 2)
        files[f"desired-state/apps/a{number}.yaml"] = app(
            number, role, 2, f"e{role * 2 % 10}: {{}}, e{(role * 2 + 1) % 10}: {{}}"
        )
    return files | {"policies/all.yaml": _POLICY}


def many_resources(hosts: int, each: int) -> dict[str, bytes]:
    """Return ten apps that share that many hosts, each host with that many resources."""
    files = {"desired-state/environment.yaml": environment(0), "policies/all.yaml": _POLICY}
    for number in range(hosts):
        files[f"desired-state/hosts/h{number}.yaml"] = host(number, 0, number % 10)
    for number in range(10):
        files[f"desired-state/apps/a{number}.yaml"] = app(number, number, each, "e0: {}")
    return files


_POLICY = b"kind: RolloutPolicy\nmetadata: {name: all}\nspec: {}\n"


def environment(number: int) -> bytes:
    return f"kind: Environment\nmetadata: {{name: e{number}}}\nspec: {{vars: {{level: {number}}}}}\n".encode()


def host(number: int, environment_number: int, role: int) -> bytes:
    return f"""\
apiVersion: reconciler/v1
kind: Host
metadata:
  name: h{number}
  labels: {{role: r{role}, zone: z{number % 3}}}
spec:
  environment: e{environment_number}
  address: 10.{number // 65536}.{number // 256 % 256}.{number % 256}
  user: deploy
  become: sudo
  hostKey: "{KEY}"
""".encode()


def app(number: int, role: int, resources: int, environments: str) -> bytes:
    written = "\n".join(
        f"""\
    - file:
        path: /etc/a{number}/file-{index}.conf
        content: |
          level = {{{{ vars.level }}}}
          one {index} for {{{{ target.name }}}}
        mode: "0640"
        owner: root"""
        for index in range(resources)
    )
    return f"""\
apiVersion: reconciler/v1
kind: App
metadata:
  name: a{number}
  labels: {{team: t{number % 20}}}
spec:
  version: "1.{number}"
  environments: {{{environments}}}
  targets: {{hosts: {{role: r{role}}}}}
  resources:
{written}
""".encode()


def loaded(files: Mapping[str, bytes]) -> Desired:
    return load("c" * 40, files, CATALOG, NoSecrets(), Folders())
