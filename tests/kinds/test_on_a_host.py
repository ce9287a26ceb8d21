"""Units of a real systemd: what its answers come to, and that a restart that is owed is never forgotten."""

import shlex
from typing import Any

import pytest

from reconciler.kinds.catalog import CATALOG, PRELUDE
from reconciler.model.resource import Absent, Present, Unknown
from reconciler.ports.kind import Conflict, Difference
from tests.kinds.cases import resource_of, siblings_of
from tests.kinds.host import observed
from tests.lab.hosts import Lab, LabHost

UNIT_FILE = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n"
WRITTEN = {
    "name": "shop.service",
    "content": UNIT_FILE,
    "enabled": True,
    "running": True,
    "restartOn": ["file:/etc/shop"],
}
SIBLINGS = siblings_of([{"file": {"path": "/etc/shop", "content": "1"}}])
RECORD = """
mkdir -p /var/lib/reconciler-host/units
echo "$(systemctl show --value -p InvocationID shop.service) $(
    rcl_inputs_digest /etc/systemd/system/shop.service /etc/shop)" >/var/lib/reconciler-host/units/shop.service
"""

pytestmark = pytest.mark.lab


def script(written: dict[str, Any], state: str) -> str:
    text = CATALOG["systemdUnit"].probe(resource_of("systemdUnit", written), SIBLINGS)
    return f"STATE={state}\n{PRELUDE}\n( {text} ) && exit\necho failed"


def seen_on(host: LabHost, written: dict[str, Any]) -> Present | Absent | Unknown:
    output = host.sh(script(written, "/var/lib/reconciler-host"))
    return observed(CATALOG["systemdUnit"], resource_of("systemdUnit", written), 0, output)


def difference(host: LabHost, written: dict[str, Any] = WRITTEN) -> Difference | None:
    seen = seen_on(host, written)
    assert not isinstance(seen, Unknown)
    return CATALOG["systemdUnit"].diff(resource_of("systemdUnit", written), seen)


def fields(found: Difference | None) -> dict[str, Any]:
    return {} if found is None else {field.path: field.before for field in found.fields}


def test_a_restart_is_owed_until_the_process_runs_with_what_is_on_disk(lab: Lab) -> None:
    host = lab.host("web-1")
    assert isinstance(seen_on(host, WRITTEN), Absent)

    host.sh(f"printf %s {shlex.quote(UNIT_FILE)} >/etc/systemd/system/shop.service; echo 1 >/etc/shop")
    assert fields(difference(host)) == {"enabled": False, "running": False}

    host.sh(f"{PRELUDE}\nsystemctl daemon-reload; systemctl enable --now shop.service; {RECORD}")
    assert difference(host) is None

    host.sh("echo 2 >/etc/shop")
    assert fields(difference(host)) == {"restart_pending": True}
    host.sh("echo 1 >/etc/shop")
    assert difference(host) is None, "the same inputs as at its start are no reason for a restart"

    host.sh("echo 3 >/etc/shop; touch -h -d '1 hour ago' /etc/shop")
    assert fields(difference(host)) == {"restart_pending": True}, "a time set back hides nothing"
    host.sh("systemctl restart shop.service; until [ $(date +%s) -gt $(stat -c %Z /etc/shop) ]; do sleep 0.1; done")
    host.sh("systemctl restart shop.service")
    assert difference(host) is None, "somebody restarted it by hand after the change"

    host.sh("rm /var/lib/reconciler-host/units/shop.service; echo 4 >/etc/shop")
    assert fields(difference(host)) == {"restart_pending": True}, "without a record the time of the change tells"


def test_what_befalls_a_unit_by_hand_is_seen(lab: Lab) -> None:
    host = lab.host("web-1")
    host.sh(f"printf %s {shlex.quote(UNIT_FILE)} >/etc/systemd/system/shop.service; echo 1 >/etc/shop")
    host.sh(f"{PRELUDE}\nsystemctl daemon-reload; systemctl enable --now shop.service; {RECORD}")

    host.sh("systemctl kill -s KILL shop.service; while systemctl -q is-active shop.service; do sleep 0.1; done")
    assert fields(difference(host)) == {"running": "failed"}
    host.sh("systemctl disable --now shop.service; systemctl reset-failed shop.service")
    assert fields(difference(host)) == {"enabled": False, "running": False}

    host.sh("echo '# by hand' >>/etc/systemd/system/shop.service")
    assert set(fields(difference(host))) == {"content", "enabled", "running"}
    host.sh("systemctl start shop.service; echo '# while it runs' >>/etc/systemd/system/shop.service")
    assert set(fields(difference(host))) == {"content", "enabled", "reload_pending", "restart_pending"}

    wanted = {"name": "systemd-logind.service", "enabled": True}
    with pytest.raises(Conflict, match="is static"):
        difference(host, wanted)
    host.sh("systemctl mask systemd-logind.service")
    with pytest.raises(Conflict, match="is masked on web-1"):
        difference(host, wanted)


def test_a_unit_of_a_user_is_seen_by_the_user(lab: Lab) -> None:
    host = lab.host("web-1")
    written = {"name": "shop.service", "content": UNIT_FILE, "running": True, "user": True}
    kind, resource = CATALOG["systemdUnit"], resource_of("systemdUnit", written)
    look = script(written, "~/.local/state/reconciler-host")
    assert observed(kind, resource, 0, host.ssh("plain", look).stdout) == Absent()
    make = f"mkdir -p ~/.config/systemd/user; printf %s {shlex.quote(UNIT_FILE)} >~/.config/systemd/user/shop.service"
    done = host.ssh("plain", f"{make}; systemctl --user daemon-reload; systemctl --user start shop.service")
    assert done.returncode == 0, done.stderr
    seen = observed(kind, resource, 0, host.ssh("plain", look).stdout)
    assert isinstance(seen, Present)
    assert (seen.attributes["running"], seen.attributes["content"]) == (True, resource.attributes["content"])
