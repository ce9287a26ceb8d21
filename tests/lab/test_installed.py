"""The service, installed on a host as the documentation says and driven by systemctl; and the demo of a plain user."""

import json
import re
import shlex

import pytest

from tests.architecture.tracked import ROOT
from tests.conftest import unavailable
from tests.lab import wheels
from tests.lab.engine import LabError
from tests.lab.hosts import Lab, LabHost

SETTINGS = """\
state_dir = "/var/lib/reconciler"
[git]
url = "/srv/fleet"
[drift]
interval = "2s"
"""

DESIRED = """\
kind: Environment
metadata: {name: production}
---
kind: Host
metadata: {name: self, labels: {role: web}}
spec: {environment: production, address: 127.0.0.1, user: deploy, become: sudo, hostKey: "KEY"}
---
kind: App
metadata: {name: shop}
spec:
  version: "1"
  environments: {production: {}}
  targets: {hosts: {role: web}}
  resources:
    - file: {path: /etc/shop.conf, template: shop.conf, secrets: {password: shop/db}}
"""


@pytest.fixture
def host(lab: Lab) -> LabHost:
    reason = wheels.obstacle()
    if reason:
        unavailable(reason)
    host = lab.host("controller")
    # As on every machine that is no container: what systemd mounts for credentials is seen by the service.
    host.sh("mount --make-rshared /")
    wheels.bring(host)
    wheels.bring_checkout(host, "/root/reconciler")
    return host


def documented(title: str) -> str:
    """Return the first sh block below a heading of docs/operations.md."""
    page = (ROOT / "docs/operations.md").read_text()
    block = re.search(rf"^## {title}\n.*?^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert block
    return block[1]


def until(host: LabHost, condition: str, limit: float = 60.0) -> None:
    """Wait until the sh condition holds on the host."""
    try:
        host.sh(f"until {condition}; do sleep 0.1; done", limit=limit)
    except LabError as error:
        raise AssertionError(f"{condition} did not come true: {host.sh(JOURNAL)}") from error


JOURNAL = "journalctl --unit reconciler --output cat --no-pager"


def entries(host: LabHost) -> list[dict[str, object]]:
    """Return what the daemon wrote into the journal; lines of systemd about it are left out."""
    return [json.loads(line) for line in host.sh(JOURNAL).splitlines() if line.startswith("{")]


def prepare(host: LabHost, key: bytes) -> None:
    """Have a fleet in Git, settings, and credentials that only root can read."""
    host.write("/root/reconciler/reconciler.toml", SETTINGS.encode())
    host.write("/srv/fleet/desired-state/shop.yaml", DESIRED.replace("KEY", host.host_key).encode())
    host.write("/srv/fleet/desired-state/shop.conf", b"password = {{ secrets.password }}\n")
    host.write("/srv/fleet/policies/none.yaml", b"")
    commit(host, "the shop")
    host.write("/etc/reconciler/ssh_key", key, "0400")
    host.write("/etc/reconciler/db_password", b"hunter2\n", "0400")


def commit(host: LabHost, message: str) -> None:
    git = "git -C /srv/fleet -c user.name=Ada -c user.email=ada@example.org -c safe.directory=/srv/fleet"
    host.sh(
        f"git init --quiet --initial-branch main /srv/fleet; {git} add --all; {git} commit -qm {shlex.quote(message)}"
    )


def install(host: LabHost) -> None:
    """Do what the documentation says; packages come from a folder instead of an index."""
    with_credentials = (
        r"sed -i -e 's/^#\(LoadCredential=ssh_key\|Environment=.RECONCILER_SSH\)/\1/'"
        r" -e 's/^#LoadCredential=db_password:\(.*\)/LoadCredential=shop.db:\1/'"
        " -e 's/^WatchdogSec=.*/WatchdogSec=6/' systemd/reconciler.service\n"
    )
    offline = f"set -e; export PIP_NO_INDEX=1 PIP_FIND_LINKS={wheels.FOLDER}; cd /root/reconciler\n"
    steps = documented("Install as a service").replace("pip install .", "pip install --quiet reconciler")
    host.sh(f"{offline}{with_credentials}{steps}", limit=300)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_service_is_installed_as_documented_and_lives_under_systemd(lab: Lab, host: LabHost) -> None:
    prepare(host, lab.client_key.read_bytes())
    install(host)

    until(host, "grep -qs 'password = hunter2' /etc/shop.conf")
    assert host.sh("systemctl is-active reconciler").strip() == "active"
    until(host, "systemctl show -p StatusText reconciler | grep -q '1 of 1 units as they shall be'")
    assert all({"event", "level", "timestamp"} <= each.keys() for each in entries(host))
    assert "hunter2" not in host.sh(JOURNAL)
    assert (
        host.sh("cat /proc/$(systemctl show --value -p MainPID reconciler)/environ | tr '\\0' '\\n'").count("hunter")
        == 0
    )

    for step in (heals_drift, reloads, is_started_again_when_it_hangs, stops):
        step(host)


def heals_drift(host: LabHost) -> None:
    host.sh("echo drift >/etc/shop.conf")
    until(host, "grep -q hunter2 /etc/shop.conf")


def reloads(host: LabHost) -> None:
    host.sh(
        "sed -i 's/interval = .*/interval = \"3s\"/' /etc/reconciler/reconciler.toml && systemctl reload reconciler"
    )
    until(host, f"{JOURNAL} | grep -q 'settings read again'")
    until(host, "systemctl is-active --quiet reconciler")


def is_started_again_when_it_hangs(host: LabHost) -> None:
    before = host.sh("systemctl show --value -p MainPID reconciler").strip()
    host.sh(f"kill -STOP {before}")
    until(
        host,
        f"[ $(systemctl show --value -p MainPID reconciler) != {before} ] && systemctl is-active --quiet reconciler",
    )
    assert "Watchdog timeout" in host.sh("journalctl --unit reconciler --no-pager")
    heals_drift(host)


def stops(host: LabHost) -> None:
    host.sh("systemctl stop reconciler")
    shown = host.sh("systemctl show -p ActiveState -p Result -p ExecMainStatus reconciler").split()
    assert sorted(shown) == ["ActiveState=inactive", "ExecMainStatus=0", "Result=success"]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_plain_user_of_a_fresh_host_sees_the_demo(host: LabHost) -> None:
    wheels.bring_checkout(host, "/home/plain/reconciler")
    host.sh("chown -R plain: /home/plain/reconciler")
    environment = f"PIP_NO_INDEX=1 PIP_FIND_LINKS={wheels.FOLDER}"
    said = host.sh(
        f"runuser -u plain -- env -C /home/plain/reconciler {environment} make demo 2>&1; echo status $?", limit=600
    )
    assert said.splitlines()[-1] == "status 0", said
